using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads <c>alarms</c> and refuses rules that could never fire, never return, or fire in the wrong order.</summary>
internal sealed class AlarmRuleReader(Dictionary<string, (SourcePosition At, DeviceConfiguration? Device)> devices)
{
    private static readonly FrozenDictionary<string, AlarmDirection> Directions = new Dictionary<string, AlarmDirection>
    {
        ["below"] = AlarmDirection.Below,
        ["above"] = AlarmDirection.Above,
        ["equals"] = AlarmDirection.Equals,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, AlarmLevel> StaleLevels = new Dictionary<string, AlarmLevel>
    {
        ["warning"] = AlarmLevel.Warning,
        ["alarm"] = AlarmLevel.Alarm,
    }.ToFrozenDictionary();

    private readonly Dictionary<string, SourcePosition> _ids = [];

    public ImmutableArray<AlarmRuleConfiguration> Read(MappingReader site)
    {
        ImmutableArray<AlarmRuleConfiguration>.Builder rules = ImmutableArray.CreateBuilder<AlarmRuleConfiguration>();
        foreach (YamlNode item in site.Items("alarms"))
        {
            if (site.Mapping(item, "an alarm rule") is { } rule && ReadRule(rule) is { } read)
            {
                rules.Add(read);
            }
        }

        return rules.ToImmutable();
    }

    private AlarmRuleConfiguration? ReadRule(MappingReader rule)
    {
        string? id = rule.Id("id", "write id: a name for the rule");
        if (id is not null && !_ids.TryAdd(id, rule.Optional("id")!.At))
        {
            rule.AddAt("id", $"rule '{id}' is already in line {_ids[id].Line}", "give each rule its own id");
        }

        LocalText? name = rule.Name("name");
        (PointRef Ref, DeviceConfiguration? Device, PointDefinition? Point)? target = ReadTarget(rule);
        (AlarmDirection Direction, decimal? Warning, decimal? Alarm)? limits = ReadLimits(rule);
        decimal hysteresis = rule.Number("hysteresis") ?? 0m;
        int onDelayMs = (int)(rule.Integer("onDelayMs", 0, 86_400_000) ?? 0);
        int offDelayMs = (int)(rule.Integer("offDelayMs", 0, 86_400_000) ?? 0);
        int? staleAfterMs = (int?)rule.Integer("staleAfterMs", 1_000, 604_800_000);
        AlarmLevel staleLevel = rule.Choice("staleLevel", StaleLevels) ?? AlarmLevel.Warning;
        rule.Finish();
        if (rule.Has("staleLevel") && !rule.Has("staleAfterMs"))
        {
            rule.AddAt("staleLevel", "'staleLevel' does nothing without 'staleAfterMs'", "write staleAfterMs, or leave 'staleLevel' out");
        }

        if (staleAfterMs is not null && target?.Device is { } device && staleAfterMs < 2L * device.PollMs)
        {
            rule.AddAt("staleAfterMs", $"device '{device.Id}' is polled every {device.PollMs} ms, so the rule would be stale between two polls", "write at least twice the poll period");
        }

        if (limits is { } given)
        {
            CheckLimits(rule, given, hysteresis, target?.Point);
        }

        return id is null || target is null || limits is not { } known
            ? null
            : new AlarmRuleConfiguration
            {
                Id = id,
                Name = name ?? new LocalText(id, id),
                Point = target.Value.Ref,
                Direction = known.Direction,
                Warning = (double?)known.Warning,
                Alarm = (double?)known.Alarm,
                Hysteresis = (double)hysteresis,
                OnDelayMs = onDelayMs,
                OffDelayMs = offDelayMs,
                StaleAfterMs = staleAfterMs,
                StaleLevel = staleLevel,
            };
    }

    private (PointRef Ref, DeviceConfiguration? Device, PointDefinition? Point)? ReadTarget(MappingReader rule)
    {
        string? text = rule.Text("point", "write point: DEVICE/POINT");
        if (text is null)
        {
            return null;
        }

        if (text.Split('/') is not [{ Length: > 0 } deviceId, { Length: > 0 } pointId])
        {
            rule.AddAt("point", $"'point' is '{MappingReader.Bounded(text)}'", "write point: DEVICE/POINT");
            return null;
        }

        PointRef target = new(deviceId, pointId);
        if (!devices.TryGetValue(deviceId, out (SourcePosition At, DeviceConfiguration? Device) entry))
        {
            rule.AddAt("point", $"there is no device '{MappingReader.Bounded(deviceId)}'", Suggestion.Mend(deviceId, devices.Keys));
            return null;
        }

        if (entry.Device is null)
        {
            return (target, null, null);
        }

        PointDefinition? point = entry.Device.Profile.FindPoint(pointId);
        if (point is null)
        {
            rule.AddAt("point", $"profile '{entry.Device.Profile.Id}' of device '{deviceId}' has no point '{MappingReader.Bounded(pointId)}'", Suggestion.Mend(pointId, [.. entry.Device.Profile.Points.Select(p => p.Id)]));
            return null;
        }

        return (target, entry.Device, point);
    }

    private static (AlarmDirection Direction, decimal? Warning, decimal? Alarm)? ReadLimits(MappingReader rule)
    {
        const string Mend = "write one of below, above, equals: { warning: …, alarm: … }";
        List<(AlarmDirection, decimal?, decimal?)> given = [];
        int keys = 0;
        foreach (string key in Directions.Keys.Order(StringComparer.Ordinal))
        {
            keys += rule.Has(key) ? 1 : 0;
            if (rule.Mapping(key, $"'{key}'") is { } limits)
            {
                decimal? warning = limits.Number("warning");
                decimal? alarm = limits.Number("alarm");
                limits.Finish();
                if (!limits.Has("warning") && !limits.Has("alarm"))
                {
                    rule.AddAt(key, $"'{key}' holds no limit", $"write {key}: {{ warning: …, alarm: … }}; one of the two may be left out");
                }

                given.Add((Directions[key], warning, alarm));
            }
        }

        if (keys != 1)
        {
            rule.Add(rule.Node.At, keys == 0 ? "the rule has no limits" : "the rule looks in more than one direction", keys == 0 ? Mend : "write one rule for each direction");
            return null;
        }

        return given.Count == 1 ? given[0] : null;
    }

    private static void CheckLimits(MappingReader rule, (AlarmDirection Direction, decimal? Warning, decimal? Alarm) limits, decimal hysteresis, PointDefinition? point)
    {
        string key = Directions.First(d => d.Value == limits.Direction).Key;
        if (hysteresis < 0)
        {
            rule.AddAt("hysteresis", $"'hysteresis' is {Text(hysteresis)}", "write 0 or more, in the point's unit");
        }

        if (limits.Direction == AlarmDirection.Equals && hysteresis > 0)
        {
            rule.AddAt("hysteresis", "a rule with 'equals' has no hysteresis", "leave it out; offDelayMs calms a flickering bit");
        }

        if (limits is { Warning: { } warning, Alarm: { } alarm })
        {
            CheckOrder(rule, key, limits.Direction, warning, alarm, hysteresis);
        }

        if (point is not null)
        {
            CheckReach(rule, key, limits, point);
        }
    }

    private static void CheckOrder(MappingReader rule, string key, AlarmDirection direction, decimal warning, decimal alarm, decimal hysteresis)
    {
        if (warning == alarm)
        {
            rule.AddAt(key, $"warning and alarm are both {Text(alarm)}", "let the warning come first, or leave one of the two out");
        }
        else if (direction == AlarmDirection.Below && alarm > warning)
        {
            rule.AddAt(key, $"alarm {Text(alarm)} comes before warning {Text(warning)} when the value falls", "write the alarm's limit below the warning's");
        }
        else if (direction == AlarmDirection.Above && alarm < warning)
        {
            rule.AddAt(key, $"alarm {Text(alarm)} comes before warning {Text(warning)} when the value rises", "write the alarm's limit above the warning's");
        }
        else if (direction != AlarmDirection.Equals && hysteresis >= Math.Abs(warning - alarm))
        {
            rule.AddAt("hysteresis", $"a hysteresis of {Text(hysteresis)} reaches from alarm {Text(alarm)} over warning {Text(warning)}", $"write less than {Text(Math.Abs(warning - alarm))}");
        }
    }

    private static void CheckReach(MappingReader rule, string key, (AlarmDirection Direction, decimal? Warning, decimal? Alarm) limits, PointDefinition point)
    {
        if (point.Type == PointType.Bool && limits.Direction != AlarmDirection.Equals)
        {
            rule.AddAt(key, $"point '{point.Id}' is only 0 or 1", "write equals: { alarm: 1 }");
            return;
        }

        if (point.Type is PointType.Float32 or PointType.Float64 && limits.Direction == AlarmDirection.Equals)
        {
            rule.AddAt(key, $"point '{point.Id}' is a float and hardly ever exactly a limit", "write below or above");
        }

        PointRange? range = point.Type == PointType.Bool ? new PointRange(0, 1) : point.Range;
        foreach (decimal limit in new[] { limits.Warning, limits.Alarm }.OfType<decimal>())
        {
            if (range is { } possible && !possible.Contains((double)limit))
            {
                rule.AddAt(key, string.Create(CultureInfo.InvariantCulture, $"limit {limit} lies outside the range [{possible.Low}, {possible.High}] of point '{point.Id}' and is never reached"), "write a limit inside the range");
            }
            else if (point.Type == PointType.Bool && limit is not (0 or 1))
            {
                rule.AddAt(key, $"point '{point.Id}' is only 0 or 1", "write equals: { alarm: 1 }");
            }
        }
    }

    private static string Text(decimal value) => value.ToString(CultureInfo.InvariantCulture);
}
