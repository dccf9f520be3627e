using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Reconciliation;

/// <summary>Holds what the edges say that they recorded against what both stores received. Safe for callers on any task; reads only.</summary>
public sealed class ReconciliationDesk(Ledger ledger, IEventLedger events, ITelemetryStore telemetry, TimeProvider time)
{
    /// <summary>The longest span of one comparison: 31 days, and the hour that a month gains when its clocks are put back.</summary>
    public const int MaxHours = (31 * 24) + 1;

    // A gap of a torn store may name the whole time since the edge's start; nobody looks further back than this for one.
    private const int MaxGaps = 10_000;

    /// <summary>The hours that begin in [fromMs, toMs), each lane that either side has anything of. Throws <see cref="ArgumentOutOfRangeException"/> for a span over <see cref="MaxHours"/>.</summary>
    public async ValueTask<SiteReconciliation> CompareAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(toMs - fromMs, MaxHours * HourTally.HourLengthMs);
        (List<HourTally> recorded, List<GapRecord> gaps, List<ClockStep> steps) = await ledger.ReadAsync(
            db => ReadAsync(db, site, fromMs, toMs, cancellationToken), cancellationToken);
        ReceivedTallies ofLedger = await events.TalliesAsync(site, fromMs, toMs, cancellationToken);
        ReceivedTallies ofTelemetry = await telemetry.TalliesAsync(site, fromMs, toMs, cancellationToken);

        // The comparison is pure and asks for what is missing; what it will ask for is read before it runs.
        Dictionary<(Lane Lane, long Epoch, SequenceRange Span), IReadOnlyList<SequenceRange>> missing = [];
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        while (true)
        {
            HashSet<(Lane Lane, long Epoch, SequenceRange Span)> asked = [];
            IReadOnlyList<HourComparison> hours = Reconciler.Compare(
                recorded,
                [.. ofLedger.Hours, .. ofTelemetry.Hours],
                gaps,
                (lane, epoch, span) => missing.TryGetValue((lane, epoch, span), out IReadOnlyList<SequenceRange>? known) ? known : Ask(asked, (lane, epoch, span)),
                nowMs,
                lane => lane == Lane.Telemetry ? ofTelemetry.KnownFromMs : ofLedger.KnownFromMs);
            if (asked.Count == 0)
            {
                return new SiteReconciliation(site, fromMs, toMs, hours, gaps, steps);
            }

            foreach ((Lane Lane, long Epoch, SequenceRange Span) question in asked)
            {
                missing[question] = question.Lane == Lane.Telemetry
                    ? await telemetry.MissingAsync(site, question.Epoch, question.Span, cancellationToken)
                    : await events.MissingAsync(site, question.Lane, question.Epoch, question.Span, cancellationToken);
            }
        }
    }

    private static IReadOnlyList<SequenceRange> Ask<T>(HashSet<T> asked, T question)
    {
        asked.Add(question);
        return [];
    }

    private static async Task<(List<HourTally> Recorded, List<GapRecord> Gaps, List<ClockStep> Steps)> ReadAsync(
        LedgerContext db, string site, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        List<EdgeTallyRow> tallies = await db.Set<EdgeTallyRow>()
            .Where(tally => tally.Site == site && tally.HourMs >= fromMs && tally.HourMs < toMs)
            .ToListAsync(cancellationToken);
        long[] epochs = [.. tallies.Select(tally => tally.Epoch).Distinct()];

        // By time, and by epoch: a gap whose times nobody knows any more still explains what its epoch lacks.
        List<GapRow> gaps = await db.Set<GapRow>()
            .Where(gap => gap.Site == site && ((gap.ToMs >= fromMs && gap.FromMs < toMs) || epochs.Contains(gap.Epoch)))
            .OrderByDescending(gap => gap.ToMs).Take(MaxGaps)
            .ToListAsync(cancellationToken);
        List<ClockStepRow> steps = await db.Set<ClockStepRow>()
            .Where(step => step.Site == site && step.TimeMs >= fromMs && step.TimeMs < toMs)
            .OrderBy(step => step.TimeMs).Take(MaxGaps)
            .ToListAsync(cancellationToken);
        return (
            tallies.ConvertAll(row => row.ToTally()),
            gaps.ConvertAll(row => row.ToGap()),
            steps.ConvertAll(row => new ClockStep(row.Id, row.TimeMs, row.StepMs, row.UptimeMs, row.ClockTrusted)));
    }
}

/// <summary>One site's hours in [FromMs, ToMs), with the gaps and the steps of the clock that explain them.</summary>
public sealed record SiteReconciliation(
    string Site, long FromMs, long ToMs, IReadOnlyList<HourComparison> Hours, IReadOnlyList<GapRecord> Gaps, IReadOnlyList<ClockStep> ClockSteps);
