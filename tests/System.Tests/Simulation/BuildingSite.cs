using System.Collections.Immutable;
using IotProperty.Edge.Profiles;

namespace IotProperty.SystemTests.Simulation;

/// <summary>The site as the edge is told of it: two lines, five devices, two rules, four cards.</summary>
internal static class BuildingSite
{
    public const string Id = "riverside";
    public const string Pump = "pump-1";
    public const string Lift = "lift-1";
    public const string Meter = "meter-1";
    public const string PressureRule = "low-pressure";
    public const string LiftRule = "lift-fault";
    public const double WarningPressure = 0.35;
    public const double AlarmPressure = 0.25;
    public const int ReadingSeconds = 300;
    public const int RingEntries = 8;
    public const ushort RingAddress = 100;
    public const ushort UnlockCoil = 3;
    public const ulong GoodCard = 0x11223344;
    public const ulong BlockedCard = 0x22334455;
    public const ulong OtherDoorCard = 0x33445566;
    public const ulong UnknownCard = 0x44556677;

    public static readonly ImmutableArray<string> Doors = ["door-1", "door-2"];

    public static readonly ImmutableArray<CredentialConfiguration> Credentials =
    [
        new("resident-1", GoodCard, Doors, null, null, false),
        new("resident-2", BlockedCard, Doors, null, null, true),
        new("resident-3", OtherDoorCard, ["door-9"], null, null, false),
    ];

    public static readonly ImmutableArray<AlarmRuleConfiguration> Rules =
    [
        new()
        {
            Id = PressureRule,
            Name = new(PressureRule, PressureRule),
            Point = new(Pump, "pressure"),
            Direction = AlarmDirection.Below,
            Warning = WarningPressure,
            Alarm = AlarmPressure,
            Hysteresis = 0.02,
            OnDelayMs = 5_000,
            OffDelayMs = 5_000,
            StaleAfterMs = 30_000,
        },
        new()
        {
            Id = LiftRule,
            Name = new(LiftRule, LiftRule),
            Point = new(Lift, "fault"),
            Direction = AlarmDirection.Equals,
            Alarm = 7,
        },
    ];

    public static readonly ImmutableArray<LineConfiguration> Lines =
    [
        Line("machines", Device(Pump, DeviceKind.FirePump, 3_000, [Point("pressure", 0, PointType.Uint16, 0.001m, 0.004, new(0, 1.6)), Point("running", 1, PointType.Uint16)]),
            Device(Lift, DeviceKind.Lift, 5_000, [Point("floor", 0, PointType.Int16), Point("fault", 1, PointType.Uint16)]),
            Meters()),
        Line("doors", [.. Doors.Select((door, at) => Door(door, at == 0 ? 1_000 : 2_000))]),
    ];

    private static LineConfiguration Line(string id, params ImmutableArray<DeviceConfiguration> devices) =>
        new() { Id = id, Transport = new ModbusTcpTransport("127.0.0.1", 1502), Devices = devices };

    private static DeviceConfiguration Meters() => Device(
        Meter,
        DeviceKind.ElectricityMeter,
        15_000,
        [Point("energy", 0, PointType.Uint32, 0.01m, 0.05), Point("power", 2, PointType.Uint16, 1m, 20)],
        readings: [new("energy", 8, ReadingSeconds)]);

    private static DeviceConfiguration Door(string id, int pollMs) => Device(
        id,
        DeviceKind.Door,
        pollMs,
        [Point("swipes", 0, PointType.Uint16), Point("open", 1, PointType.Uint16)],
        access: new AccessDefinition
        {
            SwipeSequence = "swipes",
            SwipeRing = new SwipeRing(PointTable.Holding, RingAddress, RingEntries, SwipeLayout.SequenceU16CardU32),
            UnlockCoil = UnlockCoil,
            Open = "open",
            HeldOpenMs = 60_000,
        });

    private static DeviceConfiguration Device(
        string id,
        DeviceKind kind,
        int pollMs,
        ImmutableArray<PointDefinition> points,
        ImmutableArray<ReadingDefinition>? readings = null,
        AccessDefinition? access = null) => new()
        {
            Id = id,
            Name = new(id, id),
            Address = new ModbusAddress(1),
            PollMs = pollMs,
            Profile = new DeviceProfile
            {
                Id = id,
                Name = new(id, id),
                Kind = kind,
                Source = "the simulation",
                PollMs = pollMs,
                Points = points,
                Readings = readings ?? [],
                Access = access,
            },
        };

    private static PointDefinition Point(string id, ushort address, PointType type, decimal scale = 1m, double deadband = 0, PointRange? range = null) => new()
    {
        Id = id,
        Name = new(id, id),
        Place = new RegisterPlace(PointTable.Holding, address, type),
        Scale = scale,
        Deadband = deadband,
        Range = range,
    };
}
