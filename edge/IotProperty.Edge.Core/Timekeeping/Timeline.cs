using System.Collections.Immutable;

namespace IotProperty.Edge.Timekeeping;

/// <summary>
/// The edge's time as of the last look at the clocks. Immutable: whoever holds one tells times that belong together. The wall clock is followed, but not over a
/// step: until the step is taken over, times go on as if it had not been, so that each time handed out lies on one known side of each step.
/// </summary>
/// <param name="AheadMs">By how much the wall clock is ahead of the monotonic one.</param>
/// <param name="Trusted">Whether the wall clock is synchronised.</param>
/// <param name="SinceMs">When the last step was taken over, or the start; monotonic.</param>
/// <param name="Steps">The steps of this run, oldest first; the last <see cref="MaxSteps"/>.</param>
public sealed record Timeline(long AheadMs, bool Trusted, long SinceMs, ImmutableArray<TimelineStep> Steps)
{
    /// <summary>How many steps are remembered.</summary>
    public const int MaxSteps = 64;

    /// <summary>By how much a time of the present timeline may seem to lie in the future: the clock may be slewed back.</summary>
    private const long AheadSlackMs = ClockFollower.ThresholdMs / 2;

    /// <summary>Whether any time handed out in this run may have to be corrected.</summary>
    public bool Corrects => !Steps.IsEmpty && Steps.Any(step => step.Corrects);

    /// <summary>The moment at which the clocks showed these times.</summary>
    public Moment At(long monotonicMs, long wallMs)
    {
        long expectedMs = monotonicMs + AheadMs;
        return new Moment(monotonicMs, Math.Abs(wallMs - expectedMs) <= ClockFollower.ThresholdMs ? wallMs : expectedMs, Trusted);
    }

    /// <summary>
    /// By how much a record must be corrected that was decided with a time of this run whose clock was not trusted: it may have been on its way while the clock was
    /// stepped. 0 when it was taken after the last step, or when that cannot be told.
    /// </summary>
    /// <param name="timeMs">The record's time as it was handed out.</param>
    /// <param name="nowMs">The present time of this timeline.</param>
    public long CorrectionOf(long timeMs, long nowMs)
    {
        long correctionMs = 0;
        long lastMs = nowMs + AheadSlackMs;
        for (int i = Steps.Length - 1; i >= 0; i--)
        {
            TimelineStep step = Steps[i];

            // Between the last time before a step forward and the first one after it there is room; a step back makes the two overlap, and the later one is taken.
            long firstMs = step.StepMs > 0 ? step.BeforeMs + (step.StepMs / 2) : step.AfterMs;
            if (timeMs >= firstMs && timeMs <= lastMs)
            {
                return correctionMs;
            }

            correctionMs += step.Corrects ? step.StepMs : 0;
            lastMs = step.StepMs > 0 ? firstMs - 1 : step.BeforeMs;
        }

        return timeMs <= lastMs ? correctionMs : 0;
    }
}
