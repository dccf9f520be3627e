using IotProperty.Edge.Polling;

namespace IotProperty.Edge.Drivers;

/// <summary>What a line did since the daemon started; every figure but <see cref="Connected"/> only grows.</summary>
/// <param name="Connected">Whether the line is up.</param>
/// <param name="Connects">Connections opened.</param>
/// <param name="Requests">Requests asked of the driver, those refused at once during a pause included.</param>
/// <param name="Ok">Requests answered as asked.</param>
/// <param name="Timeouts">Requests that nobody answered.</param>
/// <param name="Exceptions">Requests refused by the device.</param>
/// <param name="LineDowns">Requests that found the line down or saw it break.</param>
/// <param name="Malformed">Requests answered with something else.</param>
/// <param name="LateReplies">Replies that came after their time-out, discarded.</param>
/// <param name="ForeignReplies">Replies that nobody here had asked for, discarded.</param>
/// <param name="RoundTrips">Requests answered by the device, exceptions included, by time.</param>
public sealed record LineSnapshot(
    bool Connected,
    long Connects,
    long Requests,
    long Ok,
    long Timeouts,
    long Exceptions,
    long LineDowns,
    long Malformed,
    long LateReplies,
    long ForeignReplies,
    RoundTripSnapshot RoundTrips)
{
    /// <summary>Requests sent again because the first try brought no answer.</summary>
    public long Resent { get; init; }

    /// <summary>Bytes that belonged to no whole frame, discarded.</summary>
    public long NoiseBytes { get; init; }
}

/// <summary>A driver that tells what it did; for <c>/metrics</c>.</summary>
public interface ILineObservable
{
    /// <summary>Safe for callers on any thread.</summary>
    LineSnapshot Snapshot();

    /// <summary>What was thrown away so far; part of the snapshot, without its cost.</summary>
    (long Late, long Foreign) Discarded { get; }
}

/// <summary>The figures of one line. Written by the line's owner only, read from any thread.</summary>
public sealed class LineCounters
{
    private readonly RoundTripHistogram _roundTrips = new();
    private long _connects;
    private long _requests;
    private long _ok;
    private long _timeouts;
    private long _exceptions;
    private long _lineDowns;
    private long _malformed;
    private long _lateReplies;
    private long _foreignReplies;
    private long _noiseBytes;
    private long _resent;
    private bool _connected;

    public void Connected()
    {
        Volatile.Write(ref _connected, true);
        Grow(ref _connects);
    }

    public void Disconnected() => Volatile.Write(ref _connected, false);

    public void Answered(DriverOutcome outcome, TimeSpan roundTrip)
    {
        Ended(outcome);
        _roundTrips.Add(roundTrip);
    }

    /// <summary>A request ended; one that brought no answer has no round trip.</summary>
    public void Ended(DriverOutcome outcome)
    {
        Grow(ref _requests);
        switch (outcome)
        {
            case DriverOutcome.Ok:
                Grow(ref _ok);
                break;
            case DriverOutcome.TimedOut:
                Grow(ref _timeouts);
                break;
            case DriverOutcome.DeviceException or DriverOutcome.NoSuchData:
                Grow(ref _exceptions);
                break;
            case DriverOutcome.LineDown:
                Grow(ref _lineDowns);
                break;
            case DriverOutcome.Malformed:
                Grow(ref _malformed);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "not an outcome");
        }
    }

    /// <summary>A request is sent once more.</summary>
    public void Resent() => Grow(ref _resent);

    /// <summary>Takes over the session's own counts.</summary>
    public void Discarded(long lateReplies, long foreignReplies, long noiseBytes = 0)
    {
        Volatile.Write(ref _noiseBytes, noiseBytes);
        Volatile.Write(ref _lateReplies, lateReplies);
        Volatile.Write(ref _foreignReplies, foreignReplies);
    }

    /// <inheritdoc cref="ILineObservable.Discarded"/>
    public (long Late, long Foreign) DiscardedSoFar => (Volatile.Read(ref _lateReplies), Volatile.Read(ref _foreignReplies));

    public LineSnapshot Snapshot()
    {
        return new LineSnapshot(
            Volatile.Read(ref _connected),
            Volatile.Read(ref _connects),
            Volatile.Read(ref _requests),
            Volatile.Read(ref _ok),
            Volatile.Read(ref _timeouts),
            Volatile.Read(ref _exceptions),
            Volatile.Read(ref _lineDowns),
            Volatile.Read(ref _malformed),
            Volatile.Read(ref _lateReplies),
            Volatile.Read(ref _foreignReplies),
            _roundTrips.Snapshot())
        {
            Resent = Volatile.Read(ref _resent),
            NoiseBytes = Volatile.Read(ref _noiseBytes),
        };
    }

    // One writer: a plain addition loses nothing, and the volatile write lets other threads see it.
    private static void Grow(ref long counter) => Volatile.Write(ref counter, counter + 1);
}
