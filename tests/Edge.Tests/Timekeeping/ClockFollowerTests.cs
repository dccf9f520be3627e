using IotProperty.Edge.Timekeeping;

namespace IotProperty.Edge.Tests.Timekeeping;

public class ClockFollowerTests
{
    private const long StartMs = 1_767_225_600_000;

    [Fact]
    public void A_clock_that_goes_on_and_is_slewed_brings_no_step()
    {
        ClockFollower follower = new(new ClockLook(0, StartMs, true));
        for (long ms = 500; ms < 3_600_000; ms += 500)
        {
            // 500 ppm, the fastest that NTP slews.
            Assert.Equal(default, follower.Step(new ClockLook(ms, StartMs + ms + (ms / 2_000), true)));
        }

        Assert.Equal(StartMs + 3_600_000 + 1_800, follower.Timeline.At(3_600_000, StartMs + 3_600_000 + 1_800).UtcMs);
    }

    [Theory]
    [InlineData(500, null)]
    [InlineData(501, 501L)]
    [InlineData(-500, null)]
    [InlineData(-501, -501L)]
    [InlineData(1_767_225_600_000, 1_767_225_600_000)]
    public void A_jump_is_a_step_beyond_half_a_second(long jumpMs, long? stepMs)
    {
        ClockFollower follower = new(new ClockLook(0, StartMs, true));
        TimelineStep? step = follower.Step(new ClockLook(1_000, StartMs + 1_000 + jumpMs, true)).Step;
        Assert.Equal(stepMs, step?.StepMs);
        if (step is not null)
        {
            Assert.Equal(new TimelineStep(1, 1_000, StartMs + 1_000, StartMs + 1_000 + jumpMs, true, Corrects: false), step);
        }
    }

    [Fact]
    public void A_long_time_without_a_look_allows_for_as_much_slewing()
    {
        ClockFollower follower = new(new ClockLook(0, StartMs, true));
        Assert.Null(follower.Step(new ClockLook(3_600_000, StartMs + 3_600_000 + 2_300, true)).Step);
        Assert.NotNull(follower.Step(new ClockLook(7_200_000, StartMs + 7_200_000 + 4_601, true)).Step);
    }

    [Fact]
    public void A_clock_that_is_synchronised_at_the_start_is_trusted_at_once()
    {
        Assert.True(new ClockFollower(new ClockLook(0, StartMs, true)).Timeline.Trusted);
        Assert.False(new ClockFollower(new ClockLook(0, StartMs, false)).Timeline.Trusted);
    }

    [Fact]
    public void Trust_without_a_step_is_won_at_the_second_look_and_lost_at_once()
    {
        ClockFollower follower = new(new ClockLook(0, StartMs, false));
        Assert.Equal(default, follower.Step(new ClockLook(500, StartMs + 500, true)));
        Assert.Equal(new ClockChange(null, true), follower.Step(new ClockLook(1_000, StartMs + 1_000, true)));
        Assert.Equal(default, follower.Step(new ClockLook(1_500, StartMs + 1_500, true)));
        Assert.Equal(new ClockChange(null, false), follower.Step(new ClockLook(2_000, StartMs + 2_000, false)));
    }

    [Fact]
    public void The_step_that_synchronises_the_clock_corrects_what_was_before_it()
    {
        ClockFollower follower = new(new ClockLook(0, 0, false));
        ClockChange change = follower.Step(new ClockLook(2_000, StartMs, true));
        Assert.Equal(new TimelineStep(1, 2_000, 2_000, StartMs, true, Corrects: true), change.Step);
        Assert.True(change.Trust);
    }

    [Fact]
    public void A_daemon_that_says_synchronised_before_it_steps_is_not_believed_too_early()
    {
        ClockFollower follower = new(new ClockLook(0, 0, false));
        follower.Step(new ClockLook(500, 500, true));
        Assert.False(follower.Timeline.Trusted);
        ClockChange change = follower.Step(new ClockLook(1_000, StartMs, true));
        Assert.True(change.Step!.Corrects);
        Assert.True(follower.Timeline.Trusted);
    }

    [Fact]
    public void Steps_of_a_clock_that_was_ever_trusted_correct_nothing()
    {
        ClockFollower follower = new(new ClockLook(0, StartMs, true));
        Assert.False(follower.Step(new ClockLook(500, StartMs + 10_000, true)).Step!.Corrects);
        follower.Step(new ClockLook(1_000, StartMs + 10_500, false));
        Assert.False(follower.Step(new ClockLook(1_500, StartMs, true)).Step!.Corrects);
    }

    [Fact]
    public void Until_a_step_is_taken_over_times_go_on_as_if_it_had_not_been()
    {
        ClockFollower follower = new(new ClockLook(0, 0, false));
        Timeline before = follower.Timeline;
        Assert.Equal(new Moment(400, 400, false), before.At(400, StartMs));
        follower.Step(new ClockLook(500, StartMs + 100, true));
        Assert.Equal(new Moment(501, StartMs + 101, true), follower.Timeline.At(501, StartMs + 101));

        // And a task that read the clocks before it was taken over tells no time of before it.
        Assert.Equal(StartMs + 99, follower.Timeline.At(499, 499).UtcMs);
    }

    [Fact]
    public void Only_the_last_steps_are_remembered_and_their_numbers_go_on()
    {
        ClockFollower follower = new(new ClockLook(0, 0, false));
        for (int step = 1; step <= 100; step++)
        {
            follower.Step(new ClockLook(step, step * 1_000_000L, false));
        }

        Assert.Equal(Timeline.MaxSteps, follower.Timeline.Steps.Length);
        Assert.Equal(100, follower.Timeline.Steps[^1].Number);
        Assert.Equal(100 - Timeline.MaxSteps + 1, follower.Timeline.Steps[0].Number);
    }

    [Theory]
    [InlineData(3_600_000, -1, 3_600_000)] // taken a moment before the step, stored after it
    [InlineData(3_600_000, -86_400_000, 3_600_000)]
    [InlineData(3_600_000, 0, 3_600_000)]
    [InlineData(3_600_000, 3_600_000, 0)] // taken a moment after it
    [InlineData(3_600_000, 3_600_050, 0)]
    [InlineData(-28_800_000, -1, -28_800_000)] // a clock in local time, eight hours ahead
    [InlineData(-28_800_000, -10_000, -28_800_000)]
    [InlineData(-28_800_000, -28_800_001, -28_800_000)]
    [InlineData(-28_800_000, -28_800_000, 0)]
    [InlineData(-28_800_000, -28_799_950, 0)]
    public void A_record_on_its_way_is_corrected_when_it_was_taken_before_the_step(long stepMs, long takenMs, long correctionMs)
    {
        ClockFollower follower = new(new ClockLook(0, StartMs, false));
        follower.Step(new ClockLook(60_000, StartMs + 60_000 + stepMs, false));
        Assert.Equal(correctionMs, follower.Timeline.CorrectionOf(StartMs + 60_000 + takenMs, nowMs: StartMs + 60_000 + stepMs + 100));
    }

    [Fact]
    public void Corrections_of_several_steps_add_up()
    {
        ClockFollower follower = new(new ClockLook(0, 0, false));
        follower.Step(new ClockLook(10_000, 1_000_000, false));
        follower.Step(new ClockLook(20_000, 5_000_000, true));
        follower.Step(new ClockLook(30_000, 9_000_000, true));
        long nowMs = 9_000_010;
        Timeline timeline = follower.Timeline;
        Assert.Equal(990_000 + 3_990_000, timeline.CorrectionOf(9_999, nowMs));
        Assert.Equal(3_990_000, timeline.CorrectionOf(1_000_001, nowMs));
        Assert.Equal(0, timeline.CorrectionOf(5_000_001, nowMs));
        Assert.Equal(0, timeline.CorrectionOf(9_000_001, nowMs));
    }
}
