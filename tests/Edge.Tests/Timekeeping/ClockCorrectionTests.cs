using IotProperty.Edge.Timekeeping;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Timekeeping;

public class ClockCorrectionTests
{
    private static readonly PointRef Point = new("pump-1", "pressure");
    private static readonly Timeline Stepped = Step(0, 10_000, 1_000_000);

    [Fact]
    public void Records_of_all_kinds_are_moved_when_they_are_not_trusted_and_stay_suspect()
    {
        Batch batch = new()
        {
            Key = default,
            Samples = [new(Point, 1, 0.5, Quality.Good, false), new(Point, 2, 0.5, Quality.Good, true)],
            Readings = [new("m", "energy", "kWh", 3, 1m, 8, Quality.Good, false), new("m", "energy", "kWh", 4, 1m, 8, Quality.Good, true)],
            Transitions = [Transition(5, false), Transition(6, true)],
            AccessEvents = [Access(7, false), Access(8, true)],
            CommandResults = [new("c", CommandOutcome.Refused, CommandReason.None, "", 9, false), new("c", CommandOutcome.Refused, CommandReason.None, "", 10, true)],
        };
        Batch moved = ClockCorrection.Apply(batch, 100)!;
        Assert.Equal(100, moved.ClockCorrectionMs);
        Assert.Equal([(101L, false), (2L, true)], moved.Samples.Select(sample => (sample.TimeMs, sample.ClockTrusted)));
        Assert.Equal([(103L, false), (4L, true)], moved.Readings.Select(reading => (reading.TimeMs, reading.ClockTrusted)));
        Assert.Equal([(105L, false), (6L, true)], moved.Transitions.Select(transition => (transition.TimeMs, transition.ClockTrusted)));
        Assert.Equal([(107L, false), (8L, true)], moved.AccessEvents.Select(access => (access.TimeMs, access.ClockTrusted)));
        Assert.Equal([(109L, false), (10L, true)], moved.CommandResults.Select(result => (result.TimeMs, result.ClockTrusted)));
        Assert.Equal(70, ClockCorrection.Apply(moved, -30)!.ClockCorrectionMs);
    }

    [Fact]
    public void A_batch_of_trusted_records_is_left_as_it_is()
    {
        Assert.Null(ClockCorrection.Apply(new Batch { Key = default, Transitions = [Transition(6, true)] }, 100));
        Assert.Null(ClockCorrection.Apply(new Batch { Key = default, ClockSteps = [new ClockStep("s", 5, 100, 5, false)] }, 100));
    }

    [Fact]
    public void A_batch_from_both_sides_of_a_step_becomes_one_for_each_correction()
    {
        GapRecord gap = new("g", Lane.Telemetry, 1, 1, 1, 0, 0, 3, "disk quota");
        Batch batch = new() { Key = default, Transitions = [Transition(9_000, false), Transition(1_000_005, false), Transition(1_000_006, true), Transition(9_500, false)], Gaps = [gap] };
        IReadOnlyList<Batch> parts = ClockCorrection.Split(batch, Stepped, nowMs: 1_000_010);
        Assert.Equal([990_000, 0, 0], parts.Select(part => part.ClockCorrectionMs));
        Assert.Equal([[999_000, 999_500], [1_000_005], [1_000_006]], parts.Select(part => part.Transitions.Select(transition => transition.TimeMs)));
        Assert.Equal(gap, Assert.Single(parts[^1].Gaps));
    }

    [Fact]
    public void A_batch_from_one_side_stays_one()
    {
        Batch after = new() { Key = default, AccessEvents = [Access(1_000_001, false), Access(1_000_002, true)] };
        Assert.Same(after, Assert.Single(ClockCorrection.Split(after, Stepped, nowMs: 1_000_010)));
        Batch before = new() { Key = default, AccessEvents = [Access(9_001, false), Access(9_002, false)] };
        Batch moved = Assert.Single(ClockCorrection.Split(before, Stepped, nowMs: 1_000_010));
        Assert.Equal((990_000L, 999_001L), (moved.ClockCorrectionMs, moved.AccessEvents[0].TimeMs));
        Batch trusted = new() { Key = default, AccessEvents = [Access(9_001, true)] };
        Assert.Same(trusted, Assert.Single(ClockCorrection.Split(trusted, Stepped, nowMs: 1_000_010)));
    }

    private static Timeline Step(long startMs, long atMs, long toMs)
    {
        ClockFollower follower = new(new ClockLook(0, startMs, false));
        follower.Step(new ClockLook(atMs, toMs, false));
        return follower.Timeline;
    }

    private static AlarmTransition Transition(long timeMs, bool trusted) =>
        new("o", 0, "low", Point, AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, timeMs, 0.3, 0.35, trusted);

    private static AccessEvent Access(long timeMs, bool trusted) =>
        new("a", "door", AccessEventKind.Credential, AccessDecision.Granted, AccessReason.None, "card", "f", timeMs, trusted);
}
