using System.Diagnostics;

namespace IotProperty.Transports.Linux;

/// <summary>
/// A terminal's descriptor as a channel: one read and one write at a time, each from any thread, cancellable, without allocation. The
/// <see cref="EventLoop"/>'s thread takes in what arrives at once, so that the time of the last byte is known whether or not somebody reads, and it sends what waits
/// for its silence, so that no thread has to be woken first. Times are on the scale of <see cref="Stopwatch.GetTimestamp"/>: silences on a wire are the kernel's
/// time and no injected clock's.
/// </summary>
internal sealed unsafe class PortDescriptor : IEventTarget, IDisposable
{
    private readonly Lock _lock = new();
    private readonly int _descriptor;
    private readonly string _endpoint;
    private readonly bool _isMaster;
    private readonly double _ticksPerCharacter;
    private readonly ulong _key;
    private readonly TimerDescriptor _silenceTimer;
    private readonly TimerDescriptor _readTimer;
    private readonly PortOperation _read;
    private readonly PortOperation _write;

    private readonly PortBuffer _received = new();
    private Memory<byte> _destination;
    private long _readUntil;

    private ReadOnlyMemory<byte> _source;
    private long _silence;
    private bool _awaitsRoom;

    /// <summary>When the last byte came in, and when the last one has left or will have.</summary>
    private long _lastReceived;
    private long _sentUntil;

    /// <summary>Why the channel is of no use any more; null while it is.</summary>
    private string? _broken;
    private bool _closed;

    /// <param name="descriptor">Open, non-blocking; owned from here on.</param>
    /// <param name="characterTime">How long one character takes on the wire; zero where there is no wire.</param>
    /// <param name="isMaster">The master's side of a pseudo-terminal, which outlives those who open and close the other side.</param>
    public PortDescriptor(int descriptor, string endpoint, TimeSpan characterTime, bool isMaster)
    {
        (_descriptor, _endpoint, _isMaster) = (descriptor, endpoint, isMaster);
        _ticksPerCharacter = characterTime.TotalSeconds * Stopwatch.Frequency;
        _read = new PortOperation(_lock);
        _write = new PortOperation(_lock);
        _lastReceived = _sentUntil = Stopwatch.GetTimestamp();
        _silenceTimer = new TimerDescriptor(OnSilence);
        _readTimer = new TimerDescriptor(OnReadTime);
        _key = EventLoop.Shared.Add(descriptor, EventLoop.Readable, this);
    }

    public bool IsBroken
    {
        get
        {
            lock (_lock)
            {
                return _broken is not null && _received.Count == 0;
            }
        }
    }

    /// <summary>Whether nobody holds the other side open: only a pseudo-terminal's master outlives that.</summary>
    public bool HasHungUp
    {
        get
        {
            lock (_lock)
            {
                PollDescriptor poll = new() { Descriptor = _descriptor };
                return _closed || (LibC.Poll(&poll, 1, 0) > 0 && (poll.Happened & EventLoop.HungUp) != 0);
            }
        }
    }

    /// <summary>Bytes that can be read at once.</summary>
    public int Available
    {
        get
        {
            lock (_lock)
            {
                Fill();
                return _received.Count;
            }
        }
    }

    /// <summary>Reads at least one byte; 0 when <paramref name="until"/> came first.</summary>
    /// <param name="until">A timestamp; <see cref="long.MaxValue"/> for no limit.</param>
    public ValueTask<int> ReadAsync(Memory<byte> destination, long until, CancellationToken cancellationToken)
    {
        if (destination.IsEmpty)
        {
            throw new ArgumentException("there must be room for a byte", nameof(destination));
        }

        lock (_lock)
        {
            if (_read.Waiting)
            {
                throw new InvalidOperationException($"{_endpoint}: one read at a time");
            }

            if (_received.Count == 0)
            {
                Fill();
            }

            if (_received.Count > 0)
            {
                return new ValueTask<int>(_received.Take(destination.Span));
            }

            if (_broken is not null)
            {
                throw new ChannelBrokenException(_broken);
            }

            if (until <= Stopwatch.GetTimestamp())
            {
                return new ValueTask<int>(0);
            }

            (_destination, _readUntil) = (destination, until);
            _read.Begin();
            if (until != long.MaxValue)
            {
                _readTimer.Arm(until);
            }
        }

        _read.HearCaller(cancellationToken);
        return new ValueTask<int>(_read, _read.Version);
    }

    /// <summary>Writes all bytes once the line has been silent for so long.</summary>
    /// <param name="silence">Zero waits for the last byte to have left; a negative time waits for nothing.</param>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, TimeSpan silence, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_write.Waiting)
            {
                throw new InvalidOperationException($"{_endpoint}: one write at a time");
            }

            if (_broken is not null)
            {
                throw new ChannelBrokenException(_broken);
            }

            _awaitsRoom = false;
            _source = source;
            _silence = silence < TimeSpan.Zero ? -1 : (long)(silence.TotalSeconds * Stopwatch.Frequency);
            if (Advance())
            {
                return ValueTask.CompletedTask;
            }

            if (_broken is not null)
            {
                throw new ChannelBrokenException(_broken);
            }

            _write.Begin();
        }

        _write.HearCaller(cancellationToken);
        return new ValueTask(_write, _write.Version);
    }

    public void Ready(uint events)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            // A hang-up shows as an end of what can be read, behind the last bytes.
            Fill();
            if (_awaitsRoom && (events & (EventLoop.Writable | EventLoop.Failed | EventLoop.HungUp)) != 0)
            {
                _awaitsRoom = false;
                EventLoop.Shared.Await(_key, _descriptor, EventLoop.Readable);
                AdvanceWaiting();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            Break($"{_endpoint}: the port was closed here");
            _closed = true;
            EventLoop.Shared.Remove(_key, _descriptor);
            LibC.Close(_descriptor);
        }

        _silenceTimer.Dispose();
        _readTimer.Dispose();
    }

    /// <summary>For requests to the driver.</summary>
    /// <returns>As ioctl(2); -1 when the port is closed.</returns>
    public int Control(nuint request, void* argument)
    {
        lock (_lock)
        {
            return _closed ? -1 : LibC.Ioctl(_descriptor, request, argument);
        }
    }

    private void OnSilence()
    {
        lock (_lock)
        {
            if (!_closed && !_awaitsRoom)
            {
                AdvanceWaiting();
            }
        }
    }

    private void OnReadTime()
    {
        lock (_lock)
        {
            // An event for the time-out of an earlier read must not end this one.
            if (_read.Waiting && _readUntil <= Stopwatch.GetTimestamp())
            {
                _destination = default;
                _read.Complete(0);
            }
        }
    }

    private void AdvanceWaiting()
    {
        if (_write.Waiting && Advance())
        {
            _write.Complete(0);
        }
    }

    /// <summary>Goes on with the write: waits for silence, then sends. True when all is with the driver; else something was armed to go on later, or the port has broken.</summary>
    private bool Advance()
    {
        if (_silence >= 0 && !SilenceIsOver())
        {
            return false;
        }

        // What goes out next must not wait for silence behind its own beginning.
        _silence = -1;
        while (!_source.IsEmpty)
        {
            nint sent;
            fixed (byte* from = _source.Span)
            {
                sent = LibC.Write(_descriptor, from, (nuint)_source.Length);
            }

            int error = sent < 0 ? Errno.Last : 0;
            if (sent > 0)
            {
                _sentUntil = Math.Max(_sentUntil, Stopwatch.GetTimestamp()) + (long)(sent * _ticksPerCharacter);
                _source = _source[(int)sent..];
            }
            else if (sent == 0 || error == Errno.TryAgain)
            {
                _awaitsRoom = true;
                EventLoop.Shared.Await(_key, _descriptor, EventLoop.Readable | EventLoop.Writable);
                return false;
            }
            else if (error != Errno.Interrupted)
            {
                Break($"{_endpoint}: writing failed: {Errno.Text(error)}{Mend(error)}");
                return false;
            }
        }

        return true;
    }

    private bool SilenceIsOver()
    {
        // What is in the kernel already counts as heard now.
        Fill();
        if (_broken is not null)
        {
            return false;
        }

        long now = Stopwatch.GetTimestamp();
        long due = Math.Max(_lastReceived, _sentUntil) + _silence;
        if (due <= now && StillLeaving() is > 0 and int waiting)
        {
            _sentUntil = now + Math.Max(1, (long)(waiting * _ticksPerCharacter));
            due = _sentUntil + _silence;
        }

        if (due <= now)
        {
            return true;
        }

        _silenceTimer.Arm(due);
        return false;
    }

    /// <summary>Bytes that the driver has not yet put on the wire; 0 where it cannot tell, and always on a pseudo-terminal.</summary>
    private int StillLeaving()
    {
        int waiting = 0;
        return LibC.Ioctl(_descriptor, TerminalIoctl.OutputQueue, &waiting) < 0 ? 0 : waiting;
    }

    /// <summary>Takes in what the kernel holds, and serves a waiting read.</summary>
    private void Fill()
    {
        while (_broken is null && _received.Room() is { IsEmpty: false } room)
        {
            nint got;
            fixed (byte* to = room)
            {
                got = LibC.Read(_descriptor, to, (nuint)room.Length);
            }

            if (got > 0)
            {
                _lastReceived = Stopwatch.GetTimestamp();
                _received.Add((int)got);
                continue;
            }

            int error = got < 0 ? Errno.Last : 0;
            if (error == Errno.Interrupted)
            {
                continue;
            }

            if (error != Errno.TryAgain && !(_isMaster && error == Errno.InputOutput))
            {
                // A read of nothing is the hang-up of a terminal: the adapter was pulled out.
                Break($"{_endpoint}: {(got == 0 ? "the port has gone (hang-up); is the adapter plugged in?" : $"reading failed: {Errno.Text(error)}{Mend(error)}")}");
            }

            break;
        }

        if (_received.Count > 0 && _read.Waiting)
        {
            Memory<byte> destination = _destination;
            _destination = default;
            _read.Complete(_received.Take(destination.Span));
        }
    }

    /// <summary>Ends the channel for the first reason; what was received before stays readable.</summary>
    private void Break(string why)
    {
        if (_broken is not null)
        {
            return;
        }

        _broken = why;
        _source = default;
        if (_read.Waiting && _received.Count == 0)
        {
            _destination = default;
            _read.Fail(new ChannelBrokenException(why));
        }

        if (_write.Waiting)
        {
            _write.Fail(new ChannelBrokenException(why));
        }
    }

    private static string Mend(int error) =>
        error is Errno.InputOutput or Errno.NoSuchDevice or Errno.NoSuchDeviceOrAddress ? "; is the adapter plugged in?" : "";
}
