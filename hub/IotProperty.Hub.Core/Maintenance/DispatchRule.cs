using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Maintenance;

/// <summary>What an alarm of a kind of device asks for. The rules are rows of the ledger, so that a site can have its own.</summary>
public sealed record DispatchRule
{
    /// <summary>The device's kind; <c>*</c> for every kind that has no rule of its own at this level.</summary>
    public required string Kind { get; init; }

    public required AlarmLevel Level { get; init; }

    /// <summary>Whether a work order is raised; without it people see the alarm and nobody is sent.</summary>
    public required bool Raises { get; init; }

    public required WorkOrderPriority Priority { get; init; }

    /// <summary>Within how many minutes of the alarm help is due.</summary>
    public required int DueMinutes { get; init; }

    /// <summary>The skill that is needed where the asset names none.</summary>
    public required string Skill { get; init; }

    /// <summary>Any kind.</summary>
    public const string AnyKind = "*";

    /// <summary>The rule of the kind, or that of any kind; null when neither speaks of the level.</summary>
    public static DispatchRule? Find(IReadOnlyCollection<DispatchRule> rules, string kind, AlarmLevel level) =>
        rules.FirstOrDefault(r => r.Level == level && string.Equals(r.Kind, kind, StringComparison.Ordinal))
        ?? rules.FirstOrDefault(r => r.Level == level && r.Kind == AnyKind);
}
