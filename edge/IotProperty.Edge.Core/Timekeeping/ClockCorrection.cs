using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Timekeeping;

/// <summary>Moves the times of records that were taken before the clock was synchronised. Trusted records are never moved, and no record becomes trusted by it.</summary>
public static class ClockCorrection
{
    /// <summary>The batch with all its untrusted records moved, and the correction added to what it says of itself; null when it holds none.</summary>
    public static Batch? Apply(Batch batch, long correctionMs)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return HasUntrusted(batch)
            ? batch with
            {
                Samples = [.. batch.Samples.Select(sample => Move(sample, correctionMs))],
                Readings = [.. batch.Readings.Select(reading => reading.ClockTrusted ? reading : reading with { TimeMs = reading.TimeMs + correctionMs })],
                Transitions = [.. batch.Transitions.Select(transition => transition.ClockTrusted ? transition : transition with { TimeMs = transition.TimeMs + correctionMs })],
                AccessEvents = [.. batch.AccessEvents.Select(access => access.ClockTrusted ? access : access with { TimeMs = access.TimeMs + correctionMs })],
                CommandResults = [.. batch.CommandResults.Select(result => result.ClockTrusted ? result : result with { TimeMs = result.TimeMs + correctionMs })],
                ClockCorrectionMs = batch.ClockCorrectionMs + correctionMs,
            }
            : null;
    }

    /// <summary>
    /// Records that were on their way while the clock was stepped are corrected as they are stored. One batch knows one correction, so that a batch with records from
    /// both sides of a step becomes several.
    /// </summary>
    public static IReadOnlyList<Batch> Split(Batch batch, Timeline timeline, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(timeline);
        long[] corrections = timeline.Corrects ? [.. Untrusted(batch).Select(CorrectionOf).Distinct()] : [];
        if (corrections is [] or [0])
        {
            return [batch];
        }

        List<Batch> parts = [];
        Batch rest = Keep(batch, isTrusted: true, _ => true);
        foreach (long correction in corrections)
        {
            Batch part = Keep(batch, isTrusted: false, timeMs => CorrectionOf(timeMs) == correction);
            parts.Add(correction == 0 ? part : Apply(part, correction)!);
        }

        return rest.RecordCount == 0 ? parts : [.. parts, rest];

        long CorrectionOf(long timeMs) => timeline.CorrectionOf(timeMs, nowMs);
    }

    public static Sample Move(in Sample sample, long correctionMs) => sample.ClockTrusted ? sample : sample with { TimeMs = sample.TimeMs + correctionMs };

    private static bool HasUntrusted(Batch batch) => batch.Samples.Any(sample => !sample.ClockTrusted) || Untrusted(batch).Any();

    /// <summary>Times of the records of the two small lanes. A step of the clock is told in the time that follows it and needs no correction.</summary>
    private static IEnumerable<long> Untrusted(Batch batch) =>
    [
        .. batch.Readings.Where(reading => !reading.ClockTrusted).Select(reading => reading.TimeMs),
        .. batch.Transitions.Where(transition => !transition.ClockTrusted).Select(transition => transition.TimeMs),
        .. batch.AccessEvents.Where(access => !access.ClockTrusted).Select(access => access.TimeMs),
        .. batch.CommandResults.Where(result => !result.ClockTrusted).Select(result => result.TimeMs),
    ];

    /// <summary>What knows no trust, gaps and the clock's own steps, goes with the trusted records.</summary>
    private static Batch Keep(Batch batch, bool isTrusted, Func<long, bool> wanted) => batch with
    {
        Samples = [.. batch.Samples.Where(sample => sample.ClockTrusted == isTrusted && wanted(sample.TimeMs))],
        Readings = [.. batch.Readings.Where(reading => reading.ClockTrusted == isTrusted && wanted(reading.TimeMs))],
        Transitions = [.. batch.Transitions.Where(transition => transition.ClockTrusted == isTrusted && wanted(transition.TimeMs))],
        AccessEvents = [.. batch.AccessEvents.Where(access => access.ClockTrusted == isTrusted && wanted(access.TimeMs))],
        CommandResults = [.. batch.CommandResults.Where(result => result.ClockTrusted == isTrusted && wanted(result.TimeMs))],
        Gaps = isTrusted ? batch.Gaps : [],
        ClockSteps = isTrusted ? batch.ClockSteps : [],
        Tallies = isTrusted ? batch.Tallies : [],
    };
}
