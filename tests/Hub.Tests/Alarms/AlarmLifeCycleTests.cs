using FsCheck;
using FsCheck.Fluent;
using IotProperty.Hub.Alarms;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Alarms;

public sealed class AlarmLifeCycleTests
{
    private const AlarmLevel N = AlarmLevel.Normal;
    private const AlarmLevel W = AlarmLevel.Warning;
    private const AlarmLevel A = AlarmLevel.Alarm;

    // What happened, in order of ordinal: a level entered, or "ack" by somebody who knew everything before it.
    public static TheoryData<string, AlarmState, AlarmLevel, AlarmLevel> Stories => new()
    {
        { "A", AlarmState.ActiveUnacknowledged, A, A },
        { "A ack", AlarmState.ActiveAcknowledged, A, A },
        { "A N", AlarmState.ReturnedUnacknowledged, N, A },
        { "A ack N", AlarmState.Normal, N, A },
        { "A N ack", AlarmState.Normal, N, A },
        { "W ack A", AlarmState.ActiveUnacknowledged, A, A },
        { "W ack A ack", AlarmState.ActiveAcknowledged, A, A },
        { "A ack W", AlarmState.ActiveAcknowledged, W, A },
        { "A W ack A", AlarmState.ActiveAcknowledged, A, A },
        { "W A W N", AlarmState.ReturnedUnacknowledged, N, A },
        { "W ack A N", AlarmState.ReturnedUnacknowledged, N, A },
        { "W ack N", AlarmState.Normal, N, W },
    };

    [Theory]
    [MemberData(nameof(Stories))]
    public void Story_ends_in_its_state_in_whatever_order_it_is_told(string story, AlarmState state, AlarmLevel level, AlarmLevel highest)
    {
        (List<AlarmTransition> transitions, List<Acknowledgement> acknowledgements) = Tell(story);
        foreach (AlarmTransition[] order in Orders(transitions))
        {
            AlarmStanding standing = AlarmLifeCycle.Evaluate(order, acknowledgements);
            Assert.Equal((state, level, highest), (standing.State, standing.Level, standing.HighestLevel));
            Assert.Equal((1_000L, 1_000L * transitions.Count), (standing.First.TimeMs, standing.Last.TimeMs));
        }
    }

    [Fact]
    public void Return_without_its_raise_is_an_alarm_that_was_there()
    {
        AlarmStanding standing = AlarmLifeCycle.Evaluate([Transition(2, A, N)], []);
        Assert.Equal((AlarmState.ReturnedUnacknowledged, A, (long?)3_000), (standing.State, standing.HighestLevel, standing.ReturnedMs));
    }

    [Fact]
    public void Escalation_that_nobody_has_told_yet_still_asks_for_acknowledgement()
    {
        // Acknowledged when only the warning was known; then the return from alarm overtakes the escalation.
        AlarmStanding standing = AlarmLifeCycle.Evaluate([Transition(0, N, W), Transition(2, A, N)], [new Acknowledgement(0, 0, "guard", "", 1)]);
        Assert.Equal(AlarmState.ReturnedUnacknowledged, standing.State);
    }

    [Fact]
    public void One_untrusted_clock_makes_the_alarm_untrusted() =>
        Assert.False(AlarmLifeCycle.Evaluate([Transition(0, N, A), Transition(1, A, N) with { ClockTrusted = false }], []).ClockTrusted);

    [Fact]
    public void Occurrence_without_transitions_is_misuse() => Assert.Throws<ArgumentException>(() => AlarmLifeCycle.Evaluate([], []));

    [Fact]
    public void Any_shuffle_of_any_story_ends_the_same()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyArray<byte>>(), ArbMap.Default.ArbFor<int>(), (levels, seed) =>
        {
            List<AlarmTransition> transitions = [];
            AlarmLevel at = N;
            foreach (byte raw in levels.Get.Take(20))
            {
                AlarmLevel to = (AlarmLevel)((((int)at + 1) + (raw % 2)) % 3);
                transitions.Add(Transition(transitions.Count, at, to));
                at = to;
            }

            AlarmStanding straight = AlarmLifeCycle.Evaluate(transitions, []);
            AlarmStanding shuffled = AlarmLifeCycle.Evaluate(transitions.OrderBy(t => unchecked((t.Ordinal + 1) * (uint)seed * 2654435761u)), []);
            return straight == shuffled && straight.Level == at;
        }).Check(PropertyRun.Config);
    }

    private static (List<AlarmTransition> Transitions, List<Acknowledgement> Acknowledgements) Tell(string story)
    {
        List<AlarmTransition> transitions = [];
        List<Acknowledgement> acknowledgements = [];
        AlarmLevel at = N;
        foreach (string word in story.Split(' '))
        {
            if (word == "ack")
            {
                acknowledgements.Add(new Acknowledgement(acknowledgements.Count, transitions.Count - 1, "guard", "", 1));
                continue;
            }

            AlarmLevel to = word switch { "A" => A, "W" => W, _ => N };
            transitions.Add(Transition(transitions.Count, at, to));
            at = to;
        }

        return (transitions, acknowledgements);
    }

    private static AlarmTransition Transition(int ordinal, AlarmLevel from, AlarmLevel to) => new(
        "o1", ordinal, "pressure-low", new PointRef("pump-1", "pressure"), from, to, AlarmCause.Limit, (ordinal + 1) * 1_000L, 0.3, 0.35, true);

    private static IEnumerable<AlarmTransition[]> Orders(List<AlarmTransition> items) => items.Count <= 1
        ? [[.. items]]
        : items.SelectMany(first => Orders([.. items.Where(i => i != first)]).Select(rest => (AlarmTransition[])[first, .. rest]));
}
