using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>Judges one series of values against what was served: puts stamps on the real time line, knows where nothing is certain, and compares the order.</summary>
/// <param name="evidence">What is looked at.</param>
public sealed class SeriesJudge(Evidence evidence)
{
    private const long HeldUpMs = 600;
    private const long GapBlurMs = 1_500;

    /// <summary>After a loss the edge tells every value again: with the next poll, ten seconds after the last time at the earliest.</summary>
    private const long RetoldMs = 20_000;

    /// <summary>Stamps of the hub in order of the time at which they were really taken, of this window only. A stamp that the edge's clock never showed is named in <paramref name="impossible"/>.</summary>
    public List<Placed> Place(IEnumerable<(DateTimeOffset Stamp, bool Trusted, double? Value)> values, out DateTimeOffset? impossible)
    {
        impossible = null;
        List<Placed> placed = [];
        foreach ((DateTimeOffset stamp, bool trusted, double? value) in values)
        {
            IReadOnlyList<long> times = evidence.History.RealTimesOf(stamp, trusted);
            if (times.Count == 0)
            {
                impossible = stamp;
            }

            placed.AddRange(times.Where(t => evidence.Window.Holds(t)).Select(t => new Placed(t, value, times.Count > 1)));
        }

        return [.. placed.OrderBy(p => p.TimeMs)];
    }

    /// <summary>Null when the hub's values can have come from what was served, else the first thing that does not fit.</summary>
    /// <param name="series">Names the series in <see cref="Evidence.Before"/>.</param>
    /// <param name="served">In order of time.</param>
    /// <param name="placed">The hub's values of the window.</param>
    /// <param name="lane">Whose gap records count.</param>
    /// <param name="usualLateMs">How long after its serving a value may be stamped.</param>
    /// <param name="each">Whether each value must be there by itself, repeated ones included.</param>
    public string? Disagreement(string series, IEnumerable<Shown> served, IReadOnlyList<Placed> placed, string lane, long usualLateMs, bool each = false)
    {
        IReadOnlyList<Placed> before = each ? [] : evidence.Before.GetValueOrDefault(series, []);
        Placed[] all = [.. before, .. placed];
        List<Span> unsure = [.. Silences(all, usualLateMs), .. Gaps(all, lane, each)];
        List<Shown> shown = [.. before.Where(b => b.Value is not null).Select(b => new Shown(b.TimeMs, b.Value!.Value, Certain: false))];
        shown.AddRange(served.Select(s => s with
        {
            Certain = s.Certain && evidence.IsJudged(s.TimeMs) && !unsure.Any(u => u.Holds(s.TimeMs)),
            LateMs = evidence.History.LateMs(s.TimeMs, usualLateMs),
        }));
        Told[] told =
        [
            .. before.Where(b => b.Value is not null).Select(b => new Told(b.TimeMs, b.Value!.Value) { Optional = true }),
            .. placed.Where(p => p.Value is not null).Select(p => new Told(p.TimeMs, p.Value!.Value) { Optional = p.Ambiguous }),
        ];
        return SequenceAlignment.Disagreement(shown, told, usualLateMs, each, evidence.RelativeError);
    }

    /// <summary>What the next window, which begins at <paramref name="nextFromMs"/>, must know of the series: the last certain place before it and what may follow.</summary>
    public IReadOnlyList<Placed> Remember(string series, IReadOnlyList<Placed> placed, long nextFromMs)
    {
        List<Placed> known = [.. evidence.Before.GetValueOrDefault(series, []), .. placed.Where(p => p.TimeMs < nextFromMs)];
        int last = known.FindLastIndex(p => !p.Ambiguous);
        return last < 0 ? known : known[last..];
    }

    /// <summary>A device that was told to be silent stays so until it is told otherwise: answers in between came too late for the edge.</summary>
    private static IEnumerable<Span> Silences(Placed[] all, long lateMs)
    {
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i].Value is null)
            {
                int good = Array.FindIndex(all, i, p => p.Value is not null);
                yield return new Span(all[i].TimeMs - HeldUpMs - lateMs, good < 0 ? long.MaxValue : Math.Max(all[good].TimeMs, all[i].TimeMs + lateMs));
            }
        }
    }

    /// <summary>
    /// What a gap record covers may be missing; and as the edge does not repeat what has not changed, so may be what is the same after it, until the edge has told everything again.
    /// </summary>
    private IEnumerable<Span> Gaps(Placed[] all, string lane, bool each)
    {
        foreach (HubGap gap in evidence.Gaps.Where(g => g.Lane == lane))
        {
            foreach (long from in TimesOf(gap.From))
            {
                foreach (long to in TimesOf(gap.To).Where(t => t >= from))
                {
                    int next = each ? -1 : Array.FindIndex(all, p => p.Value is not null && p.TimeMs > to + GapBlurMs);
                    long told = each ? to + GapBlurMs : Math.Min(next < 0 ? long.MaxValue : all[next].TimeMs + 1, to + RetoldMs);
                    yield return new Span(from - GapBlurMs, told);
                }
            }
        }
    }

    /// <summary>A gap does not say whether its stamps were vouched for.</summary>
    private IEnumerable<long> TimesOf(DateTimeOffset stamp) =>
        new[] { true, false }.SelectMany(trusted => evidence.History.Clock.RealTimesOf(stamp.ToUnixTimeMilliseconds(), trusted)).Distinct();
}
