using FsCheck;
using FsCheck.Fluent;
using IotProperty.Edge.Alarms;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Alarms;

public class AlarmRuleProperties
{
    /// <param name="AfterMs">Since the step before.</param>
    /// <param name="Value">Null: a sample that is not good.</param>
    /// <param name="Restart">Whether the edge is restarted before it.</param>
    private sealed record Step(int AfterMs, int? Value, bool Restart)
    {
        public override string ToString() => $"+{AfterMs}:{Value?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "bad"}{(Restart ? " after restart" : "")}";
    }

    private static readonly Gen<Step> Steps =
        from afterMs in Gen.Choose(0, 700)
        from value in Gen.Choose(0, 12)
        from bad in Gen.Choose(0, 5)
        from restart in Gen.Choose(0, 9)
        select new Step(afterMs, bad == 0 ? null : value, restart == 0);

    private static readonly Gen<AlarmRuleConfiguration> Rules =
        from above in Gen.Elements(true, false)
        from levels in Gen.Choose(1, 3)
        from hysteresis in Gen.Choose(0, 2)
        from onDelayMs in Gen.Elements(0, 1, 300, 1000)
        from offDelayMs in Gen.Elements(0, 1, 300, 1000)
        from staleAfterMs in Gen.Elements<int?>(null, 1, 500, 2000)
        from staleLevel in Gen.Elements(AlarmLevel.Warning, AlarmLevel.Alarm)
        select AlarmScript.Rule("when=Above warning=5") with
        {
            Direction = above ? AlarmDirection.Above : AlarmDirection.Below,
            Warning = (levels & 1) != 0 ? 6 : null,
            Alarm = (levels & 2) != 0 ? (above ? 9 : 3) : null,
            Hysteresis = hysteresis,
            OnDelayMs = onDelayMs,
            OffDelayMs = offDelayMs,
            StaleAfterMs = staleAfterMs,
            StaleLevel = staleLevel,
        };

    private static readonly Arbitrary<(AlarmRuleConfiguration Rule, Step[] Steps)> Series =
        (from rule in Rules from steps in Steps.ArrayOf() select (rule, steps)).ToArbitrary();

    [Fact]
    public void An_occurrence_is_raised_once_climbs_and_falls_without_a_hole_and_returns_once() =>
        Prop.ForAll(Series, series => Chained(Play(series.Rule, series.Steps, restarts: true))).Check(PropertyRun.Config);

    [Fact]
    public void Levels_entered_or_left_by_a_limit_last_for_their_delays() =>
        Prop.ForAll(Series, series => Unhurried(series.Rule, Play(series.Rule, series.Steps, restarts: false))).Check(PropertyRun.Config);

    [Fact]
    public void Ticks_that_nobody_asked_for_change_nothing() =>
        Prop.ForAll(Series, series =>
        {
            AlarmScript asked = Play(series.Rule, series.Steps, restarts: false);
            AlarmScript busy = Play(series.Rule, series.Steps, restarts: false, extraTicks: true);
            return asked.Told() == busy.Told();
        }).Check(PropertyRun.Config);

    [Fact]
    public void Without_delays_hysteresis_and_staleness_the_level_is_a_plain_comparison() =>
        Prop.ForAll(Series, series =>
        {
            AlarmRuleConfiguration rule = series.Rule with { Hysteresis = 0, OnDelayMs = 0, OffDelayMs = 0, StaleAfterMs = null };
            AlarmScript script = new(rule);
            long ms = 0;
            foreach (Step step in series.Steps.Where(step => step.Value is not null))
            {
                ms += step.AfterMs;
                script.Sample(ms, step.Value!.Value, Quality.Good);
                if (script.Set.Rules[0].Level != Naive(rule, step.Value.Value))
                {
                    return false;
                }
            }

            return true;
        }).Check(PropertyRun.Config);

    [Fact]
    public void Inside_the_hysteresis_band_nothing_is_left() =>
        Prop.ForAll(Gen.Choose(801, 999).ArrayOf().ToArbitrary(), band =>
        {
            AlarmScript script = new(AlarmScript.Rule("when=Above warning=10 hysteresis=2"));
            script.Sample(0, 10, Quality.Good);
            for (int i = 0; i < band.Length; i++)
            {
                script.Sample(i + 1, band[i] / 100.0, Quality.Good);
            }

            return script.Told() == "0 N>W L10";
        }).Check(PropertyRun.Config);

    private static AlarmScript Play(AlarmRuleConfiguration rule, Step[] steps, bool restarts, bool extraTicks = false)
    {
        AlarmScript script = new(rule);
        long ms = 0;
        foreach (Step step in steps)
        {
            for (int i = 1; extraTicks && i < step.AfterMs; i += 37)
            {
                script.PassTo(ms + i);
                AlarmRule only = script.Set.Rules[0];
                only.Tick(AlarmScript.At(ms + i), script.Changes);
            }

            ms += step.AfterMs;
            if (restarts && step.Restart)
            {
                script.PassTo(ms);
                script.Restart(ms, rule);
            }

            script.Sample(ms, step.Value ?? 0, step.Value is null ? Quality.CommFail : Quality.Good);
        }

        script.PassTo(ms + 10_000);
        return script;
    }

    private static bool Chained(AlarmScript script)
    {
        AlarmTransition? last = null;
        HashSet<string> seen = [];
        foreach (AlarmTransition t in script.Transitions)
        {
            bool begins = t.From == AlarmLevel.Normal;
            bool fits = begins
                ? last is null or { To: AlarmLevel.Normal } && t.Ordinal == 0 && seen.Add(t.Occurrence)
                : last is not null && t.From == last.To && t.Ordinal == last.Ordinal + 1 && t.Occurrence == last.Occurrence;
            if (!fits || t.From == t.To || (last is not null && t.TimeMs < last.TimeMs))
            {
                return false;
            }

            last = t;
        }

        return true;
    }

    private static bool Unhurried(AlarmRuleConfiguration rule, AlarmScript script)
    {
        AlarmTransition[] all = [.. script.Transitions];
        for (int i = 1; i < all.Length; i++)
        {
            long lastedMs = all[i].TimeMs - all[i - 1].TimeMs;
            bool fell = all[i].To < all[i].From;
            bool enteredJustBefore = all[i - 1].To > all[i - 1].From;
            if (fell && enteredJustBefore && all[i - 1].Cause == AlarmCause.Limit && lastedMs < rule.OffDelayMs)
            {
                return false;
            }

            bool raisedAgain = all[i].From == AlarmLevel.Normal && all[i].Cause == AlarmCause.Limit;
            if (raisedAgain && all[i - 1].Cause == AlarmCause.Limit && lastedMs < rule.OnDelayMs)
            {
                return false;
            }
        }

        return true;
    }

    private static AlarmLevel Naive(AlarmRuleConfiguration rule, double value)
    {
        bool Beyond(double? limit) => rule.Direction == AlarmDirection.Above ? value >= limit : value <= limit;
        return Beyond(rule.Alarm) ? AlarmLevel.Alarm : Beyond(rule.Warning) ? AlarmLevel.Warning : AlarmLevel.Normal;
    }
}
