using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Scenarios.Truth;

/// <summary>One point of the demo as the profiles define it: a register of a device, or one bit of it.</summary>
/// <param name="Device">The device.</param>
/// <param name="Field">The register.</param>
/// <param name="Bit">Which bit; null for the whole register.</param>
/// <param name="Name">The point's id.</param>
public sealed record DemoPoint(SimulatedDevice Device, RegisterField Field, int? Bit, string Name)
{
    /// <summary>Points that the profiles thin by a deadband, so that not every change reaches the hub.</summary>
    private static readonly HashSet<(string Kind, string Name)> Thinned = [("lift", "position"), ("electricity-meter", "power")];

    /// <summary>Registers that are also read for billing, by a read of their own.</summary>
    private static readonly HashSet<string> Billed = ["energy", "volume"];

    /// <summary>All points of the demo's site that are registers.</summary>
    public static IReadOnlyList<DemoPoint> All { get; } =
    [
        .. DevicesOf(new Building(new BuildingOptions(0))).SelectMany(device => device.Registers.Fields
            .Where(f => f.Table != RegisterTable.Coils && !f.Name.StartsWith("ring-", StringComparison.Ordinal))
            .SelectMany(field => field.Bits.Count == 0
                ? [new DemoPoint(device, field, null, field.Name)]
                : field.Bits.Select((name, bit) => new DemoPoint(device, field, bit, name)))),
    ];

    /// <summary><c>device/point</c>.</summary>
    public string Id => $"{Device.Id}/{Name}";

    public bool IsThinned => DemoDevices.Lines.Contains(Device.Line) && Thinned.Contains((Device.Kind, Name));

    public bool IsBilled => Billed.Contains(Name);

    /// <summary>Whether a read shows this point's register to the edge's poll.</summary>
    public bool IsPolledBy(ServedRead read) => Covers(read) && !(IsBilled && read.Values.Length == Field.Words);

    /// <summary>Whether a read is the billing read of this point's register: exactly the register and nothing else.</summary>
    public bool IsBilledBy(ServedRead read) => Covers(read) && IsBilled && read.Values.Length == Field.Words;

    /// <summary>What the read showed, in the point's unit.</summary>
    public double ValueIn(ServedRead read)
    {
        ArgumentNullException.ThrowIfNull(read);
        uint raw = RawIn(read);
        return Bit is { } bit ? (raw >> bit) & 1 : Field.Value(raw);
    }

    public uint RawIn(ServedRead read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return RegisterField.Join(read.Values.AsSpan(Field.Address - read.Address, Field.Words), Field.LowWordFirst);
    }

    private static IEnumerable<SimulatedDevice> DevicesOf(Building building) => [.. DemoDevices.Of(building), .. new SerialEstate(building).Devices];

    private bool Covers(ServedRead read) =>
        read.Line == Device.Line && read.Unit == Device.Unit && read.Table == Field.Table
        && read.Address <= Field.Address && Field.Address + Field.Words <= read.Address + read.Values.Length;
}
