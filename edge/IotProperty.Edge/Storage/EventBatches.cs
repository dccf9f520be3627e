using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Storage;

/// <summary>Events as batches that stay within the limits: one as a rule, several when very much was decided at once.</summary>
internal static class EventBatches
{
    private const int MaxRecords = UplinkLimits.MaxRecords / 4;

    public static IReadOnlyList<Batch> Of(OutboxEvents events)
    {
        int records = events.Transitions.Count + events.AccessEvents.Count + events.CommandResults.Count + events.Gaps.Count;
        if (records == 0)
        {
            return [];
        }

        if (records <= MaxRecords)
        {
            return
            [
                new Batch
                {
                    Key = default,
                    Transitions = [.. events.Transitions],
                    AccessEvents = [.. events.AccessEvents],
                    CommandResults = [.. events.CommandResults],
                    Gaps = [.. events.Gaps],
                },
            ];
        }

        return
        [
            .. events.Transitions.Chunk(MaxRecords).Select(chunk => new Batch { Key = default, Transitions = [.. chunk] }),
            .. events.AccessEvents.Chunk(MaxRecords).Select(chunk => new Batch { Key = default, AccessEvents = [.. chunk] }),
            .. events.CommandResults.Chunk(MaxRecords).Select(chunk => new Batch { Key = default, CommandResults = [.. chunk] }),
            .. events.Gaps.Chunk(MaxRecords).Select(chunk => new Batch { Key = default, Gaps = [.. chunk] }),
        ];
    }

    /// <summary>The row of a batch.</summary>
    public static OutboxRow Describe(long id, Batch batch, int bytes)
    {
        (long from, long to) = Span(batch);
        bool isBookkeeping = batch.Gaps.Length + batch.Tallies.Length == batch.RecordCount;
        return new OutboxRow(id, new BatchNumber(batch.Key.Epoch, batch.Key.Lane, batch.Key.Sequence), bytes, batch.RecordCount, from, to, isBookkeeping);
    }

    /// <summary>Event times of the oldest and the newest record of a batch.</summary>
    public static (long FromMs, long ToMs) Span(Batch batch)
    {
        long from = long.MaxValue;
        long to = long.MinValue;
        foreach (Sample sample in batch.Samples)
        {
            Take(sample.TimeMs);
        }

        foreach (MeterReading reading in batch.Readings)
        {
            Take(reading.TimeMs);
        }

        foreach (AlarmTransition transition in batch.Transitions)
        {
            Take(transition.TimeMs);
        }

        foreach (AccessEvent accessEvent in batch.AccessEvents)
        {
            Take(accessEvent.TimeMs);
        }

        foreach (CommandResult result in batch.CommandResults)
        {
            Take(result.TimeMs);
        }

        foreach (GapRecord gap in batch.Gaps)
        {
            Take(gap.FromMs);
            Take(gap.ToMs);
        }

        foreach (ClockStep step in batch.ClockSteps)
        {
            Take(step.TimeMs);
        }

        if (!batch.Tallies.IsEmpty)
        {
            // A tally is as old as what it tells last: it may also empty an hour of long ago.
            Take(batch.Tallies.Max(tally => tally.HourMs));
        }

        return (from, to);

        void Take(long timeMs)
        {
            from = Math.Min(from, timeMs);
            to = Math.Max(to, timeMs);
        }
    }
}
