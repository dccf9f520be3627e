using System.Globalization;

namespace IotProperty.Simulators.Scenarios.Truth;

/// <summary>A value that the simulator served.</summary>
/// <param name="TimeMs">When the answer was formed; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Value">In the point's unit.</param>
/// <param name="Certain">
/// Whether the edge must have kept it. False inside the stated loss window of a killed edge, for an answer that came after the edge's time-out, and at the
/// ends of the comparison.
/// </param>
public readonly record struct Shown(long TimeMs, double Value, bool Certain);

/// <summary>A value that the hub holds.</summary>
public readonly record struct Told(long TimeMs, double Value);

/// <summary>
/// Whether the hub's values can have come from what was served: every certain value accounted for, in order, none invented, none from another time. Runs of
/// equal values count as one on both sides, because an edge does not repeat what has not changed; where every single read must have been kept (billing
/// readings), <c>each</c> says so.
/// </summary>
public static class SequenceAlignment
{
    /// <summary>The edge may stamp an answer at most this much before it was formed: both read the same clock, rounded to milliseconds.</summary>
    private const long EarlyMs = 5;

    /// <param name="shown">In order of time.</param>
    /// <param name="told">In order of time, all of them within the span of <paramref name="shown"/>.</param>
    /// <param name="lateMs">How long after its serving a value may be stamped: the edge's time-out and a little more.</param>
    /// <param name="each">Whether every certain value must be there by itself, repeated ones included.</param>
    /// <returns>Null when they agree, else the first thing that does not fit.</returns>
    public static string? Disagreement(IReadOnlyList<Shown> shown, IReadOnlyList<Told> told, long lateMs, bool each = false)
    {
        List<Told> runs = each ? [.. told] : Collapse(told);

        // Which numbers of told runs may be used up so far. Several are possible while uncertain values are passed.
        SortedSet<int> used = [0];
        foreach (Shown value in shown)
        {
            SortedSet<int> next = Next(used, value, runs, lateMs, each);
            if (next.Count == 0)
            {
                int at = used.Max;
                string expected = at < runs.Count ? $"the hub goes on with {Text(runs[at].Value)} at {Time(runs[at].TimeMs)}" : "the hub has nothing more";
                string before = at > 0 ? $"after {Text(runs[at - 1].Value)} at {Time(runs[at - 1].TimeMs)} " : "";
                return $"{Text(value.Value)} was served at {Time(value.TimeMs)}, but {before}{expected}";
            }

            used = next;
        }

        return used.Contains(runs.Count) ? null : $"the hub holds {Text(runs[used.Max].Value)} at {Time(runs[used.Max].TimeMs)}, which was not served then";
    }

    private static SortedSet<int> Next(SortedSet<int> used, Shown value, List<Told> runs, long lateMs, bool each)
    {
        SortedSet<int> next = [];
        foreach (int count in used)
        {
            if (!value.Certain || (!each && count > 0 && runs[count - 1].Value.Equals(value.Value)))
            {
                next.Add(count);
            }

            if (count < runs.Count && runs[count].Value.Equals(value.Value)
                && runs[count].TimeMs >= value.TimeMs - EarlyMs && runs[count].TimeMs <= value.TimeMs + lateMs)
            {
                next.Add(count + 1);
            }
        }

        return next;
    }

    private static List<Told> Collapse(IReadOnlyList<Told> told)
    {
        List<Told> runs = [];
        foreach (Told value in told)
        {
            if (runs.Count == 0 || !runs[^1].Value.Equals(value.Value))
            {
                runs.Add(value);
            }
        }

        return runs;
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
