using IotProperty.Edge.Alarms;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Alarms;

public class AlarmRestartTests
{
    private const string Pump = "when=Below warning=0.45 alarm=0.35 hysteresis=0.03 on=500 off=2000 stale=10000";

    [Fact]
    public void A_restart_continues_an_open_occurrence_without_raising_it_again()
    {
        AlarmRuleConfiguration rule = AlarmScript.Rule(Pump);
        AlarmScript script = new AlarmScript(rule).Play("0:0.3 600").Restart(700, rule).Play("700:0.3 5000:0.3 6000:0.6 9000");
        Assert.Equal("500 N>A L0.35, 8000 A>N L0.35", script.Told());
        Assert.Single(script.Transitions.Select(t => t.Occurrence).Distinct());
        Assert.Equal([0, 1], script.Transitions.Select(t => t.Ordinal));
    }

    [Fact]
    public void A_return_that_happened_while_the_edge_was_away_is_sent_with_the_old_occurrence()
    {
        AlarmRuleConfiguration rule = AlarmScript.Rule(Pump);
        AlarmScript script = new AlarmScript(rule).Play("0:0.3 600").Restart(90_000, rule).Play("90000:0.6 95000");
        Assert.Equal("500 N>A L0.35, 92000 A>N L0.35", script.Told());
        Assert.Single(script.Transitions.Select(t => t.Occurrence).Distinct());
        Assert.Empty(script.Stored);
    }

    [Fact]
    public void A_device_that_is_dead_after_the_restart_neither_clears_nor_doubles_the_alarm()
    {
        AlarmRuleConfiguration rule = AlarmScript.Rule(Pump);
        AlarmScript script = new AlarmScript(rule).Play("0:0.3 600").Restart(90_000, rule).Play("90000:bad 95000:bad 200000");
        Assert.Equal("500 N>A L0.35", script.Told());
    }

    [Fact]
    public void Staleness_continues_over_a_restart_and_ends_with_good_values()
    {
        AlarmRuleConfiguration rule = AlarmScript.Rule(Pump);
        AlarmScript script = new AlarmScript(rule).Play("0:0.6 11000").Restart(20_000, rule).Play("20000:bad 21000:0.6 23500");
        Assert.Equal("10000 N>W S, 23000 W>N S", script.Told());
    }

    [Theory]
    [InlineData("when=Below warning=0.45 alarm=0.30 hysteresis=0.03 on=500 off=2000 stale=10000")]
    [InlineData("when=Below warning=0.45 alarm=0.35 hysteresis=0.03 on=500 off=2001 stale=10000")]
    [InlineData("when=Below alarm=0.35 hysteresis=0.03 on=500 off=2000 stale=10000")]
    [InlineData("when=Below warning=0.45 alarm=0.35 hysteresis=0.03 on=500 off=2000")]
    public void A_changed_rule_returns_its_occurrence_and_starts_anew(string changed)
    {
        AlarmScript script = new AlarmScript(AlarmScript.Rule(Pump)).Play("0:0.3 600").Restart(1000, AlarmScript.Rule(changed));
        Assert.Equal("500 N>A L0.35, 1000 A>N R", script.Told());
        Assert.Equal(("occurrence-1", 1), (script.Transitions.Last().Occurrence, script.Transitions.Last().Ordinal));
        Assert.Empty(script.Stored);
        script.Play("1000:0.2 2000");
        Assert.Equal(("occurrence-2", 0, AlarmLevel.Alarm), (script.Transitions.Last().Occurrence, script.Transitions.Last().Ordinal, script.Transitions.Last().To));
    }

    [Fact]
    public void A_removed_rule_returns_its_occurrence()
    {
        AlarmScript script = new AlarmScript(AlarmScript.Rule(Pump)).Play("0:0.4 600").Restart(1000).Play("2000:0.4 90000");
        Assert.Equal("500 N>W L0.45, 1000 W>N R", script.Told());
        Assert.Equal(AlarmScript.Point, script.Transitions.Last().Point);
    }

    [Fact]
    public void A_renamed_rule_keeps_its_occurrence()
    {
        AlarmRuleConfiguration rule = AlarmScript.Rule(Pump);
        AlarmScript script = new AlarmScript(rule).Play("0:0.4 600").Restart(1000, rule with { Name = new("Other", "别名") });
        Assert.Equal("500 N>W L0.45", script.Told());
        Assert.Equal(AlarmLevel.Warning, Assert.Single(script.Set.Rules).Level);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"version\":1}")]
    [InlineData("""{"version":2,"rule":"r","device":"d","point":"p","fingerprint":"f","occurrence":"o","nextOrdinal":1,"level":1,"warningEntered":true,"alarmEntered":false,"stale":false}""")]
    [InlineData("""{"version":1,"rule":"r","device":"d","point":"p","fingerprint":"f","occurrence":"o","nextOrdinal":0,"level":1,"warningEntered":true,"alarmEntered":false,"stale":false}""")]
    [InlineData("""{"version":1,"rule":"r","device":"d","point":"p","fingerprint":"f","occurrence":"o","nextOrdinal":1,"level":0,"warningEntered":true,"alarmEntered":false,"stale":false}""")]
    [InlineData("""{"version":1,"rule":null,"device":"d","point":"p","fingerprint":"f","occurrence":"o","nextOrdinal":1,"level":1,"warningEntered":true,"alarmEntered":false,"stale":false}""")]
    public void A_stored_state_that_cannot_be_read_is_refused_with_a_reason(string json)
    {
        Assert.False(AlarmRuleState.TryRead(System.Text.Encoding.UTF8.GetBytes(json), out AlarmRuleState? state, out string why));
        Assert.Null(state);
        Assert.NotEqual("", why);
    }

    [Fact]
    public void An_occurrence_of_another_rule_is_not_continued()
    {
        AlarmRule rule = new(AlarmScript.Rule("when=Above alarm=1"), () => "x", AlarmScript.At(0));
        AlarmScript script = new AlarmScript(AlarmScript.Rule(Pump)).Play("0:0.3 600");
        Assert.Throws<InvalidOperationException>(() => rule.Restore(script.Changes[0].State!));
    }
}
