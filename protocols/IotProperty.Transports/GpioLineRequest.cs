using IotProperty.Transports.Linux;

namespace IotProperty.Transports;

/// <summary>
/// One input of a GPIO chip, held by this process. Its level is read when asked for; its edges are counted as they come, by the thread that waits for all ports, so
/// that nothing is lost between two polls. The kernel numbers the events of a line: those that found no room in its buffer are counted by the gap that they leave. May
/// be asked from any thread.
/// </summary>
public sealed unsafe class GpioLineRequest : IDigitalInput, IEventTarget
{
    private const int EventsAtOnce = 16;

    private readonly Lock _lock = new();
    private readonly int _descriptor;
    private readonly ulong _key;
    private long _edges;
    private long _lost;
    private uint _lastSequence;
    private string? _broken;
    private bool _closed;

    /// <param name="descriptor">Of the request, or of anything that gives out the kernel's event records; owned from here on.</param>
    internal GpioLineRequest(int descriptor, string endpoint)
    {
        (_descriptor, Endpoint) = (descriptor, endpoint);
        int flags = LibC.FileControl(descriptor, LibC.GetFileFlags, 0);
        if (flags < 0 || LibC.FileControl(descriptor, LibC.SetFileFlags, flags | OpenFlags.NonBlocking) < 0)
        {
            throw new ChannelBrokenException($"{endpoint}: {Errno.Text(Errno.Last)}");
        }

        _key = EventLoop.Shared.Add(descriptor, EventLoop.Readable, this);
    }

    /// <summary>For people, such as <c>gpiochip0/17</c>.</summary>
    public string Endpoint { get; }

    public long Edges => Interlocked.Read(ref _edges);

    public long LostEvents => Interlocked.Read(ref _lost);

    public string? Broken
    {
        get
        {
            lock (_lock)
            {
                return _broken;
            }
        }
    }

    public bool IsActive()
    {
        lock (_lock)
        {
            GpioValues values = new() { Mask = 1 };
            if (_closed || LibC.Ioctl(_descriptor, GpioIoctl.GetValues, &values) < 0)
            {
                throw new ChannelBrokenException($"{Endpoint}: {(_closed ? "the line was given back here" : Errno.Text(Errno.Last))}");
            }

            return (values.Bits & 1) != 0;
        }
    }

    void IEventTarget.Ready(uint events)
    {
        lock (_lock)
        {
            GpioEvent* batch = stackalloc GpioEvent[EventsAtOnce];
            while (!_closed && _broken is null)
            {
                nint got = LibC.Read(_descriptor, batch, (nuint)(EventsAtOnce * sizeof(GpioEvent)));
                int error = got < 0 ? Errno.Last : 0;
                if (got > 0 && got % sizeof(GpioEvent) == 0)
                {
                    Count(new ReadOnlySpan<GpioEvent>(batch, (int)got / sizeof(GpioEvent)));
                }
                else if (error == Errno.TryAgain)
                {
                    return;
                }
                else if (error != Errno.Interrupted)
                {
                    _broken = $"{Endpoint}: {(got < 0 ? Errno.Text(error) : "the events have ended")}; was the chip unplugged?";
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (!_closed)
            {
                _closed = true;
                EventLoop.Shared.Remove(_key, _descriptor);
                LibC.Close(_descriptor);
            }
        }
    }

    private void Count(ReadOnlySpan<GpioEvent> events)
    {
        foreach (ref readonly GpioEvent happened in events)
        {
            // Sequence numbers run through 32 bits and begin anew.
            uint step = unchecked(happened.LineSequence - _lastSequence);
            _lastSequence = happened.LineSequence;
            Interlocked.Add(ref _edges, step);
            Interlocked.Add(ref _lost, step == 0 ? 0 : step - 1L);
        }
    }
}
