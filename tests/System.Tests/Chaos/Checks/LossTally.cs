using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>Counts what the kills of the edge really cost, inside the window in which they may cost something.</summary>
public static class LossTally
{
    private const long LateMs = 2_500;
    private const long EarlyMs = 60;

    /// <returns>How many register values were served in the loss window, and how many of them the hub neither holds nor can tell from the value before, which an edge does not repeat.</returns>
    public static (long Served, long Missing) Count(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        SeriesJudge judge = new(evidence);
        ILookup<(string, byte), Simulators.Ledger.ServedRead> reads = evidence.Reads.Where(r => evidence.IsJudged(r.TimeMs) && evidence.History.IsInLossWindow(r.TimeMs)).ToLookup(r => (r.Line, r.Unit));
        (long served, long missing) = (0, 0);
        foreach (DemoPoint point in DemoPoint.All.Where(p => !p.IsThinned))
        {
            Shown[] shown = [.. reads[(point.Device.Line, point.Device.Unit)].Where(point.IsPolledBy).Select(r => new Shown(r.TimeMs, point.ValueIn(r), Certain: false))];
            if (shown.Length == 0)
            {
                continue;
            }

            List<Placed> placed = judge.Place(evidence.Samples.GetValueOrDefault(point.Id, []).Select(s => (s.Time, s.ClockTrusted, s.Told ? s.Value : null)), out _);
            served += shown.Length;
            missing += shown.Count(s => !IsThere(s, placed));
        }

        return (served, missing);
    }

    private static bool IsThere(Shown shown, List<Placed> placed)
    {
        int before = placed.FindLastIndex(p => p.TimeMs < shown.TimeMs - EarlyMs);
        return placed.Skip(Math.Max(0, before)).TakeWhile(p => p.TimeMs <= shown.TimeMs + LateMs).Any(p => p.Value.Equals(shown.Value));
    }
}
