using System.Collections.Immutable;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>What a device is; its name on the wire and in files is <see cref="DeviceKinds.Name"/>.</summary>
public enum DeviceKind : byte
{
    Lift,
    FirePump,
    ElectricityMeter,
    WaterMeter,
    HeatMeter,
    GasMeter,
    Door,
    Gate,

    /// <summary>A pressure, level or temperature transmitter, an input module, a set of contacts.</summary>
    Sensor,
}

/// <summary>One device model: its register map and what billing and access need to know of it. Immutable; shared by all devices of the model.</summary>
public sealed record DeviceProfile
{
    public required string Id { get; init; }

    public required LocalText Name { get; init; }

    public required DeviceKind Kind { get; init; }

    /// <summary>Where the register map is documented.</summary>
    public required string Source { get; init; }

    /// <summary>What the device speaks.</summary>
    public FieldProtocol Protocol { get; init; }

    /// <summary>How the device departs from its protocol.</summary>
    public DeviceQuirks Quirks { get; init; } = DeviceQuirks.None;

    /// <summary>What of the device may be switched by command.</summary>
    public ControlDefinition Control { get; init; } = ControlDefinition.Nothing;

    /// <summary>The rules that each device of the model gets.</summary>
    public ImmutableArray<AlarmTemplate> Alarms { get; init; } = [];

    /// <summary>The poll period, unless a device of the site has its own. Milliseconds.</summary>
    public required int PollMs { get; init; }

    /// <summary>Modbus: how many registers the device delivers in one read; 1 to 125.</summary>
    public int MaxRegistersPerRead { get; init; } = 125;

    /// <summary>Modbus: how many unused registers (or bits) one read may bridge to join two points; 0 joins only neighbours.</summary>
    public int JoinHoles { get; init; } = 8;

    /// <summary>In the order of the file.</summary>
    public required ImmutableArray<PointDefinition> Points { get; init; }

    /// <summary>The registers that are billed, in the order of the file.</summary>
    public ImmutableArray<ReadingDefinition> Readings { get; init; } = [];

    /// <summary>Only for doors and gates.</summary>
    public AccessDefinition? Access { get; init; }

    /// <summary>The point with this id, or null.</summary>
    public PointDefinition? FindPoint(string id)
    {
        foreach (PointDefinition point in Points)
        {
            if (point.Id == id)
            {
                return point;
            }
        }

        return null;
    }
}

/// <summary>A register that is billed: a fresh read of it is kept at every multiple of <see cref="EverySeconds"/> of the site's clock.</summary>
/// <param name="Point">The point's id.</param>
/// <param name="Digits">How many decimal digits the register has before it wraps to zero; 0 when it is binary or unknown.</param>
/// <param name="EverySeconds">Divides a day: 900 reads at :00, :15, :30 and :45.</param>
public sealed record ReadingDefinition(string Point, int Digits, int EverySeconds);

/// <summary>Which parts of a door's or gate's register map play which role.</summary>
public sealed record AccessDefinition
{
    /// <summary>The point (uint16) that counts presented credentials.</summary>
    public required string SwipeSequence { get; init; }

    public required SwipeRing SwipeRing { get; init; }

    /// <summary>The coil that unlocks; a pulse: the controller itself relocks.</summary>
    public required ushort UnlockCoil { get; init; }

    /// <summary>The point (bool) that is 1 while the door is open, if there is one.</summary>
    public string? Open { get; init; }

    /// <summary>How long the door may stay open before that is an event of its own. Milliseconds; null when it may stay open.</summary>
    public int? HeldOpenMs { get; init; }
}

/// <summary>How one entry of a swipe ring is laid out.</summary>
public enum SwipeLayout : byte
{
    /// <summary>Three registers: the swipe's sequence number, then the card number, high register first.</summary>
    SequenceU16CardU32,
}

/// <summary>Where a controller keeps its newest credentials: <paramref name="Entries"/> entries of three registers each.</summary>
public sealed record SwipeRing(PointTable Table, ushort Address, int Entries, SwipeLayout Layout)
{
    /// <summary>How many registers one entry occupies.</summary>
    public int EntryWidth => Layout switch
    {
        SwipeLayout.SequenceU16CardU32 => 3,
        _ => throw new InvalidOperationException($"no width for {Layout}"),
    };

    /// <summary>How many registers the ring occupies.</summary>
    public int Width => Entries * EntryWidth;
}
