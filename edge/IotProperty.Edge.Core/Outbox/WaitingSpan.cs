using System.Collections.Immutable;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Outbox;

/// <summary>What waits of one lane and one boot epoch: what must be declared lost should the store be lost.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Epoch">The boot epoch.</param>
/// <param name="Ranges">The sequences, in rising order, ranges apart from each other.</param>
/// <param name="Records">How many records they hold together.</param>
/// <param name="FromMs">Event time of the oldest record of the first of them.</param>
/// <param name="ToMs">Event time of the newest record of the last of them.</param>
public sealed record WaitingSpan(Lane Lane, long Epoch, ImmutableArray<SequenceRange> Ranges, long Records, long FromMs, long ToMs)
{
    public bool Holds(long sequence)
    {
        foreach (SequenceRange range in Ranges)
        {
            if (range.First <= sequence && sequence <= range.Last)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Sequences from <paramref name="First"/> to <paramref name="Last"/>, both inclusive.</summary>
public readonly record struct SequenceRange(long First, long Last);
