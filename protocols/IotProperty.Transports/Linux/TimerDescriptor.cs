using System.Diagnostics;

namespace IotProperty.Transports.Linux;

/// <summary>
/// A timer of the kernel (timerfd) on the monotonic clock that <see cref="Stopwatch"/> reads, told of by the <see cref="EventLoop"/>. Unlike the runtime's timers it is
/// good for tens of microseconds, which silences between frames need, and unlike poll's time-outs it is not rounded.
/// </summary>
internal sealed unsafe class TimerDescriptor : IEventTarget, IDisposable
{
    private const int MonotonicClock = 1;
    private const int NonBlockingCloseOnExec = 0x80800;
    private const int Absolute = 1;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly Lock _lock = new();
    private readonly Action _expired;
    private readonly int _descriptor;
    private readonly ulong _key;
    private bool _closed;

    /// <param name="expired">Called on the loop's thread; may be called once more after <see cref="Dispose"/>, and for a time that was replaced meanwhile.</param>
    public TimerDescriptor(Action expired)
    {
        _expired = expired;
        _descriptor = LibC.TimerCreate(MonotonicClock, NonBlockingCloseOnExec);
        if (_descriptor < 0)
        {
            throw new ChannelBrokenException($"timerfd: {Errno.Text(Errno.Last)}");
        }

        _key = EventLoop.Shared.Add(_descriptor, EventLoop.Readable, this);
    }

    /// <summary>Sets the time; one that is over already fires at once. Replaces the time before.</summary>
    /// <param name="timestamp">On the scale of <see cref="Stopwatch.GetTimestamp"/>.</param>
    public void Arm(long timestamp)
    {
        // All zero would disarm it.
        long nanoseconds = Math.Max(1, ToNanoseconds(timestamp));
        TimerSetting setting = new() { Seconds = nanoseconds / NanosecondsPerSecond, Nanoseconds = nanoseconds % NanosecondsPerSecond };
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (LibC.TimerSet(_descriptor, Absolute, &setting, null) < 0)
            {
                throw new InvalidOperationException($"timerfd: {Errno.Text(Errno.Last)}");
            }
        }
    }

    public void Ready(uint events)
    {
        lock (_lock)
        {
            ulong expirations;
            if (_closed || LibC.Read(_descriptor, &expirations, sizeof(ulong)) != sizeof(ulong))
            {
                // Replaced by a later time while this event was under way.
                return;
            }
        }

        _expired();
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

    private static long ToNanoseconds(long timestamp) =>
        Stopwatch.Frequency == NanosecondsPerSecond ? timestamp : (long)((Int128)timestamp * NanosecondsPerSecond / Stopwatch.Frequency);
}
