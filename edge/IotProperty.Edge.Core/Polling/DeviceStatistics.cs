namespace IotProperty.Edge.Polling;

/// <summary>
/// What happened to one device. Written by the line's task alone, read by anyone: every figure is whole, but two of them may be of different moments.
/// </summary>
public sealed class DeviceStatistics
{
    private long _polls;
    private long _timeouts;
    private long _refusals;
    private long _malformed;
    private long _lineDown;
    private long _skipped;
    private long _lateMs;
    private long _lastGoodUtcMs;
    private long _requests;
    private long _busyMs;
    private long _late;
    private long _foreign;
    private long _begunMs = -1;
    private double _periodMs;
    private int _givenUp;

    /// <summary>Polls that were finished, well or not.</summary>
    public long Polls => Volatile.Read(ref _polls);

    /// <summary>Requests to the device, of whatever job.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>The line's time that the device took. Milliseconds; its rate is the device's share of the line.</summary>
    public long BusyMs => Volatile.Read(ref _busyMs);

    /// <summary>Answers of the device that came after their time-out and were discarded.</summary>
    public long Late => Volatile.Read(ref _late);

    /// <summary>Answers that nobody had asked for, discarded while this device was asked.</summary>
    public long Foreign => Volatile.Read(ref _foreign);

    /// <summary>
    /// How far apart polls really begin, smoothed over the last eight or so. Milliseconds; 0 before the second poll. More than the configured period means that
    /// the line is over-subscribed or the device is given up.
    /// </summary>
    public double RealPeriodMs => Volatile.Read(ref _periodMs);

    /// <summary>Requests that the device answered, by time.</summary>
    public RoundTripHistogram RoundTrips { get; } = new();

    /// <summary>Requests without an answer.</summary>
    public long Timeouts => Volatile.Read(ref _timeouts);

    /// <summary>Requests answered with an exception.</summary>
    public long Refusals => Volatile.Read(ref _refusals);

    /// <summary>Requests answered with bytes that are no answer.</summary>
    public long Malformed => Volatile.Read(ref _malformed);

    /// <summary>Requests that could not be made because the line was down.</summary>
    public long LineDown => Volatile.Read(ref _lineDown);

    /// <summary>Polls that were left out because the line was too busy, or because the device had been given up for a while.</summary>
    public long Skipped => Volatile.Read(ref _skipped);

    /// <summary>How late polls began, in sum. Milliseconds; over <see cref="Polls"/> it is the mean.</summary>
    public long LateMs => Volatile.Read(ref _lateMs);

    /// <summary>When the device last answered; milliseconds since the Unix epoch, UTC; 0 for never.</summary>
    public long LastGoodUtcMs => Volatile.Read(ref _lastGoodUtcMs);

    /// <summary>Whether the device is asked only now and then, because it does not answer.</summary>
    public bool GivenUp => Volatile.Read(ref _givenUp) != 0;

    /// <summary>Answers that the line's driver threw away. Called by the line's task.</summary>
    public void CountDiscarded(long late, long foreign)
    {
        Volatile.Write(ref _late, _late + late);
        Volatile.Write(ref _foreign, _foreign + foreign);
    }

    internal void BeginPoll(long nowMs)
    {
        if (_begunMs >= 0)
        {
            long period = nowMs - _begunMs;
            Volatile.Write(ref _periodMs, _periodMs == 0 ? period : _periodMs + ((period - _periodMs) / 8));
        }

        _begunMs = nowMs;
    }

    internal void CountPoll(long lateMs)
    {
        Volatile.Write(ref _polls, _polls + 1);
        Volatile.Write(ref _lateMs, _lateMs + lateMs);
    }

    internal void CountSkipped(long polls) => Volatile.Write(ref _skipped, _skipped + polls);

    internal void CountReply(ReplyKind kind, long utcMs, long costMs)
    {
        Volatile.Write(ref _requests, _requests + 1);
        Volatile.Write(ref _busyMs, _busyMs + costMs);
        switch (kind)
        {
            case ReplyKind.Answered:
                Volatile.Write(ref _lastGoodUtcMs, utcMs);
                break;
            case ReplyKind.NoAnswer:
                Volatile.Write(ref _timeouts, _timeouts + 1);
                break;
            case ReplyKind.Refused or ReplyKind.NoSuchData:
                Volatile.Write(ref _refusals, _refusals + 1);
                break;
            case ReplyKind.Malformed:
                Volatile.Write(ref _malformed, _malformed + 1);
                break;
            case ReplyKind.LineDown:
                Volatile.Write(ref _lineDown, _lineDown + 1);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of reply");
        }
    }

    internal void SetGivenUp(bool givenUp) => Volatile.Write(ref _givenUp, givenUp ? 1 : 0);
}
