using System.Globalization;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>Check 3: every credential that was presented is recorded once with the right decision, and doors opened for the granted ones only.</summary>
public static class CardsCheck
{
    public const string KnownCard = "1001001";
    public const string UnknownCard = "4294000099";

    /// <summary>The edge polls readers five times a second; a loaded machine may take this long to decide.</summary>
    private const long DecidedWithinMs = 3_000;

    /// <summary>Presents a known and an unknown card; they need not have arrived anywhere yet.</summary>
    public static async Task SwipeBothAsync(CheckContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        foreach (string card in new[] { KnownCard, UnknownCard })
        {
            await context.Rig.Control.DoAsync(new ControlRequest { Op = "swipe", Device = "door-1", Card = card }, cancellationToken);
            await CheckContext.PauseAsync(1, cancellationToken);
        }
    }

    /// <summary>Waits until both decisions of <see cref="SwipeBothAsync"/> are at the hub.</summary>
    public static async Task AwaitBothAsync(CheckContext context, DateTimeOffset since, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        await CheckContext.UntilAsync(
            "the decision on a known and on an unknown card",
            TimeSpan.FromSeconds(10),
            async () =>
            {
                IReadOnlyList<HubAccessEvent> events = await EventsAsync(context, cancellationToken);
                bool granted = events.Any(e => e.Time >= since && e is { Device: "door-1", Decision: "granted", Credential: "flat-101-card" });
                bool denied = events.Any(e => e.Time >= since && e is { Device: "door-1", Decision: "denied", Reason: "unknown-credential" });
                return granted && denied ? "" : null;
            },
            cancellationToken);
    }

    /// <summary>Holds every swipe since the edge's first look against the hub's events.</summary>
    public static async Task<string> CompareAsync(CheckContext context, DateTimeOffset hubDownFrom, DateTimeOffset hubDownTo, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        IReadOnlyList<HubAccessEvent> events = await EventsAsync(context, cancellationToken);
        IReadOnlyList<JournalEntry> journal = await context.Rig.Control.ListAsync<JournalEntry>(new ControlRequest { Op = "events" }, cancellationToken);
        IReadOnlyList<ServedRead> reads = await context.Rig.Control.ListAsync<ServedRead>(new ControlRequest { Op = "ledger", Line = "access" }, cancellationToken);
        string[] repeated = [.. events.GroupBy(e => e.Id).Where(g => g.Count() > 1).Select(g => g.Key)];
        if (repeated.Length > 0)
        {
            throw new ScenarioException($"access events came twice: {string.Join(", ", repeated)}");
        }

        List<(JournalEntry Swipe, HubAccessEvent Event)> pairs = [];
        foreach (string door in new[] { "door-1", "gate-1" })
        {
            DemoPoint counter = DemoPoint.All.Single(p => p.Id == $"{door}/swipe-seq");
            ServedRead first = reads.First(counter.IsPolledBy);
            JournalEntry[] swipes = [.. journal.Where(e => e.Kind == WorldEventKind.Swipe && e.Device == door && e.Sequence > counter.RawIn(first))];
            HubAccessEvent[] decided = [.. events.Where(e => e.Device == door && e.Kind is "credential" or "missed" && e.Device == door && e.Reason != "unlock-failed").OrderBy(e => e.Time)];
            pairs.AddRange(Pair(door, swipes, decided, context.Outages));
            ComparePulses(door, journal, events);
        }

        int granted = pairs.Count(p => p.Event.Decision == "granted");
        bool During(JournalEntry swipe) => swipe.TimeMs >= hubDownFrom.ToUnixTimeMilliseconds() && swipe.TimeMs < hubDownTo.ToUnixTimeMilliseconds();
        int down = pairs.Count(p => During(p.Swipe));
        bool both = new[] { KnownCard, UnknownCard }.All(card => pairs.Any(p => During(p.Swipe) && p.Swipe.Detail == card));
        return both
            ? $"{pairs.Count} credentials presented, {granted} granted, {pairs.Count - granted} denied, each recorded once; {down} of them while the hub was down"
            : throw new ScenarioException("a known and an unknown card should have been presented while the hub was down");
    }

    private static Task<IReadOnlyList<HubAccessEvent>> EventsAsync(CheckContext context, CancellationToken cancellationToken) =>
        context.Rig.Api.ListAsync<HubAccessEvent>($"access-events?site={DemoSite.Id}", cancellationToken);

    /// <summary>Pairs swipes and events of each credential in order; unknown cards have no name at the hub and are paired among themselves.</summary>
    private static List<(JournalEntry Swipe, HubAccessEvent Event)> Pair(string door, JournalEntry[] swipes, HubAccessEvent[] decided, Outages outages)
    {
        List<(JournalEntry, HubAccessEvent)> pairs = [];
        ILookup<string, HubAccessEvent> byCredential = decided.ToLookup(e => e.Credential);
        foreach (IGrouping<string, JournalEntry> ofCredential in swipes.GroupBy(s => DemoCredentials.IdOf(s.Detail, door)))
        {
            HubAccessEvent[] events = [.. byCredential[ofCredential.Key]];
            if (events.Length != ofCredential.Count())
            {
                string who = ofCredential.Key.Length == 0 ? "unknown cards" : ofCredential.Key;
                throw new ScenarioException($"{door}: {who} presented {ofCredential.Count()} times, recorded {events.Length} times");
            }

            pairs.AddRange(ofCredential.Zip(events));
        }

        if (pairs.Count != decided.Length)
        {
            throw new ScenarioException($"{door}: {swipes.Length} credentials presented, {decided.Length} recorded");
        }

        foreach ((JournalEntry swipe, HubAccessEvent decision) in pairs)
        {
            Judge(door, swipe, decision, outages);
        }

        return pairs;
    }

    private static void Judge(string door, JournalEntry swipe, HubAccessEvent decision, Outages outages)
    {
        string time = DateTimeOffset.FromUnixTimeMilliseconds(swipe.TimeMs).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        long late = decision.Time.ToUnixTimeMilliseconds() - swipe.TimeMs;
        if (decision.Kind == "missed")
        {
            if (!outages.EdgeIsAway(swipe.TimeMs))
            {
                throw new ScenarioException($"{door}: a credential presented at {time} counts as missed, but the edge was there");
            }

            return;
        }

        string expected = DemoCredentials.IdOf(swipe.Detail, door).Length > 0 ? "granted" : "denied";
        if (decision.Decision != expected)
        {
            throw new ScenarioException($"{door}: a credential presented at {time} should be {expected} and is {decision.Decision} ({decision.Reason})");
        }

        if (late is < -5 or > DecidedWithinMs && !outages.EdgeIsAway(swipe.TimeMs))
        {
            throw new ScenarioException($"{door}: a credential presented at {time} was decided {late} ms later");
        }
    }

    /// <summary>No pulse without a grant. A grant without a pulse is told by an event of its own (the controller refused, or the edge was killed in between).</summary>
    private static void ComparePulses(string door, IReadOnlyList<JournalEntry> journal, IReadOnlyList<HubAccessEvent> events)
    {
        long[] grants = [.. events.Where(e => e.Device == door && e.Kind is "credential" or "command" && e.Decision == "granted").Select(e => e.Time.ToUnixTimeMilliseconds())];
        foreach (JournalEntry pulse in journal.Where(e => e.Kind == WorldEventKind.Unlock && e.Device == door))
        {
            if (!grants.Any(grant => pulse.TimeMs >= grant - 5 && pulse.TimeMs <= grant + 6_000))
            {
                throw new ScenarioException($"{door} was unlocked at {pulse.TimeMs} without a grant");
            }
        }
    }
}
