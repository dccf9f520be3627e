using System.Collections.Immutable;

namespace IotProperty.Edge.Polling;

/// <summary>How long answers took. Written by one task, read from any thread.</summary>
public sealed class RoundTripHistogram
{
    private readonly long[] _counts = new long[BoundsMs.Length + 1];
    private long _ticks;

    /// <summary>Upper bounds of the buckets, inclusive.</summary>
    public static ImmutableArray<double> BoundsMs { get; } = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

    public void Add(TimeSpan roundTrip)
    {
        int bucket = 0;
        while (bucket < BoundsMs.Length && roundTrip.TotalMilliseconds > BoundsMs[bucket])
        {
            bucket++;
        }

        // One writer: a plain addition loses nothing, and the volatile write lets other threads see it.
        Volatile.Write(ref _counts[bucket], _counts[bucket] + 1);
        Volatile.Write(ref _ticks, _ticks + roundTrip.Ticks);
    }

    public RoundTripSnapshot Snapshot()
    {
        ImmutableArray<long>.Builder counts = ImmutableArray.CreateBuilder<long>(_counts.Length);
        for (int i = 0; i < _counts.Length; i++)
        {
            counts.Add(Volatile.Read(ref _counts[i]));
        }

        return new RoundTripSnapshot(counts.MoveToImmutable(), TimeSpan.FromTicks(Volatile.Read(ref _ticks)).TotalMilliseconds);
    }
}

/// <summary>A histogram of round-trip times.</summary>
/// <param name="Counts">One for each of <see cref="RoundTripHistogram.BoundsMs"/>, and one for what took longer; not cumulative.</param>
/// <param name="SumMs">All round trips together.</param>
public sealed record RoundTripSnapshot(ImmutableArray<long> Counts, double SumMs)
{
    public static RoundTripSnapshot Empty { get; } = new RoundTripHistogram().Snapshot();

    public long Count => Counts.Sum();

    /// <summary>Both together.</summary>
    public RoundTripSnapshot And(RoundTripSnapshot other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new RoundTripSnapshot([.. Counts.Zip(other.Counts, (mine, its) => mine + its)], SumMs + other.SumMs);
    }

    /// <summary>What was added since an earlier moment.</summary>
    public RoundTripSnapshot Since(RoundTripSnapshot earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        return new RoundTripSnapshot([.. Counts.Zip(earlier.Counts, (now, then) => now - then)], SumMs - earlier.SumMs);
    }

    /// <summary>
    /// The time within which a share of the answers came, taken evenly inside its bucket; the highest bound where answers took longer than that. Milliseconds.
    /// NaN without answers.
    /// </summary>
    /// <param name="share">0.5 for the median.</param>
    public double Percentile(double share)
    {
        double wanted = share * Count;
        double seen = 0;
        for (int bucket = 0; bucket < RoundTripHistogram.BoundsMs.Length; bucket++)
        {
            if (Counts[bucket] > 0 && seen + Counts[bucket] >= wanted)
            {
                double low = bucket == 0 ? 0 : RoundTripHistogram.BoundsMs[bucket - 1];
                return low + ((RoundTripHistogram.BoundsMs[bucket] - low) * (wanted - seen) / Counts[bucket]);
            }

            seen += Counts[bucket];
        }

        return Count == 0 ? double.NaN : RoundTripHistogram.BoundsMs[^1];
    }
}
