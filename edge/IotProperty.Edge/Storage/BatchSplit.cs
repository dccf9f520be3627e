using System.Collections.Immutable;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Storage;

/// <summary>Batches as bytes that the uplink can carry: what is too long is halved until its parts are not, before any of them gets its number.</summary>
internal static class BatchSplit
{
    /// <summary>Throws <see cref="ArgumentException"/> when a single record is too long.</summary>
    /// <param name="batch">Its key does not count.</param>
    /// <param name="maxBytes">Of one part.</param>
    /// <param name="nextKey">The key of the part that is added next.</param>
    /// <param name="parts">Where the parts are added, in the order of the records.</param>
    public static void Encode(Batch batch, int maxBytes, Func<BatchKey> nextKey, List<(Batch Batch, byte[] Payload)> parts)
    {
        Batch keyed = batch with { Key = nextKey() };
        byte[] payload = BatchCodec.Encode(keyed);
        if (payload.Length <= maxBytes)
        {
            parts.Add((keyed, payload));
            return;
        }

        if (batch.RecordCount == 1)
        {
            throw new ArgumentException($"a record of the lane {keyed.Key.Lane} takes {payload.Length} bytes, more than the {maxBytes} that the uplink carries", nameof(batch));
        }

        int half = batch.RecordCount / 2;
        Encode(Part(batch, 0, half), maxBytes, nextKey, parts);
        Encode(Part(batch, half, batch.RecordCount - half), maxBytes, nextKey, parts);
    }

    /// <summary>Some of the records, which count through all the lists.</summary>
    private static Batch Part(Batch batch, int from, int count)
    {
        return batch with
        {
            Samples = Take(batch.Samples),
            Readings = Take(batch.Readings),
            Transitions = Take(batch.Transitions),
            AccessEvents = Take(batch.AccessEvents),
            CommandResults = Take(batch.CommandResults),
            Gaps = Take(batch.Gaps),
            ClockSteps = Take(batch.ClockSteps),
            Tallies = Take(batch.Tallies),
        };

        ImmutableArray<T> Take<T>(ImmutableArray<T> records)
        {
            int start = Math.Min(from, records.Length);
            int taken = Math.Min(count, records.Length - start);
            from -= start;
            count -= taken;
            return records.Slice(start, taken);
        }
    }
}
