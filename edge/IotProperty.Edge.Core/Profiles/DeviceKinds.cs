namespace IotProperty.Edge.Profiles;

/// <summary>The names of the kinds of device, and what follows from the kind.</summary>
public static class DeviceKinds
{
    private static readonly (DeviceKind Kind, string Name)[] Named =
    [
        (DeviceKind.Lift, "lift"),
        (DeviceKind.FirePump, "fire-pump"),
        (DeviceKind.ElectricityMeter, "electricity-meter"),
        (DeviceKind.WaterMeter, "water-meter"),
        (DeviceKind.HeatMeter, "heat-meter"),
        (DeviceKind.GasMeter, "gas-meter"),
        (DeviceKind.Door, "door"),
        (DeviceKind.Gate, "gate"),
        (DeviceKind.Sensor, "sensor"),
    ];

    /// <summary>All names, as a profile may write them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Named.Select(n => n.Name)];

    /// <summary>The kind's name in files and on the wire.</summary>
    public static string Name(DeviceKind kind) => Named.First(n => n.Kind == kind).Name;

    /// <summary>The kind of this name, or null.</summary>
    public static DeviceKind? Find(string name)
    {
        foreach ((DeviceKind kind, string known) in Named)
        {
            if (known == name)
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>Whether somebody's safety or entry waits for the device's points: such devices are polled before all others.</summary>
    public static bool IsSafety(DeviceKind kind) => kind is DeviceKind.Lift or DeviceKind.FirePump or DeviceKind.Door or DeviceKind.Gate;

    /// <summary>Whether credentials are presented at the device.</summary>
    public static bool HasAccess(DeviceKind kind) => kind is DeviceKind.Door or DeviceKind.Gate;
}
