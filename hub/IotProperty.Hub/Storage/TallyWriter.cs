using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage;

/// <summary>What a batch of the event or reading lane brings to reconciliation, inside the transaction that commits it: its own tallies, the edge's, and steps of the clock.</summary>
internal static class TallyWriter
{
    public static async Task TakeAsync(LedgerChange change, Batch batch)
    {
        BatchKey key = batch.Key;
        foreach (BatchTally tally in BatchTally.Of(batch))
        {
            (long low, long high) = HashHalves.Of(tally.Hash);
            await change.ExecuteAsync(
                """
                INSERT INTO received_tally (site, epoch, lane, hour_ms, record_count, hash_low, hash_high)
                VALUES (@Site, @Epoch, @Lane, @HourMs, @Records, @Low, @High)
                ON CONFLICT (site, epoch, lane, hour_ms) DO UPDATE SET
                    record_count = received_tally.record_count + excluded.record_count,
                    hash_low = received_tally.hash_low + excluded.hash_low,
                    hash_high = received_tally.hash_high + excluded.hash_high
                """,
                new { key.Site, key.Epoch, key.Lane, tally.HourMs, tally.Records, Low = low, High = high });
        }

        foreach (HourTally tally in batch.Tallies)
        {
            await change.ExecuteAsync(
                """
                INSERT INTO edge_tally (site, epoch, lane, hour_ms, record_count, hash, first_sequence, last_sequence, revision, received_ms)
                VALUES (@Site, @Epoch, @Lane, @HourMs, @Records, @Hash, @FirstSequence, @LastSequence, @Revision, @NowMs)
                ON CONFLICT (site, epoch, lane, hour_ms) DO UPDATE SET
                    record_count = excluded.record_count, hash = excluded.hash, first_sequence = excluded.first_sequence,
                    last_sequence = excluded.last_sequence, revision = excluded.revision, received_ms = excluded.received_ms
                WHERE excluded.revision > edge_tally.revision
                """,
                new
                {
                    key.Site,
                    tally.Epoch,
                    tally.Lane,
                    tally.HourMs,
                    tally.Records,
                    Hash = unchecked((long)tally.Hash),
                    tally.FirstSequence,
                    tally.LastSequence,
                    tally.Revision,
                    change.NowMs,
                });
        }

        foreach (ClockStep step in batch.ClockSteps)
        {
            await change.ExecuteAsync(
                """
                INSERT INTO clock_step (site, id, epoch, time_ms, step_ms, uptime_ms, clock_trusted, received_ms)
                VALUES (@Site, @Id, @Epoch, @TimeMs, @StepMs, @UptimeMs, @ClockTrusted, @NowMs)
                ON CONFLICT DO NOTHING
                """,
                new { key.Site, step.Id, key.Epoch, step.TimeMs, step.StepMs, step.UptimeMs, step.ClockTrusted, change.NowMs });
        }
    }
}
