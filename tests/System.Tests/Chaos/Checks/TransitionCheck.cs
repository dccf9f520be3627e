using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>Each occurrence's transitions are chained without holes; and a rule without delays on a fault bit moved exactly as the bit was shown.</summary>
public static class TransitionCheck
{
    /// <summary>A transition is stamped when its rule is stepped, a little after the sample.</summary>
    private const long LateMs = 3_500;

    private const string Lane = "event";

    public static IReadOnlyList<string> Judge(Evidence evidence, Dictionary<string, IReadOnlyList<Placed>>? remember = null, long nextFromMs = 0)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        List<string> wrong = [];
        bool declared = evidence.Gaps.Any(g => g.Lane == Lane);
        foreach (IGrouping<string, HubTransition> occurrence in evidence.Transitions.GroupBy(t => t.Occurrence))
        {
            if (Broken([.. occurrence.OrderBy(t => t.Ordinal)]) is { } broken && !declared)
            {
                wrong.Add($"occurrence {occurrence.Key} of {occurrence.First().Rule}: {broken}");
            }
        }

        SeriesJudge judge = new(evidence);
        ILookup<(string, byte), Simulators.Ledger.ServedRead> reads = evidence.Reads.ToLookup(r => (r.Line, r.Unit));
        ILookup<string, HubTransition> transitions = evidence.Transitions.ToLookup(t => t.Point);
        foreach (DemoPoint bit in DemoPoint.All.Where(p => p.Bit is not null))
        {
            IEnumerable<Shown> shown = reads[(bit.Device.Line, bit.Device.Unit)].Where(bit.IsPolledBy).Select(r => new Shown(
                r.TimeMs, bit.ValueIn(r), Certain: !evidence.History.MayMissEvent(bit.Device.Line, r.TimeMs)));
            string series = $"transitions of {bit.Id}";
            List<Placed> placed = judge.Place(
                transitions[bit.Id].OrderBy(t => t.Time).ThenBy(t => t.Ordinal).Select(t => (t.Time, t.ClockTrusted, (double?)(t.To == "normal" ? 0 : 1))), out _);

            // Before its first transition a rule is normal.
            Evidence known = evidence.Before.ContainsKey(series)
                ? evidence
                : evidence with { Before = new Dictionary<string, IReadOnlyList<Placed>> { [series] = [new Placed(evidence.Window.FromMs, 0, Ambiguous: true)] } };
            if (new SeriesJudge(known).Disagreement(series, shown, placed, Lane, LateMs) is { } disagreement)
            {
                wrong.Add($"{series}: {disagreement}");
            }

            remember?.TryAdd(series, new SeriesJudge(known).Remember(series, placed, nextFromMs));
        }

        return wrong;
    }

    private static string? Broken(HubTransition[] chain)
    {
        string level = "normal";
        for (int i = 0; i < chain.Length; i++)
        {
            if (chain[i].Ordinal != i || chain[i].From != level || chain[i].To == level)
            {
                return $"transition {i} is number {chain[i].Ordinal}, {chain[i].From} → {chain[i].To}, after {level}";
            }

            level = chain[i].To;
        }

        return null;
    }
}
