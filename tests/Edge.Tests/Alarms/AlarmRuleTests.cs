using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Alarms;

public class AlarmRuleTests
{
    [Theory]
    // Limits without delays: at the limit is beyond it, in each direction.
    [InlineData("when=Above warning=10 alarm=20", "0:9.9 100:10 200:20 300:19 400:9", "100 N>W L10, 200 W>A L20, 300 A>W L20, 400 W>N L10")]
    [InlineData("when=Below warning=0.45 alarm=0.35", "0:0.6 100:0.45 200:0.35 300:0.4 400:0.5", "100 N>W L0.45, 200 W>A L0.35, 300 A>W L0.35, 400 W>N L0.45")]
    [InlineData("when=Equals alarm=1", "0:0 100:1 200:1 300:0", "100 N>A L1, 300 A>N L1")]
    [InlineData("when=Equals warning=1 alarm=2", "0:0 100:1 200:2 300:1 400:3", "100 N>W L1, 200 W>A L2, 300 A>W L2, 400 W>N L1")]
    // A jump is one transition, and so is the fall from alarm to normal.
    [InlineData("when=Above warning=10 alarm=20", "0:25 100:5", "0 N>A L20, 100 A>N L20")]
    // One level only.
    [InlineData("when=Above alarm=20", "0:19 100:20 200:19", "100 N>A L20, 200 A>N L20")]
    [InlineData("when=Above warning=10", "0:30 100:9", "0 N>W L10, 100 W>N L10")]
    // Hysteresis: inside the band nothing moves, in either direction.
    [InlineData("when=Above warning=10 hysteresis=2", "0:10 100:9 200:8 300:7.9 400:9 500:9.9", "0 N>W L10, 300 W>N L10")]
    [InlineData("when=Below alarm=0.5 hysteresis=0.25", "0:0.5 100:0.74 200:0.75 300:0.76", "0 N>A L0.5, 300 A>N L0.5")]
    [InlineData("when=Above warning=10 alarm=20 hysteresis=2", "0:21 100:18 200:17 300:8 400:7", "0 N>A L20, 200 A>W L20, 400 W>N L10")]
    // On-delay: ends at its own time without a further sample; is interrupted by one that is back.
    [InlineData("when=Above warning=10 on=500", "0:11 2000", "500 N>W L10")]
    [InlineData("when=Above warning=10 on=500", "0:11 400:9 500:11 900:9 1000:11 2000", "1500 N>W L10")]
    [InlineData("when=Above warning=10 on=500", "0:11 499:9 2000", "")]
    [InlineData("when=Above warning=10 on=500", "0:11 500:9 2000", "500 N>W L10, 500 W>N L10")]
    // On-delay of each level: a jump shows alarm at once, a climb shows both, and only what lasted counts.
    [InlineData("when=Above warning=10 alarm=20 on=500", "0:25 2000", "500 N>A L20")]
    [InlineData("when=Above warning=10 alarm=20 on=500", "0:11 200:25 2000", "500 N>W L10, 700 W>A L20")]
    [InlineData("when=Above warning=10 alarm=20 on=500", "0:25 300:15 2000", "500 N>W L10")]
    // Off-delay of each level.
    [InlineData("when=Above warning=10 alarm=20 off=1000", "0:25 100:15 200:5 3000", "0 N>A L20, 1100 A>W L20, 1200 W>N L10")]
    [InlineData("when=Above warning=10 alarm=20 off=1000", "0:25 100:5 3000", "0 N>A L20, 1100 A>N L20")]
    [InlineData("when=Above warning=10 alarm=20 off=1000", "0:25 100:5 600:25 1000:5 5000", "0 N>A L20, 2000 A>N L20")]
    [InlineData("when=Above warning=10 alarm=20 off=1000", "0:25 100:5 600:15 1700 5000", "0 N>A L20, 1100 A>W L20")]
    // A value inside the hysteresis band interrupts a running off-delay.
    [InlineData("when=Above warning=10 hysteresis=2 off=1000", "0:11 100:7 500:9 600:7 5000", "0 N>W L10, 1600 W>N L10")]
    // Bouncing faster than the delays moves nothing; then it settles.
    [InlineData("when=Above warning=10 on=300 off=300", "0:11 100:9 200:11 300:9 400:11 500:9 600:11 2000", "900 N>W L10")]
    [InlineData("when=Above warning=10 on=300 off=300", "0:11 400:9 500:11 600:9 700:11 800:9 2000", "300 N>W L10, 1100 W>N L10")]
    // The returned rule is raised anew as another occurrence.
    [InlineData("when=Above warning=10 on=100 off=100", "0:11 200:9 400:11 1000", "100 N>W L10, 300 W>N L10, 500 N>W L10")]
    public void Values_move_the_rule(string rule, string series, string expected) =>
        Assert.Equal(expected, new AlarmScript(AlarmScript.Rule(rule)).Play(series).Told());

    [Theory]
    // Bad values are not judged and do not clear.
    [InlineData("when=Above warning=10", "0:11 100:bad 200:bad 90000", "0 N>W L10")]
    // They stop an off-delay, which starts anew with the next good value …
    [InlineData("when=Above warning=10 off=1000", "0:11 100:9 600:bad 3000 3500:9 9000", "0 N>W L10, 4500 W>N L10")]
    // … and do not stop an on-delay.
    [InlineData("when=Above warning=10 on=1000", "0:11 600:bad 3000", "1000 N>W L10")]
    // Silence raises, whether bad samples come or none at all, and also when there never was a value.
    [InlineData("when=Above warning=10 stale=1000", "0:5 500:bad 1500:bad 9000", "1000 N>W S")]
    [InlineData("when=Above warning=10 stale=1000", "300:5 9000", "1300 N>W S")]
    [InlineData("when=Above warning=10 stale=1000 staleLevel=Alarm", "9000", "1000 N>A S")]
    // A value in time keeps it away.
    [InlineData("when=Above warning=10 stale=1000", "0:5 900:5 1800:5 2700:5 3000", "")]
    // When values return they are judged anew, with the off-delay.
    [InlineData("when=Above warning=10 stale=1000", "0:5 2000:5", "1000 N>W S, 2000 W>N S")]
    [InlineData("when=Above warning=10 stale=1000 off=300", "0:5 2000:5 2200:bad 2500:5 2900", "1000 N>W S, 2800 W>N S")]
    // A silence longer than the off-delay's rest keeps it stale.
    [InlineData("when=Above warning=10 stale=1000 off=2000", "0:5 2000:5 9000", "1000 N>W S")]
    // They return worse: one occurrence, not a return and a raise.
    [InlineData("when=Above warning=10 alarm=20 stale=1000 on=500", "0:5 2000:25 2600:25 3000", "1000 N>W S, 2500 W>A L20")]
    [InlineData("when=Above warning=10 stale=1000 on=500", "0:5 2000:15 2600:15 3000:5 3400:5", "1000 N>W S, 3000 W>N L10")]
    // They seemed to return worse but did not stay so.
    [InlineData("when=Above warning=10 stale=1000 on=500", "0:5 2000:15 2300:5 2400", "1000 N>W S, 2300 W>N S")]
    // Stale above or below the level that the limits hold.
    [InlineData("when=Above warning=10 alarm=20 stale=1000", "0:25 5000", "0 N>A L20")]
    [InlineData("when=Above warning=10 alarm=20 stale=1000 staleLevel=Alarm", "0:15 5000:15 5500:5", "0 N>W L10, 1000 W>A S, 5000 A>W S, 5500 W>N L10")]
    [InlineData("when=Above warning=10 alarm=20 stale=1000", "0:25 5000:5", "0 N>A L20, 5000 A>N L20")]
    public void Silence_and_doubt(string rule, string series, string expected) =>
        Assert.Equal(expected, new AlarmScript(AlarmScript.Rule(rule)).Play(series).Told());

    [Theory]
    [InlineData(Quality.Stale)]
    [InlineData(Quality.CommFail)]
    [InlineData(Quality.OutOfRange)]
    public void No_quality_but_good_feeds_a_limit(Quality quality)
    {
        AlarmScript script = new(AlarmScript.Rule("when=Above warning=10"));
        script.Sample(0, 99, quality);
        script.Sample(100, double.NaN, Quality.Good);
        Assert.Equal("", script.Told());
    }

    [Fact]
    public void Transitions_of_one_stay_share_the_occurrence_and_count_up()
    {
        AlarmScript script = new AlarmScript(AlarmScript.Rule("when=Above warning=10 alarm=20")).Play("0:11 1:25 2:11 3:1 4:25 5:1");
        Assert.Equal(
            [("occurrence-1", 0), ("occurrence-1", 1), ("occurrence-1", 2), ("occurrence-1", 3), ("occurrence-2", 0), ("occurrence-2", 1)],
            script.Transitions.Select(t => (t.Occurrence, t.Ordinal)));
    }

    [Fact]
    public void Transition_tells_what_decided()
    {
        AlarmScript script = new AlarmScript(AlarmScript.Rule("when=Below warning=0.45 alarm=0.35 stale=1000")).Play("0:0.4 100:0.5 1100");
        AlarmTransition raised = script.Transitions.First();
        Assert.Equal(("rule", AlarmScript.Point, 0.4, 0.45, AlarmScript.StartUtcMs, true), (raised.Rule, raised.Point, raised.Value, raised.Limit, raised.TimeMs, raised.ClockTrusted));
        AlarmTransition returned = script.Transitions.ElementAt(1);
        Assert.Equal((0.5, 0.45), (returned.Value, returned.Limit));
        AlarmTransition stale = script.Transitions.ElementAt(2);
        Assert.Equal((double.NaN, double.NaN), (stale.Value, stale.Limit));
    }

    [Fact]
    public void A_step_of_the_wall_clock_moves_no_delay()
    {
        AlarmScript script = new(AlarmScript.Rule("when=Above warning=10 on=500"));
        script.Set.Step(new PointSample(AlarmScript.Point, new(0, 5_000_000, false), 11, Quality.Good), script.Changes);
        script.Set.Tick(new(499, 9_000_000, true), script.Changes);
        Assert.Empty(script.Changes);
        script.Set.Tick(new(500, 1_000, true), script.Changes);
        Assert.Equal(1_000, Assert.Single(script.Transitions).TimeMs);
    }

    [Fact]
    public void Rules_of_one_point_are_judged_each_on_its_own_and_other_points_not_at_all()
    {
        AlarmRuleConfiguration high = AlarmScript.Rule("when=Above alarm=10") with { Id = "high" };
        AlarmRuleConfiguration low = AlarmScript.Rule("when=Below alarm=1 on=100") with { Id = "low" };
        AlarmRuleConfiguration other = AlarmScript.Rule("when=Below alarm=1") with { Id = "other", Point = new("pump-2", "pressure") };
        AlarmScript script = new AlarmScript(high, low, other).Play("0:11 50:0.5 1000");
        Assert.Equal([("high", AlarmLevel.Alarm), ("high", AlarmLevel.Normal), ("low", AlarmLevel.Alarm)], script.Transitions.Select(t => (t.Rule, t.To)));
        Assert.True(script.Set.Watches(other.Point));
        Assert.False(script.Set.Watches(new("pump-1", "starts")));
    }

    [Fact]
    public void A_rule_without_delays_asks_for_no_wake_up()
    {
        AlarmScript script = new AlarmScript(AlarmScript.Rule("when=Above warning=10")).Play("0:11 100:9");
        Assert.Null(script.Set.NextWakeMs);
    }
}
