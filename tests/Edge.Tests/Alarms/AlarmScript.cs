using System.Globalization;
using IotProperty.Edge.Alarms;
using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Alarms;

/// <summary>
/// Plays a series against rules and ticks them exactly when they ask for it. A series is written <c>0:1.5 100:bad 700</c>: at 0 ms a good 1.5, at 100 ms a sample
/// that is not good, then time passes until 700 ms. Transitions are written <c>500 N>W L0.45</c>: when, from, to, cause and limit.
/// </summary>
internal sealed class AlarmScript
{
    /// <summary>Wall clock at monotonic 0.</summary>
    public const long StartUtcMs = 1_767_225_600_000;

    public static readonly PointRef Point = new("pump-1", "pressure");

    private int _ids;

    public AlarmScript(params AlarmRuleConfiguration[] rules) => Set = new(rules, [], NewId, At(0), Changes);

    public AlarmRuleSet Set { get; private set; }

    public List<AlarmChange> Changes { get; } = [];

    /// <summary>What a store would hold by now.</summary>
    public Dictionary<string, byte[]> Stored { get; } = [];

    public IEnumerable<AlarmTransition> Transitions => Changes.Select(change => change.Transition);

    public static Moment At(long ms) => new(ms, StartUtcMs + ms, ClockTrusted: true);

    public static AlarmRuleConfiguration Rule(string text)
    {
        Dictionary<string, string> parts = text.Split(' ').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
        double? Number(string key) => parts.TryGetValue(key, out string? value) ? double.Parse(value, CultureInfo.InvariantCulture) : null;
        return new AlarmRuleConfiguration
        {
            Id = "rule",
            Name = new("Rule", "规则"),
            Point = Point,
            Direction = Enum.Parse<AlarmDirection>(parts["when"]),
            Warning = Number("warning"),
            Alarm = Number("alarm"),
            Hysteresis = Number("hysteresis") ?? 0,
            OnDelayMs = (int)(Number("on") ?? 0),
            OffDelayMs = (int)(Number("off") ?? 0),
            StaleAfterMs = (int?)Number("stale"),
            StaleLevel = parts.TryGetValue("staleLevel", out string? level) ? Enum.Parse<AlarmLevel>(level) : AlarmLevel.Warning,
        };
    }

    public AlarmScript Play(string series)
    {
        foreach (string token in series.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = token.Split(':');
            long ms = long.Parse(parts[0], CultureInfo.InvariantCulture);
            if (parts.Length == 1)
            {
                PassTo(ms);
            }
            else if (parts[1] == "bad")
            {
                Sample(ms, 0, Quality.CommFail);
            }
            else
            {
                Sample(ms, double.Parse(parts[1], CultureInfo.InvariantCulture), Quality.Good);
            }
        }

        return this;
    }

    public void Sample(long ms, double value, Quality quality)
    {
        PassTo(ms);
        Set.Step(new PointSample(Point, At(ms), value, quality), Changes);
        Store();
    }

    public void PassTo(long ms)
    {
        while (Set.NextWakeMs <= ms)
        {
            Set.Tick(At(Set.NextWakeMs.Value), Changes);
        }

        Store();
    }

    /// <summary>Ends this run of the edge and begins another from what was stored.</summary>
    public AlarmScript Restart(long ms, params AlarmRuleConfiguration[] rules)
    {
        List<AlarmRuleState> states = [];
        foreach (byte[] bytes in Stored.Values)
        {
            Assert.True(AlarmRuleState.TryRead(bytes, out AlarmRuleState? state, out string why), why);
            states.Add(state);
        }

        Set = new(rules, states, NewId, At(ms), Changes);
        Store();
        return this;
    }

    public string Told() => string.Join(", ", Transitions.Select(Tell));

    private static string Tell(AlarmTransition t)
    {
        string cause = t.Cause switch
        {
            AlarmCause.Limit => string.Create(CultureInfo.InvariantCulture, $"L{t.Limit}"),
            AlarmCause.Stale => "S",
            _ => "R",
        };
        return $"{t.TimeMs - StartUtcMs} {t.From.ToString()[0]}>{t.To.ToString()[0]} {cause}";
    }

    private string NewId() => $"occurrence-{++_ids}";

    private void Store()
    {
        foreach (AlarmChange change in Changes)
        {
            if (change.State is null)
            {
                Stored.Remove(change.Transition.Rule);
            }
            else
            {
                Stored[change.Transition.Rule] = change.State.ToBytes();
            }
        }
    }
}
