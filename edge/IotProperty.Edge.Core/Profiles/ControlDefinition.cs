namespace IotProperty.Edge.Profiles;

/// <summary>What of a meter may be switched at all. Nothing, unless the profile says so.</summary>
/// <param name="Relay">DL/T 645: trip and close.</param>
/// <param name="Valve">CJ/T 188: open and close.</param>
public sealed record ControlDefinition(bool Relay = false, bool Valve = false)
{
    public static ControlDefinition Nothing { get; } = new();
}
