using System.Collections.Immutable;

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

/// <summary>A histogram of round-trip times.</summary>
/// <param name="Counts">One for each of <see cref="LineCounters.RoundTripBoundsMs"/>, and one for what took longer; not cumulative.</param>
/// <param name="SumMs">All round trips together.</param>
public sealed record RoundTripSnapshot(ImmutableArray<long> Counts, double SumMs)
{
    public long Count => Counts.Sum();
}

/// <summary>A driver that tells what it did; for <c>/metrics</c>.</summary>
public interface ILineObservable
{
    /// <summary>Safe for callers on any thread.</summary>
    LineSnapshot Snapshot();
}

/// <summary>The figures of one line. Written by the line's owner only, read from any thread.</summary>
public sealed class LineCounters
{
    private readonly long[] _roundTrips = new long[RoundTripBoundsMs.Length + 1];
    private long _roundTripTicks;
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

    /// <summary>Upper bounds of the histogram's buckets, inclusive.</summary>
    public static ImmutableArray<double> RoundTripBoundsMs { get; } = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

    public void Connected()
    {
        Volatile.Write(ref _connected, true);
        Grow(ref _connects);
    }

    public void Disconnected() => Volatile.Write(ref _connected, false);

    public void Answered(DriverOutcome outcome, TimeSpan roundTrip)
    {
        Ended(outcome);
        int bucket = 0;
        while (bucket < RoundTripBoundsMs.Length && roundTrip.TotalMilliseconds > RoundTripBoundsMs[bucket])
        {
            bucket++;
        }

        Grow(ref _roundTrips[bucket]);
        Volatile.Write(ref _roundTripTicks, _roundTripTicks + roundTrip.Ticks);
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

    public LineSnapshot Snapshot()
    {
        ImmutableArray<long>.Builder counts = ImmutableArray.CreateBuilder<long>(_roundTrips.Length);
        for (int i = 0; i < _roundTrips.Length; i++)
        {
            counts.Add(Volatile.Read(ref _roundTrips[i]));
        }

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
            new RoundTripSnapshot(counts.MoveToImmutable(), TimeSpan.FromTicks(Volatile.Read(ref _roundTripTicks)).TotalMilliseconds))
        {
            Resent = Volatile.Read(ref _resent),
            NoiseBytes = Volatile.Read(ref _noiseBytes),
        };
    }

    // One writer: a plain addition loses nothing, and the volatile write lets other threads see it.
    private static void Grow(ref long counter) => Volatile.Write(ref counter, counter + 1);
}
