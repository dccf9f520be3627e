using IotProperty.Hub.Api.Json;
using IotProperty.Hub.People;
using IotProperty.Hub.Reconciliation;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Api.Reconciliation;

/// <summary>The proof that nothing is missing: edge and hub held against each other, hour by hour.</summary>
internal static class ReconciliationRoutes
{
    public static void MapReconciliation(this RouteGroupBuilder api) =>
        api.MapGroup("").WithTags("telemetry").MapGet("/reconciliation", ReadAsync).Requires(Permission.WatchBuilding).Produces<ReconciliationView>()
            .WithSummary("What the edge recorded against what the hub received, for each lane and hour that begins in [from, to); at most 31 days. Verdicts: equal, open (not over yet), unknown (no tally of one side), declared-gap, different, missing.");

    private static async Task<IResult> ReadAsync(string site, string from, string to, ReconciliationDesk desk, CancellationToken cancellationToken)
    {
        if (!Instant.TryRead(from, out long fromMs))
        {
            return ApiResults.BadQuery("from", $"must be {Instant.Mend}");
        }

        if (!Instant.TryRead(to, out long toMs))
        {
            return ApiResults.BadQuery("to", $"must be {Instant.Mend}");
        }

        if (toMs <= fromMs || toMs - fromMs > ReconciliationDesk.MaxHours * HourTally.HourLengthMs)
        {
            return ApiResults.BadQuery("to", "must lie after from, by 31 days at most");
        }

        return TypedResults.Ok(ReconciliationView.Of(await desk.CompareAsync(site, fromMs, toMs, cancellationToken)));
    }
}

/// <summary>A site's hours in [FromMs, ToMs).</summary>
/// <param name="Undeclared">How many of the hours hold a loss, a double or a damage that no edge has declared.</param>
/// <param name="Hours">In order of the hours, then of the lanes.</param>
/// <param name="ClockSteps">Steps of the edge's clock in the span.</param>
public sealed record ReconciliationView(string Site, long FromMs, long ToMs, int Undeclared, IReadOnlyList<HourView> Hours, IReadOnlyList<ClockStepView> ClockSteps)
{
    public static ReconciliationView Of(SiteReconciliation found)
    {
        ArgumentNullException.ThrowIfNull(found);
        return new(
            found.Site,
            found.FromMs,
            found.ToMs,
            found.Hours.Count(hour => hour.IsUndeclared),
            [.. found.Hours.Select(HourView.Of)],
            [.. found.ClockSteps.Select(step => new ClockStepView(step.TimeMs, step.StepMs, step.ClockTrusted))]);
    }
}

/// <summary>One hour of one lane.</summary>
/// <param name="Recorded">Records that the edge tells of.</param>
/// <param name="Received">Records that the hub has.</param>
public sealed record HourView(long HourMs, Lane Lane, HourVerdict Verdict, long Recorded, long Received, IReadOnlyList<EpochView> Epochs)
{
    public static HourView Of(HourComparison hour)
    {
        ArgumentNullException.ThrowIfNull(hour);
        return new(hour.HourMs, hour.Lane, hour.Verdict, hour.Recorded, hour.Received, [.. hour.Epochs.Select(EpochView.Of)]);
    }
}

/// <summary>One boot epoch's part of an hour.</summary>
/// <param name="Recorded">Null: the edge tells of none.</param>
/// <param name="Missing">Batches that are missing without a word; at most 100 ranges.</param>
/// <param name="Gaps">What the edge declared.</param>
public sealed record EpochView(long Epoch, HourVerdict Verdict, long? Recorded, long Received, IReadOnlyList<SequenceRange> Missing, IReadOnlyList<DeclaredGapView> Gaps)
{
    public static EpochView Of(EpochComparison part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return new(
            part.Epoch,
            part.Verdict,
            part.Recorded,
            part.Received,
            part.Missing,
            [.. part.Gaps.Select(gap => new DeclaredGapView(gap.Id, gap.FirstSequence, gap.LastSequence, gap.Records, gap.Reason))]);
    }
}

/// <summary>What a gap record says of its batches.</summary>
public sealed record DeclaredGapView(string Id, long FirstSequence, long LastSequence, int Records, string Reason);

/// <summary>A step of the edge's clock.</summary>
/// <param name="TimeMs">UTC after the step.</param>
/// <param name="StepMilliseconds">By how much; positive: forward.</param>
/// <param name="ClockTrusted">Whether the clock was synchronised after it.</param>
public sealed record ClockStepView(long TimeMs, long StepMilliseconds, bool ClockTrusted);
