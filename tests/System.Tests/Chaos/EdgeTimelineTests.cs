using IotProperty.SystemTests.Chaos.Checks;

namespace IotProperty.SystemTests.Chaos;

public sealed class EdgeTimelineTests
{
    private const long Hour = 3_600_000;

    [Fact]
    public void Stamps_of_a_steady_clock_are_real_times()
    {
        Assert.Equal([5_000], new EdgeTimeline(startMs: 0).RealTimesOf(5_000, trusted: true));
        Assert.Equal([new Span(1_000, 9_000)], new EdgeTimeline(startMs: 0).StampsOf(1_000, 9_000));
    }

    [Fact]
    public void Stamps_of_a_clock_that_is_hours_ahead_are_put_back()
    {
        EdgeTimeline clock = Stepped(Hour);
        Assert.Equal([50_000], clock.RealTimesOf(50_000, trusted: true));
        Assert.Equal([150_000], clock.RealTimesOf(150_000 + Hour, trusted: true));
        Assert.Equal([250_000], clock.RealTimesOf(250_000, trusted: true));
        Assert.Empty(clock.RealTimesOf(150_000, trusted: true));
        Assert.Empty(clock.RealTimesOf(250_000 + Hour, trusted: true));
    }

    [Fact]
    public void Stamps_that_a_clock_showed_twice_have_two_real_times()
    {
        Assert.Equal([95_000, 105_000], Stepped(-10_000).RealTimesOf(95_000, trusted: true));
    }

    [Fact]
    public void Edge_may_notice_a_step_a_little_late()
    {
        Assert.Equal([101_000], Stepped(Hour).RealTimesOf(101_000, trusted: true));
        Assert.Equal([101_000], Stepped(Hour).RealTimesOf(101_000 + Hour, trusted: true));
    }

    [Fact]
    public void Times_from_before_the_synchronisation_may_have_been_put_right_and_are_not_vouched_for()
    {
        EdgeTimeline clock = new(startMs: 0) { EndMs = 300_000 };
        clock.Set(100_000, -Hour, synchronised: false);
        clock.Set(200_000, 0, synchronised: true);
        Assert.Equal([150_000], clock.RealTimesOf(150_000 - Hour, trusted: false));
        Assert.Equal([150_000], clock.RealTimesOf(150_000, trusted: false));
        Assert.Empty(clock.RealTimesOf(150_000 - Hour, trusted: true));
        Assert.Equal([200_900], clock.RealTimesOf(200_900, trusted: false));
        Assert.Empty(clock.RealTimesOf(250_000, trusted: false));
    }

    [Fact]
    public void Times_may_have_been_put_right_by_a_step_that_followed_the_synchronisation_at_once()
    {
        EdgeTimeline clock = new(startMs: 0) { EndMs = 300_000 };
        clock.Set(100_000, -Hour, synchronised: false);
        clock.Set(200_000, 0, synchronised: true);
        clock.Set(200_000, 5_000, synchronised: true);
        clock.Set(210_000, 70_000, synchronised: true);
        Assert.Equal([199_000], clock.RealTimesOf(204_000, trusted: false));
        Assert.Equal([150_000, 145_000], clock.RealTimesOf(150_000, trusted: false));
        Assert.Empty(clock.RealTimesOf(220_000, trusted: false));
    }

    [Fact]
    public void Everything_of_a_stretch_is_found_under_the_stamps_that_are_asked_for()
    {
        IReadOnlyList<Span> stamps = Stepped(Hour).StampsOf(90_000, 210_000);
        Assert.Equal(3, stamps.Count);
        foreach (long stamp in new[] { 90_000, 99_999, 100_000 + Hour, 199_999 + Hour, 200_000, 209_999 })
        {
            Assert.Contains(stamps, s => s.Holds(stamp));
        }
    }

    private static EdgeTimeline Stepped(long offsetMs)
    {
        EdgeTimeline clock = new(startMs: 0) { EndMs = 300_000 };
        clock.Set(100_000, offsetMs, synchronised: true);
        clock.Set(200_000, 0, synchronised: true);
        return clock;
    }
}
