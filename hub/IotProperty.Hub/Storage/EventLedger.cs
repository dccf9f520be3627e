using IotProperty.Hub.Alarms;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Control;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Reconciliation;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Storage;

/// <summary>
/// Commits event and reading batches. One transaction holds the batch's key, its records and all that follows from them (alarms, work orders), so a repeated batch
/// can change nothing and a lost one leaves nothing half done. Safe for callers on any task.
/// </summary>
public sealed class EventLedger(Ledger ledger) : IEventLedger
{
    public async ValueTask<LedgerCommit> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Key.Lane is not (Lane.Event or Lane.Reading))
        {
            throw new ArgumentException($"the ledger takes no batches of lane {batch.Key.Lane}", nameof(batch));
        }

        byte[] hash = contentHash.ToArray();
        try
        {
            return batch.Readings.Length == batch.RecordCount && batch.Key.Lane == Lane.Reading && ledger.Readings is { } intake
                ? await intake.CommitAsync(batch, hash, cancellationToken)
                : await CommitAloneAsync(batch, hash, cancellationToken);
        }
        catch (Exception refused) when (ledger.WhyNeverStorable(refused) is { } why)
        {
            throw new UnstorableBatchException(why, refused);
        }
    }

    public async ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken) => await ledger.ReadAsync(
        async db => await db.Set<BatchRow>()
            .Where(b => b.Site == site)
            .GroupBy(b => new { b.Epoch, b.Lane })
            .OrderBy(g => g.Key.Epoch).ThenBy(g => g.Key.Lane)
            .Select(g => new BatchSpan(g.Key.Epoch, g.Key.Lane, g.LongCount(), g.Min(b => b.Sequence), g.Max(b => b.Sequence)))
            .ToListAsync(cancellationToken),
        cancellationToken);

    public async ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken) => await ledger.ReadAsync(
        async db => new ReceivedTallies(
            await db.Set<TallyStartRow>().MaxAsync(start => start.SinceMs, cancellationToken),
            (await db.Set<ReceivedTallyRow>()
                .Where(tally => tally.Site == site && tally.HourMs >= fromMs && tally.HourMs < toMs)
                .OrderBy(tally => tally.HourMs).ThenBy(tally => tally.Lane).ThenBy(tally => tally.Epoch)
                .ToListAsync(cancellationToken)).ConvertAll(row => row.ToTally())),
        cancellationToken);

    public async ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, Lane lane, long epoch, SequenceRange span, CancellationToken cancellationToken) =>
        await ledger.ReadAsync(
            async db => SequenceRange.Missing(
                span.First,
                span.Last,
                await db.Set<BatchRow>()
                    .Where(b => b.Site == site && b.Epoch == epoch && b.Lane == lane && b.Sequence >= span.First && b.Sequence <= span.Last)
                    .OrderBy(b => b.Sequence)
                    .Select(b => b.Sequence)
                    .ToListAsync(cancellationToken),
                ReceivedTallies.MaxMissing),
            cancellationToken);

    private async Task<LedgerCommit> CommitAloneAsync(Batch batch, byte[] hash, CancellationToken cancellationToken)
    {
        (CommitOutcome outcome, IReadOnlyList<LiveEvent> changes) = await ledger.CommitAsync(change => TakeAsync(change, batch, hash), cancellationToken);
        return outcome switch
        {
            CommitOutcome.Duplicate => LedgerCommit.Duplicate,
            CommitOutcome.KeyCollision => LedgerCommit.KeyCollision,
            _ => new LedgerCommit(outcome, changes),
        };
    }

    private static async Task<CommitOutcome> TakeAsync(LedgerChange change, Batch batch, byte[] hash)
    {
        BatchKey key = batch.Key;
        byte[]? known = await change.Db.Set<BatchRow>()
            .Where(b => b.Site == key.Site && b.Epoch == key.Epoch && b.Lane == key.Lane && b.Sequence == key.Sequence)
            .Select(b => b.ContentHash)
            .SingleOrDefaultAsync(change.CancellationToken);
        if (known is not null)
        {
            return known.AsSpan().SequenceEqual(hash) ? CommitOutcome.Duplicate : CommitOutcome.KeyCollision;
        }

        await change.InsertAsync(new BatchRow(key.Site, key.Epoch, key.Lane, key.Sequence, hash, batch.RecordCount, change.NowMs));
        await TakeTransitionsAsync(change, key.Site, batch);
        await TakeAccessEventsAsync(change, key.Site, batch);
        await TakeReadingsAsync(change, key.Site, batch);
        await TakeNoticesAsync(change, key.Site, batch);
        await TallyWriter.TakeAsync(change, batch);
        return CommitOutcome.Committed;
    }

    private static async Task TakeTransitionsAsync(LedgerChange change, string site, Batch batch)
    {
        List<string> occurrences = [];
        foreach (AlarmTransition transition in batch.Transitions)
        {
            int inserted = await change.ExecuteAsync(
                """
                INSERT INTO alarm_transition (site, occurrence, ordinal, rule, device, point, from_level, to_level, cause, time_ms, value, limit_value, clock_trusted, received_ms, clock_correction_ms)
                VALUES (@Site, @Occurrence, @Ordinal, @Rule, @Device, @Point, @From, @To, @Cause, @TimeMs, @Value, @Limit, @ClockTrusted, @NowMs, @ClockCorrectionMs)
                ON CONFLICT DO NOTHING
                """,
                new
                {
                    Site = site,
                    transition.Occurrence,
                    transition.Ordinal,
                    transition.Rule,
                    transition.Point.Device,
                    transition.Point.Point,
                    transition.From,
                    transition.To,
                    transition.Cause,
                    transition.TimeMs,
                    Value = Known(transition.Value),
                    Limit = Known(transition.Limit),
                    transition.ClockTrusted,
                    change.NowMs,
                    ClockCorrectionMs = CorrectionOf(batch, transition.ClockTrusted),
                });
            if (inserted > 0 && !occurrences.Contains(transition.Occurrence))
            {
                occurrences.Add(transition.Occurrence);
            }
        }

        if (occurrences.Count > 0)
        {
            AlarmBook alarms = await AlarmBook.OpenAsync(change, site);
            foreach (string occurrence in occurrences)
            {
                await alarms.BringUpToDateAsync(occurrence);
            }
        }
    }

    private static async Task TakeAccessEventsAsync(LedgerChange change, string site, Batch batch)
    {
        foreach (AccessEvent happened in batch.AccessEvents)
        {
            int inserted = await change.ExecuteAsync(
                """
                INSERT INTO access_event (site, id, device, kind, decision, reason, credential, fingerprint, time_ms, clock_trusted, received_ms, clock_correction_ms)
                VALUES (@Site, @Id, @Device, @Kind, @Decision, @Reason, @Credential, @Fingerprint, @TimeMs, @ClockTrusted, @NowMs, @ClockCorrectionMs)
                ON CONFLICT DO NOTHING
                """,
                new
                {
                    Site = site,
                    happened.Id,
                    happened.Device,
                    happened.Kind,
                    happened.Decision,
                    happened.Reason,
                    happened.Credential,
                    happened.Fingerprint,
                    happened.TimeMs,
                    happened.ClockTrusted,
                    change.NowMs,
                    ClockCorrectionMs = CorrectionOf(batch, happened.ClockTrusted),
                });
            if (inserted > 0)
            {
                change.Announce(LiveKind.Access, site, happened.Id);
            }
        }
    }

    private static async Task TakeReadingsAsync(LedgerChange change, string site, Batch batch)
    {
        foreach (MeterReading reading in batch.Readings)
        {
            int inserted = await change.ExecuteAsync(
                """
                INSERT INTO reading (site, device, register, time_ms, value, unit, digits, quality, clock_trusted, clock_correction_ms)
                VALUES (@Site, @Device, @Register, @TimeMs, @Value, @Unit, @Digits, @Quality, @ClockTrusted, @ClockCorrectionMs)
                ON CONFLICT DO NOTHING
                """,
                new
                {
                    Site = site,
                    reading.Device,
                    reading.Register,
                    reading.TimeMs,
                    Value = LedgerContext.ExactText(reading.Value),
                    reading.Unit,
                    reading.Digits,
                    reading.Quality,
                    reading.ClockTrusted,
                    ClockCorrectionMs = CorrectionOf(batch, reading.ClockTrusted),
                });
            if (inserted > 0)
            {
                change.Announce(LiveKind.Reading, site, "");
            }
        }
    }

    private static async Task TakeNoticesAsync(LedgerChange change, string site, Batch batch)
    {
        foreach (CommandResult result in batch.CommandResults)
        {
            int inserted = await change.ExecuteAsync(
                """
                INSERT INTO command_result (site, id, outcome, reason, detail, time_ms, clock_trusted, received_ms)
                VALUES (@Site, @Id, @Outcome, @Reason, @Detail, @TimeMs, @ClockTrusted, @NowMs)
                ON CONFLICT DO NOTHING
                """,
                new { Site = site, result.Id, result.Outcome, result.Reason, result.Detail, result.TimeMs, result.ClockTrusted, change.NowMs });
            if (inserted > 0)
            {
                await TellAnswerAsync(change, site, result);
            }
        }

        foreach (GapRecord gap in batch.Gaps)
        {
            await change.ExecuteAsync(
                """
                INSERT INTO gap (site, id, lane, epoch, first_sequence, last_sequence, from_ms, to_ms, record_count, reason, received_ms)
                VALUES (@Site, @Id, @Lane, @Epoch, @FirstSequence, @LastSequence, @FromMs, @ToMs, @Records, @Reason, @NowMs)
                ON CONFLICT DO NOTHING
                """,
                new
                {
                    Site = site,
                    gap.Id,
                    gap.Lane,
                    gap.Epoch,
                    gap.FirstSequence,
                    gap.LastSequence,
                    gap.FromMs,
                    gap.ToMs,
                    gap.Records,
                    gap.Reason,
                    change.NowMs,
                });
        }
    }

    private static async Task TellAnswerAsync(LedgerChange change, string site, CommandResult result)
    {
        change.Announce(LiveKind.Command, site, result.Id);
        if (await change.Db.Set<CommandOrder>().SingleOrDefaultAsync(o => o.Site == site && o.Id == result.Id, change.CancellationToken) is { } order)
        {
            bool begun = result.Outcome is CommandOutcome.Done or CommandOutcome.Failed;
            change.Audit(
                AuditAction.CommandAnswered, "command", order.Id, site, $"{order}, asked by {order.AskedBy}: {result.Outcome}", begun ? AuditOutcome.Done : AuditOutcome.Refused);
        }
    }

    private static long CorrectionOf(Batch batch, bool clockTrusted) => clockTrusted ? 0 : batch.ClockCorrectionMs;

    private static double? Known(double value) => double.IsNaN(value) ? null : value;
}
