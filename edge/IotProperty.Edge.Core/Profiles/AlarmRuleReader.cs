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

    /// <summary>The rules under a profile's <c>alarms</c>: as a site's, but <c>point</c> names a point of the profile.</summary>
    public static ImmutableArray<AlarmTemplate> ReadTemplates(MappingReader profile, ImmutableArray<PointDefinition> points)
    {
        ImmutableArray<AlarmTemplate>.Builder templates = ImmutableArray.CreateBuilder<AlarmTemplate>();
        Dictionary<string, SourcePosition> ids = [];
        foreach (YamlNode item in profile.Items("alarms"))
        {
            if (profile.Mapping(item, "an alarm rule") is not { } rule)
            {
                continue;
            }

            string? id = ReadId(rule, ids);
            string? pointId = rule.Text("point", "write point: the point's name in this profile");
            PointDefinition? point = points.FirstOrDefault(p => p.Id == pointId);
            if (pointId is not null && point is null)
            {
                rule.AddAt("point", $"the profile has no point '{MappingReader.Bounded(pointId)}'", Suggestion.Mend(pointId, [.. points.Select(p => p.Id)]));
            }

            if (ReadTerms(rule, null, point) is { } terms && id is not null && point is not null)
            {
                templates.Add(new AlarmTemplate
                {
                    Id = id,
                    Name = terms.Name ?? new LocalText(id, id),
                    Point = point.Id,
                    Direction = terms.Direction,
                    Warning = (double?)terms.Warning,
                    Alarm = (double?)terms.Alarm,
                    Hysteresis = (double)terms.Hysteresis,
                    OnDelayMs = terms.OnDelayMs,
                    OffDelayMs = terms.OffDelayMs,
                    StaleAfterMs = terms.StaleAfterMs,
                    StaleLevel = terms.StaleLevel,
                });
            }
        }

        return templates.ToImmutable();
    }

    /// <summary>The rules that devices have from their profiles; one that the site wrote under the same id takes its place.</summary>
    public IEnumerable<AlarmRuleConfiguration> ReadDefaults(MappingReader site)
    {
        FrozenSet<string> own = _ids.Keys.ToFrozenSet();
        foreach ((SourcePosition at, DeviceConfiguration? device) in devices.Values.Where(entry => entry.Device is { ProfileAlarms: true }))
        {
            foreach (AlarmTemplate template in device!.Profile.Alarms.Where(template => !own.Contains(template.RuleIdFor(device.Id))))
            {
                string id = template.RuleIdFor(device.Id);
                string? mistake = !MappingReader.IsId(id) ? "has more than 40 characters in its id"
                    : template.StaleAfterMs < 2L * device.PollMs ? $"is stale after {template.StaleAfterMs} ms, but the device is polled only every {device.PollMs} ms"
                    : !_ids.TryAdd(id, at) ? $"has the same id as one of the device in line {_ids[id].Line}"
                    : null;
                if (mistake is not null)
                {
                    site.Add(at, $"the rule '{id}' of profile '{device.Profile.Id}' {mistake}", "write alarms: none at the device and a rule of your own under 'alarms', or rename the device");
                }

                yield return template.For(device);
            }
        }
    }

    private sealed record Terms(
        LocalText? Name, AlarmDirection Direction, decimal? Warning, decimal? Alarm, decimal Hysteresis, int OnDelayMs, int OffDelayMs, int? StaleAfterMs, AlarmLevel StaleLevel);

    private static string? ReadId(MappingReader rule, Dictionary<string, SourcePosition> ids)
    {
        string? id = rule.Id("id", "write id: a name for the rule");
        if (id is not null && !ids.TryAdd(id, rule.Optional("id")!.At))
        {
            rule.AddAt("id", $"rule '{id}' is already in line {ids[id].Line}", "give each rule its own id");
        }

        return id;
    }

    private AlarmRuleConfiguration? ReadRule(MappingReader rule)
    {
        string? id = ReadId(rule, _ids);
        (PointRef Ref, DeviceConfiguration? Device, PointDefinition? Point)? target = ReadTarget(rule);
        Terms? terms = ReadTerms(rule, target?.Device, target?.Point);
        return id is null || target is null || terms is null
            ? null
            : new AlarmRuleConfiguration
            {
                Id = id,
                Name = terms.Name ?? new LocalText(id, id),
                Point = target.Value.Ref,
                Direction = terms.Direction,
                Warning = (double?)terms.Warning,
                Alarm = (double?)terms.Alarm,
                Hysteresis = (double)terms.Hysteresis,
                OnDelayMs = terms.OnDelayMs,
                OffDelayMs = terms.OffDelayMs,
                StaleAfterMs = terms.StaleAfterMs,
                StaleLevel = terms.StaleLevel,
            };
    }

    /// <summary>All keys of a rule but its id and point. Call it last: it names unknown keys.</summary>
    private static Terms? ReadTerms(MappingReader rule, DeviceConfiguration? device, PointDefinition? point)
    {
        LocalText? name = rule.Name("name");
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

        if (staleAfterMs is not null && device is not null && staleAfterMs < 2L * device.PollMs)
        {
            rule.AddAt("staleAfterMs", $"device '{device.Id}' is polled every {device.PollMs} ms, so the rule would be stale between two polls", "write at least twice the poll period");
        }

        if (limits is { } given)
        {
            CheckLimits(rule, given, hysteresis, point);
        }

        return limits is { } known
            ? new Terms(name, known.Direction, known.Warning, known.Alarm, hysteresis, onDelayMs, offDelayMs, staleAfterMs, staleLevel)
            : null;
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
        if (point.Place.IsText)
        {
            rule.AddAt("point", $"point '{point.Id}' is a text and has no limits", "name a point with a value");
            return;
        }

        if (point.IsFlag && limits.Direction != AlarmDirection.Equals)
        {
            rule.AddAt(key, $"point '{point.Id}' is only 0 or 1", "write equals: { alarm: 1 }");
            return;
        }

        if (point.Place is RegisterPlace { Type: PointType.Float32 or PointType.Float64 } && limits.Direction == AlarmDirection.Equals)
        {
            rule.AddAt(key, $"point '{point.Id}' is a float and hardly ever exactly a limit", "write below or above");
        }

        PointRange? range = point.IsFlag ? new PointRange(0, 1) : point.Range;
        foreach (decimal limit in new[] { limits.Warning, limits.Alarm }.OfType<decimal>())
        {
            if (range is { } possible && !possible.Contains((double)limit))
            {
                rule.AddAt(key, string.Create(CultureInfo.InvariantCulture, $"limit {limit} lies outside the range [{possible.Low}, {possible.High}] of point '{point.Id}' and is never reached"), "write a limit inside the range");
            }
            else if (point.IsFlag && limit is not (0 or 1))
            {
                rule.AddAt(key, $"point '{point.Id}' is only 0 or 1", "write equals: { alarm: 1 }");
            }
        }
    }

    private static string Text(decimal value) => value.ToString(CultureInfo.InvariantCulture);
}
