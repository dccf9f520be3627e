using System.Globalization;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;
using IotProperty.Simulators.World;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>
/// Every credential that was presented is one event at the hub with the right decision; what nobody could see is recorded as missed and opened nothing; and no door was unlocked without
/// a recorded grant.
/// </summary>
public static class DoorCheck
{
    public static IReadOnlyList<string> Doors { get; } = ["door-1", "gate-1"];

    private const string Line = "access";
    private const string Lane = "event";

    /// <summary>An edge that saw nothing for this long does not let in who came meanwhile.</summary>
    private const long BlindMs = 2_400;

    /// <summary>A card is decided upon at the next poll; a loaded machine may take this long.</summary>
    private const long DecidedLateMs = 4_000;

    /// <summary>The edge gives an unlock up after five seconds.</summary>
    private const long UnlockedLateMs = 7_500;

    private const long BlurMs = 150;

    public static IReadOnlyList<string> Judge(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        List<string> wrong = [];
        foreach (IGrouping<string, HubAccessEvent> repeated in evidence.AccessEvents.GroupBy(e => e.Id).Where(g => g.Count() > 1))
        {
            wrong.Add($"access event {repeated.Key} came {repeated.Count()} times");
        }

        foreach (string door in Doors)
        {
            new OneDoor(evidence, door, wrong).Judge();
        }

        return wrong;
    }

    private sealed class OneDoor(Evidence evidence, string door, List<string> wrong)
    {
        private readonly RunHistory _history = evidence.History;
        private readonly DemoPoint _counter = DemoPoint.All.Single(p => p.Id == $"{door}/swipe-seq");
        private readonly HubAccessEvent[] _events = [.. evidence.AccessEvents.Where(e => e.Device == door)];
        private ServedRead[] _looks = [];

        public void Judge()
        {
            _looks = [.. evidence.DoorReads.Where(_counter.IsPolledBy)];
            if (_looks.Length == 0)
            {
                return;
            }

            HubAccessEvent[] decided = [.. _events.Where(e => e.Kind is "credential" or "missed" && e.Reason != "unlock-failed")];
            JournalEntry[] swipes =
            [
                .. evidence.Journal.Where(e => e.Kind == WorldEventKind.Swipe && e.Device == door && e.TimeMs < evidence.Window.ToMs
                    && (e.TimeMs > _looks[0].TimeMs || e.Sequence > _counter.RawIn(_looks[0]))),
            ];
            ILookup<string, JournalEntry> presented = swipes.ToLookup(s => DemoCredentials.IdOf(s.Detail, door));
            ILookup<string, HubAccessEvent> recorded = decided.ToLookup(e => e.Credential);
            foreach (string credential in presented.Select(g => g.Key).Union(recorded.Select(g => g.Key)))
            {
                Compare(credential, [.. presented[credential]], [.. recorded[credential]]);
            }

            foreach (HubAccessEvent decision in decided)
            {
                Judge(decision);
            }

            JudgeUnlocks(decided);
        }

        /// <summary>Each presented credential is recorded once. Which of two equal ones an event belongs to matters to nobody, so only their order is compared.</summary>
        private void Compare(string credential, JournalEntry[] presented, HubAccessEvent[] recorded)
        {
            Shown[] shown = [.. presented.Select(s => new Shown(s.TimeMs, 0, IsFirm(s)) { LateMs = LateMs(s.TimeMs) })];
            Told[] told =
            [
                .. recorded.SelectMany(e => Placed(e)).Where(p => p.TimeMs < evidence.Window.ToMs).OrderBy(p => p.TimeMs)
                    .Select(p => new Told(p.TimeMs, 0) { Optional = p.Ambiguous }),
            ];
            if (SequenceAlignment.Disagreement(shown, told, DecidedLateMs, each: true) is { } disagreement)
            {
                string who = credential.Length == 0 ? "unknown cards" : credential;
                wrong.Add($"{door}: {who} presented {presented.Length} times, recorded {recorded.Length} times: {disagreement}");
            }
        }

        /// <summary>
        /// Whether the edge can have known of it: it was still in a controller that the edge looked at afterwards. A controller that is replaced (the simulator was killed) takes
        /// with it what nobody had seen, and a store that lost its newest page no longer knows what it had seen.
        /// </summary>
        private bool IsFirm(JournalEntry swipe)
        {
            long until = _history.Of(Trouble.SimulatorDown).Select(s => s.FromMs).Where(from => from > swipe.TimeMs).DefaultIfEmpty(evidence.Window.ToMs).Min() - Evidence.EdgeMs;
            long since = _history.Of(Trouble.SimulatorDown).Select(s => s.ToMs).Where(to => to <= swipe.TimeMs).DefaultIfEmpty(long.MinValue).Max();
            bool seenSince = _looks.Any(l => l.TimeMs >= since && l.TimeMs < swipe.TimeMs && !_history.MayMissEvent(Line, l.TimeMs));
            bool seenUntil = _looks.Any(l => l.TimeMs > swipe.TimeMs && l.TimeMs < until && !_history.MayMissEvent(Line, l.TimeMs));
            return seenSince && seenUntil && !IsDeclared(swipe.TimeMs);
        }

        /// <summary>The edge's store was damaged about then, and the edge said so.</summary>
        private bool IsDeclared(long ms)
        {
            IReadOnlyList<Span> stamps = _history.Clock.StampsOf(ms - DecidedLateMs, ms + LateMs(ms));
            return evidence.Gaps.Any(g => g.Lane == Lane && stamps.Any(s => s.Meets(g.From.ToUnixTimeMilliseconds(), g.To.ToUnixTimeMilliseconds() + 1)));
        }

        /// <summary>Until the edge has looked again, and a little.</summary>
        private long LateMs(long swipeMs)
        {
            ServedRead? look = _looks.FirstOrDefault(l => l.TimeMs > swipeMs && !_history.MayMissEvent(Line, l.TimeMs));
            return _history.LateMs(look?.TimeMs ?? swipeMs, DecidedLateMs) + (look is null ? 0 : look.TimeMs - swipeMs);
        }

        private void Judge(HubAccessEvent decision)
        {
            IReadOnlyList<long> times = [.. Placed(decision).Select(p => p.TimeMs)];
            string time = decision.Time.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
            if (decision.Kind == "missed")
            {
                if (!times.Any(WasBlind))
                {
                    wrong.Add($"{door}: a credential counts as missed at {time}, but the edge was there");
                }

                if (decision.Decision != "denied")
                {
                    wrong.Add($"{door}: a missed credential at {time} is {decision.Decision}");
                }

                return;
            }

            string expected = decision.Credential.Length > 0 ? "granted" : "denied";
            if (decision.Decision != expected)
            {
                wrong.Add($"{door}: {decision.Credential} at {time} should be {expected} and is {decision.Decision} ({decision.Reason})");
            }
        }

        /// <summary>The ledger itself tells when the edge did not look.</summary>
        private bool WasBlind(long ms)
        {
            if (_history.WasBlind(Line, ms, BlindMs + DecidedLateMs))
            {
                return true;
            }

            for (int i = 1; i < _looks.Length && _looks[i - 1].TimeMs <= ms; i++)
            {
                if (_looks[i].TimeMs >= ms - DecidedLateMs && _looks[i].TimeMs - _looks[i - 1].TimeMs >= BlindMs)
                {
                    return true;
                }
            }

            return false;
        }

        private void JudgeUnlocks(HubAccessEvent[] decided)
        {
            long[] grants = [.. decided.Where(e => e.Decision == "granted").SelectMany(e => Placed(e)).Select(p => p.TimeMs)];
            foreach (JournalEntry pulse in evidence.Journal.Where(e => e.Kind == WorldEventKind.Unlock && e.Device == door && e.TimeMs < evidence.Window.ToMs - Evidence.EdgeMs))
            {
                if (!grants.Any(grant => pulse.TimeMs >= grant - BlurMs && pulse.TimeMs <= grant + _history.LateMs(grant, UnlockedLateMs)) && !IsDeclared(pulse.TimeMs - DecidedLateMs))
                {
                    wrong.Add($"{door} was unlocked at {DateTimeOffset.FromUnixTimeMilliseconds(pulse.TimeMs):HH:mm:ss.fff} without a recorded grant");
                }
            }
        }

        private IEnumerable<Placed> Placed(HubAccessEvent happened)
        {
            IReadOnlyList<long> times = _history.RealTimesOf(happened.Time, happened.ClockTrusted);
            return times.Select(t => new Placed(t, 0, times.Count > 1));
        }
    }
}
