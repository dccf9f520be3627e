using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>On which side of its limits a rule leaves normal.</summary>
public enum AlarmDirection : byte
{
    /// <summary>At or below a limit.</summary>
    Below,

    /// <summary>At or above a limit.</summary>
    Above,

    /// <summary>At exactly this value; for fault bits and codes.</summary>
    Equals,
}

/// <summary>
/// When a rule is entered and left. The reader has checked that at least one limit is there, that alarm lies beyond warning, that the hysteresis does not reach
/// from one limit over the other, and that the point exists and can reach the limits.
/// </summary>
public abstract record AlarmTerms
{
    public required AlarmDirection Direction { get; init; }

    /// <summary>The limit of <see cref="AlarmLevel.Warning"/> in the point's unit; null when the rule has no such level.</summary>
    public double? Warning { get; init; }

    /// <summary>The limit of <see cref="AlarmLevel.Alarm"/> in the point's unit; null when the rule has no such level.</summary>
    public double? Alarm { get; init; }

    /// <summary>How far the value must come back over a limit before its level is left, in the point's unit. 0 for <see cref="AlarmDirection.Equals"/>.</summary>
    public double Hysteresis { get; init; }

    /// <summary>How long a level must last before it is entered. Milliseconds.</summary>
    public int OnDelayMs { get; init; }

    /// <summary>How long a level must be over before it is left. Milliseconds.</summary>
    public int OffDelayMs { get; init; }

    /// <summary>Without a good value for this long the rule is raised for staleness. Milliseconds; null when silence raises nothing.</summary>
    public int? StaleAfterMs { get; init; }

    /// <summary>The level at which staleness raises; never <see cref="AlarmLevel.Normal"/>.</summary>
    public AlarmLevel StaleLevel { get; init; } = AlarmLevel.Warning;
}

/// <summary>One alarm rule of the site.</summary>
public sealed record AlarmRuleConfiguration : AlarmTerms
{
    public required string Id { get; init; }

    public required LocalText Name { get; init; }

    public required PointRef Point { get; init; }
}

/// <summary>A rule that a profile gives to each of its devices, unless the site has a rule of the same id or switches them off.</summary>
public sealed record AlarmTemplate : AlarmTerms
{
    /// <summary>Unique within the profile.</summary>
    public required string Id { get; init; }

    public required LocalText Name { get; init; }

    /// <summary>The point's id within the device.</summary>
    public required string Point { get; init; }

    /// <summary>The id of the rule for a device.</summary>
    public string RuleIdFor(string device) => $"{device}-{Id}";

    /// <summary>The rule for a device.</summary>
    public AlarmRuleConfiguration For(DeviceConfiguration device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new AlarmRuleConfiguration
        {
            Id = RuleIdFor(device.Id),
            Name = Name,
            Point = new PointRef(device.Id, Point),
            Direction = Direction,
            Warning = Warning,
            Alarm = Alarm,
            Hysteresis = Hysteresis,
            OnDelayMs = OnDelayMs,
            OffDelayMs = OffDelayMs,
            StaleAfterMs = StaleAfterMs,
            StaleLevel = StaleLevel,
        };
    }
}
