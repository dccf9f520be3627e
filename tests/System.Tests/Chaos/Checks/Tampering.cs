using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;
using IotProperty.Simulators.World;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>Makes losses, doubles and inventions in evidence that was found in order, so that each checker can be shown to notice them.</summary>
public static class Tampering
{
    /// <summary>Around what is tampered with nothing else was broken, or the loss might be a permitted one.</summary>
    private const long QuietMs = 6_000;

    /// <summary>Each kind by name; null where the evidence holds nothing that it could be done to.</summary>
    public static IReadOnlyList<(string Name, Func<Evidence, Evidence?> Tamper)> Kinds { get; } =
    [
        ("a sample is lost", e => WithSamples(e, (samples, at) => samples.RemoveAt(at))),
        ("a sample is there twice", e => WithSamples(e, (samples, at) => samples.Insert(at, samples[at]))),
        ("a sample has another value", e => WithSamples(e, (samples, at) => samples[at] = samples[at] with { Value = samples[at].Value + 1000 })),
        ("two samples came in the other order", e => WithSamples(e, (samples, at) => (samples[at], samples[at - 1]) =
            (samples[at] with { Value = samples[at - 1].Value }, samples[at - 1] with { Value = samples[at].Value }))),
        ("a reading is lost", e => WithReadings(e, (readings, at) => readings.RemoveAt(at))),
        ("a reading is there twice", e => WithReadings(e, (readings, at) => readings.Insert(at, readings[at]))),
        ("a transition is lost", e => Quiet(e, e.Transitions, t => t.Time, t => t.Ordinal > 0 && t.Point.Contains("/fault-", StringComparison.Ordinal)) is { } t ? e with { Transitions = [.. e.Transitions.Where(x => x != t && !(x.Occurrence == t.Occurrence && x.Ordinal > t.Ordinal))] } : null),
        ("a transition is there twice", e => e.Transitions.Count > 0 ? e with { Transitions = [.. e.Transitions, e.Transitions[^1]] } : null),
        ("a transition is missing in its chain", e => e.Transitions.GroupBy(t => t.Occurrence).FirstOrDefault(g => g.Count() > 1) is { } chain ? e with { Transitions = [.. e.Transitions.Where(x => x != chain.OrderBy(t => t.Ordinal).First())] } : null),
        ("a door decision is lost", e => Quiet(e, e.AccessEvents, a => a.Time, a => a.Kind == "credential") is { } a ? e with { AccessEvents = [.. e.AccessEvents.Where(x => x.Id != a.Id)] } : null),
        ("a door decision is there twice", e => e.AccessEvents.LastOrDefault(a => a.Kind == "credential") is { } a ? e with { AccessEvents = [.. e.AccessEvents, a] } : null),
        ("a door decision came under another id as well", e => Quiet(e, e.AccessEvents, a => a.Time, a => a.Kind == "credential") is { } a ? e with { AccessEvents = [.. e.AccessEvents, a with { Id = a.Id + "-again" }] } : null),
        ("a stranger was let in", e => e.AccessEvents.LastOrDefault(a => a is { Kind: "credential", Credential: "" }) is { } a ? e with { AccessEvents = [.. e.AccessEvents.Select(x => x.Id == a.Id ? x with { Decision = "granted" } : x)] } : null),
        ("a door opened without a grant", e => QuietMoment(e) is { } at ? e with { Journal = [.. e.Journal, new JournalEntry(at, WorldEventKind.Unlock, "door-1", "", 0)] } : null),
        ("a batch is lost", e => e with { Batches = [.. e.Batches.Select((b, i) => i == 0 ? b with { Count = b.Count - 1 } : b)] }),
        ("a batch is there twice", e => e with { Batches = [.. e.Batches.Select((b, i) => i == 0 ? b with { Count = b.Count + 1 } : b)] }),
        ("a boot never was", e => e with { Batches = [.. e.Batches, .. Enumerable.Range(1, e.Boots).Select(i => e.Batches[0] with { Epoch = i })] }),
    ];

    /// <summary>In a place where the value differs from those around it, of a point that keeps nothing to itself.</summary>
    private static Evidence? WithSamples(Evidence evidence, Action<List<HubSample>, int> tamper)
    {
        foreach (DemoPoint point in DemoPoint.All.Where(p => !p.IsThinned && p.Bit is null))
        {
            List<HubSample> samples = [.. evidence.Samples.GetValueOrDefault(point.Id, [])];
            for (int i = 1; i + 1 < samples.Count; i++)
            {
                HubSample[] three = [samples[i - 1], samples[i], samples[i + 1]];
                if (three.All(s => s.Told && IsQuiet(evidence, s.Time)) && three.Select(s => s.Value).Distinct().Count() == three.Length
                    && three[2].Time - three[0].Time < TimeSpan.FromSeconds(4))
                {
                    tamper(samples, i);
                    return evidence with { Samples = new Dictionary<string, IReadOnlyList<HubSample>>(evidence.Samples) { [point.Id] = samples } };
                }
            }
        }

        return null;
    }

    private static Evidence? WithReadings(Evidence evidence, Action<List<HubReading>, int> tamper)
    {
        List<HubReading> readings = [.. evidence.Readings];
        int at = readings.FindIndex(r => r.Quality == "good" && r.Device.StartsWith("meter-", StringComparison.Ordinal) && IsQuiet(evidence, r.Time));
        if (at < 0)
        {
            return null;
        }

        tamper(readings, at);
        return evidence with { Readings = readings };
    }

    private static T? Quiet<T>(Evidence evidence, IReadOnlyList<T> records, Func<T, DateTimeOffset> timeOf, Func<T, bool> wanted)
        where T : class => records.LastOrDefault(r => wanted(r) && IsQuiet(evidence, timeOf(r)));

    /// <summary>Before anybody was let in.</summary>
    private static long? QuietMoment(Evidence evidence) =>
        evidence.AccessEvents.Where(e => e.Decision == "granted").Select(e => (long?)e.Time.ToUnixTimeMilliseconds()).Min() - 1_000;

    private static bool IsQuiet(Evidence evidence, DateTimeOffset stamp)
    {
        long ms = stamp.ToUnixTimeMilliseconds();
        RunHistory history = evidence.History;
        return evidence.IsJudged(ms - QuietMs / 4) && evidence.IsJudged(ms + QuietMs / 4)
            && history.RealTimesOf(stamp, trusted: true) is [{ } only] && only == ms
            && Enum.GetValues<Trouble>().All(t => history.Of(t).All(s => !s.Holds(ms, QuietMs, QuietMs)))
            && DemoPoint.All.Select(p => p.Device.Line).Distinct().All(line => !history.WasBlind(line, ms, QuietMs));
    }
}
