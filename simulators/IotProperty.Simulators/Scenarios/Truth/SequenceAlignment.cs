using System.Globalization;

namespace IotProperty.Simulators.Scenarios.Truth;

/// <summary>A value that the simulator served.</summary>
/// <param name="TimeMs">When the answer was formed; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Value">In the point's unit.</param>
/// <param name="Certain">
/// Whether the edge must have kept it. False inside the stated loss window of a killed edge, for an answer that came after the edge's time-out, and at the
/// ends of the comparison.
/// </param>
public readonly record struct Shown(long TimeMs, double Value, bool Certain)
{
    /// <summary>How long after its serving this one may be stamped, where that is not what the comparison says: the edge itself stood still.</summary>
    public long? LateMs { get; init; }
}

/// <summary>A value that the hub holds.</summary>
public readonly record struct Told(long TimeMs, double Value)
{
    /// <summary>Whether it may belong elsewhere: the edge's clock went through the time of its stamp twice.</summary>
    public bool Optional { get; init; }
}

/// <summary>
/// Whether the hub's values can have come from what was served: every certain value accounted for, in order, none invented, none from another time. Runs of
/// equal values count as one on both sides, because an edge does not repeat what has not changed; where every single read must have been kept (billing
/// readings), <c>each</c> says so. What the hub holds may be left out only where it is <see cref="Told.Optional"/>.
/// </summary>
public static class SequenceAlignment
{
    /// <summary>The edge may stamp an answer at most this much before it was formed: both read the same clock, rounded to milliseconds.</summary>
    private const long EarlyMs = 5;

    /// <param name="shown">In order of time.</param>
    /// <param name="told">In order of time, all of them within the span of <paramref name="shown"/>.</param>
    /// <param name="lateMs">How long after its serving a value may be stamped: the edge's time-out and a little more.</param>
    /// <param name="each">Whether every certain value must be there by itself, repeated ones included.</param>
    /// <param name="relativeError">By how much of itself a value may differ from what was served, where the hub's store rounds; 0 where it does not.</param>
    /// <returns>Null when they agree, else the first thing that does not fit.</returns>
    public static string? Disagreement(IReadOnlyList<Shown> shown, IReadOnlyList<Told> told, long lateMs, bool each = false, double relativeError = 0)
    {
        List<Told> runs = each ? [.. told] : Collapse(told);

        // How far the told runs may be used up so far. Several states are possible while uncertain values are passed.
        SortedSet<Place> used = Passed([new Place(0, -1)], runs);
        foreach (Shown value in shown)
        {
            SortedSet<Place> next = Passed(Next(used, value, runs, value.LateMs ?? lateMs, each, relativeError), runs);
            if (next.Count == 0)
            {
                Place at = used.Max;
                string expected = at.Next < runs.Count ? $"the hub goes on with {Text(runs[at.Next].Value)} at {Time(runs[at.Next].TimeMs)}" : "the hub has nothing more";
                string before = at.Last >= 0 ? $"after {Text(runs[at.Last].Value)} at {Time(runs[at.Last].TimeMs)} " : "";
                return $"{Text(value.Value)} was served at {Time(value.TimeMs)}, but {before}{expected}";
            }

            used = next;
        }

        Place end = used.Max;
        return end.Next == runs.Count ? null : $"the hub holds {Text(runs[end.Next].Value)} at {Time(runs[end.Next].TimeMs)}, which was not served then";
    }

    private static SortedSet<Place> Next(SortedSet<Place> used, Shown value, List<Told> runs, long lateMs, bool each, double relativeError)
    {
        SortedSet<Place> next = [];
        foreach (Place at in used)
        {
            if (!value.Certain || (!each && at.Last >= 0 && Same(runs[at.Last].Value, value.Value, relativeError)))
            {
                next.Add(at);
            }

            if (at.Next < runs.Count && Same(runs[at.Next].Value, value.Value, relativeError)
                && runs[at.Next].TimeMs >= value.TimeMs - EarlyMs && runs[at.Next].TimeMs <= value.TimeMs + lateMs)
            {
                next.Add(new Place(at.Next + 1, at.Next));
            }
        }

        return next;
    }

    private static bool Same(double told, double served, double relativeError) => told.Equals(served) || Math.Abs(told - served) <= Math.Abs(served) * relativeError;

    /// <summary>Adds the places that are reached by leaving out what may belong elsewhere.</summary>
    private static SortedSet<Place> Passed(SortedSet<Place> places, List<Told> runs)
    {
        foreach (Place place in places.ToArray())
        {
            for (int next = place.Next; next < runs.Count && runs[next].Optional; next++)
            {
                places.Add(place with { Next = next + 1 });
            }
        }

        return places;
    }

    private static List<Told> Collapse(IReadOnlyList<Told> told)
    {
        List<Told> runs = [];
        foreach (Told value in told)
        {
            if (runs.Count == 0 || !runs[^1].Value.Equals(value.Value) || runs[^1].Optional || value.Optional)
            {
                runs.Add(value);
            }
        }

        return runs;
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <param name="Next">The first told run that is not accounted for yet.</param>
    /// <param name="Last">The last one that was taken for a served value; −1 for none.</param>
    private readonly record struct Place(int Next, int Last) : IComparable<Place>
    {
        public int CompareTo(Place other) => Next != other.Next ? Next.CompareTo(other.Next) : Last.CompareTo(other.Last);
    }
}
