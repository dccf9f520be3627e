namespace IotProperty.Edge.Timekeeping;

/// <summary>A step of the wall clock, as the edge took it over: times that were handed out before end at <paramref name="BeforeMs"/>, later ones begin at <paramref name="AfterMs"/>.</summary>
/// <param name="Number">1, 2, 3 … within a run of the edge.</param>
/// <param name="UptimeMs">Monotonic milliseconds since the start of the edge.</param>
/// <param name="BeforeMs">What the clock would have shown without the step; milliseconds since the Unix epoch, UTC.</param>
/// <param name="AfterMs">What it showed.</param>
/// <param name="Trusted">Whether the clock was trusted after the step.</param>
/// <param name="Corrects">
/// Whether the step says how wrong the times before it were: the clock had not been trusted in this run. A clock that was trusted and lost its time daemon drifts,
/// and a step then says nothing about the single record; one that is trusted was stepped by somebody's hand.
/// </param>
public sealed record TimelineStep(long Number, long UptimeMs, long BeforeMs, long AfterMs, bool Trusted, bool Corrects)
{
    /// <summary>By how much; positive: forward.</summary>
    public long StepMs => AfterMs - BeforeMs;
}
