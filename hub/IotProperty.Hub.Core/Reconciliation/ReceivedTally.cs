using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Reconciliation;

/// <summary>What the hub received of one lane in one boot epoch of an edge and one hour of event time: its side of an <see cref="HourTally"/>.</summary>
/// <param name="Epoch">The boot epoch of the batches.</param>
/// <param name="Lane">The lane.</param>
/// <param name="HourMs">Start of the hour; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Records">How many records have their event time in this hour.</param>
/// <param name="Hash">The sum of their digests modulo 2^64.</param>
public readonly record struct ReceivedTally(long Epoch, Lane Lane, long HourMs, long Records, ulong Hash);

/// <summary>Sequences of one lane in one boot epoch, both ends included.</summary>
public readonly record struct SequenceRange(long First, long Last)
{
    /// <summary>The parts of [first, last] that are not among the known sequences, in order, at most <paramref name="limit"/>.</summary>
    /// <param name="first">The first sequence that should be known.</param>
    /// <param name="last">The last one.</param>
    /// <param name="known">In ascending order; what lies outside [first, last] is passed over.</param>
    /// <param name="limit">The bound; a further hole is not told.</param>
    public static IReadOnlyList<SequenceRange> Missing(long first, long last, IEnumerable<long> known, int limit)
    {
        ArgumentNullException.ThrowIfNull(known);
        List<SequenceRange> missing = [];
        long next = first;
        foreach (long sequence in known)
        {
            if (sequence < next)
            {
                continue;
            }

            if (sequence > last)
            {
                break;
            }

            if (sequence > next && missing.Count < limit)
            {
                missing.Add(new SequenceRange(next, sequence - 1));
            }

            if (sequence == long.MaxValue)
            {
                return missing;
            }

            next = sequence + 1;
        }

        if (next <= last && missing.Count < limit)
        {
            missing.Add(new SequenceRange(next, last));
        }

        return missing;
    }

    /// <summary>What is left of the range when everything is taken away that the others hold.</summary>
    public IEnumerable<SequenceRange> Without(IEnumerable<SequenceRange> others)
    {
        ArgumentNullException.ThrowIfNull(others);
        long next = First;
        foreach (SequenceRange other in others.OrderBy(range => range.First))
        {
            if (other.Last < next)
            {
                continue;
            }

            if (other.First > Last)
            {
                break;
            }

            if (other.First > next)
            {
                yield return new SequenceRange(next, other.First - 1);
            }

            if (other.Last >= Last)
            {
                yield break;
            }

            next = other.Last + 1;
        }

        yield return new SequenceRange(next, Last);
    }

    public bool Overlaps(in SequenceRange other) => First <= other.Last && other.First <= Last;
}
