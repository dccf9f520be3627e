using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Alarms;

/// <summary>What a step of a rule asks its shell to store, both in one transaction.</summary>
/// <param name="Transition">Goes to the hub.</param>
/// <param name="State">Replaces what is stored for the rule; null: the rule is normal and nothing stays stored.</param>
public readonly record struct AlarmChange(AlarmTransition Transition, AlarmRuleState? State);
