using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Faults;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Devices;

/// <summary>
/// The devices of the simulated building and their register maps. This is the document that the profiles <c>edge/profiles/sim-*.yaml</c> name as their
/// source; <c>simulators/README.md</c> prints it as tables and a test holds both against this.
/// </summary>
public static class DemoDevices
{
    public const string Plant = "plant";
    public const string Meters = "meters";
    public const string Access = "access";

    /// <summary>In the order in which a ledger file numbers them.</summary>
    public static IReadOnlyList<string> Lines { get; } = [Plant, Meters, Access];

    private const RegisterTable Holding = RegisterTable.HoldingRegisters;
    private const RegisterTable Input = RegisterTable.InputRegisters;
    private const RegisterTable Discrete = RegisterTable.DiscreteInputs;

    /// <summary>The three units of a meter's value that a <c>register-drop</c> takes away, in steps of its register.</summary>
    private const long ThreeKwh = 300;
    private const long ThreeM3 = 3000;

    public static IReadOnlyList<SimulatedDevice> Of(Building building)
    {
        ArgumentNullException.ThrowIfNull(building);
        List<SimulatedDevice> devices = [];
        for (int i = 0; i < building.Lifts.Count; i++)
        {
            Lift lift = building.Lifts[i];
            devices.Add(new SimulatedDevice($"lift-{i + 1}", "lift", Plant, (byte)(11 + i), LiftMap(lift), FaultCatalogue.Of(lift)));
        }

        devices.Add(new SimulatedDevice("pump-1", "fire-pump", Plant, 21, FirePumpMap(building.FirePumps), FaultCatalogue.Of(building.FirePumps)));
        foreach (Flat flat in building.Flats)
        {
            devices.Add(new SimulatedDevice(
                $"meter-{flat.Number}", "electricity-meter", Meters, (byte)flat.Number, ElectricityMap(flat), FaultCatalogue.Of(flat.Electricity, ThreeKwh)));
        }

        foreach (Flat flat in building.Flats)
        {
            devices.Add(new SimulatedDevice(
                $"water-{flat.Number}", "water-meter", Meters, (byte)(100 + flat.Number), WaterMap(flat), FaultCatalogue.Of(flat.Water, ThreeM3)));
        }

        devices.Add(AccessDevice("door-1", "door", 31, building.Door, "door-open"));
        devices.Add(AccessDevice("gate-1", "gate", 32, building.Gate, "barrier-open"));
        return [.. devices.Select(d => OnWire(d, building))];
    }

    private static SimulatedDevice OnWire(SimulatedDevice device, Building building)
    {
        WireCondition wire = new(() => building.Elapsed);
        return device with { Wire = wire, Faults = device.Faults.With(WireFaultCatalogue.OfTcpDevice(wire)) };
    }

    /// <summary>The points of the lift's fault register, from bit 0 on: the names of <see cref="LiftFault"/>.</summary>
    private static IReadOnlyList<string> LiftFaultBits { get; } =
    [
        "fault-safety-circuit", "fault-door-open", "fault-door-close", "fault-stop-outside-door-zone", "fault-moving-with-doors-open",
        "fault-over-travel", "fault-motor-run-limit", "fault-position-lost", "fault-overspeed", "fault-entrapment",
    ];

    private static RegisterMap LiftMap(Lift lift) => new(
        new RegisterField("position", Holding, 0, 1, () => Round(lift.PositionM * 100)) { Type = "int16", Scale = 0.01m, Unit = "m" },
        new RegisterField("speed", Holding, 1, 1, () => Round(Math.Abs(lift.Speed) * 1000)) { Scale = 0.001m, Unit = "m/s" },
        new RegisterField("direction", Holding, 2, 1, () => lift.Direction) { Type = "int16" },
        new RegisterField("floor", Holding, 3, 1, () => lift.Floor) { Type = "int16" },
        new RegisterField("doors", Holding, 4, 1, () => (long)lift.Doors),
        new RegisterField("load", Holding, 5, 1, () => lift.LoadKg) { Unit = "kg" },
        new RegisterField("service-mode", Holding, 6, 1, () => lift.ServiceMode),
        new RegisterField("faults", Holding, 7, 1, () => (long)lift.Reported) { Bits = LiftFaultBits },
        new RegisterField("trips", Holding, 8, 2, () => lift.Trips) { Type = "uint32" },
        new RegisterField("run-hours", Holding, 10, 2, () => (long)(lift.RunHours * 100)) { Type = "uint32", Scale = 0.01m, Unit = "h" },
        new RegisterField("door-cycles", Holding, 12, 2, () => lift.DoorCycles) { Type = "uint32" });

    private static RegisterMap FirePumpMap(FirePumpSet pumps) => new(
        new RegisterField("pressure", Input, 0, 1, () => Round(pumps.SensorMpa * 1000)) { Scale = 0.001m, Unit = "MPa" },
        new RegisterField("jockey-starts", Input, 2, 2, () => pumps.JockeyStarts) { LowWordFirst = true, Type = "uint32" },
        new RegisterField("main-starts", Input, 4, 2, () => pumps.MainStarts) { LowWordFirst = true, Type = "uint32" },
        new RegisterField("jockey-run-hours", Input, 6, 2, () => (long)(pumps.JockeyRunHours * 100)) { LowWordFirst = true, Type = "uint32", Scale = 0.01m, Unit = "h" },
        new RegisterField("main-run-hours", Input, 8, 2, () => (long)(pumps.MainRunHours * 100)) { LowWordFirst = true, Type = "uint32", Scale = 0.01m, Unit = "h" },
        new RegisterField("jockey-running", Discrete, 0, 1, () => pumps.JockeyRuns ? 1 : 0) { Type = "bool" },
        new RegisterField("main-running", Discrete, 1, 1, () => pumps.MainRuns ? 1 : 0) { Type = "bool" },
        new RegisterField("common-fault", Discrete, 2, 1, () => pumps.CommonFault ? 1 : 0) { Type = "bool" });

    private static RegisterMap ElectricityMap(Flat flat) => new(
        new RegisterField("energy", Holding, 0, 2, () => flat.Electricity.Register) { Type = "uint32", Scale = 0.01m, Unit = "kWh" },
        new RegisterField("voltage", Holding, 2, 1, () => Round(flat.VoltageV * 10)) { Scale = 0.1m, Unit = "V" },
        new RegisterField("current", Holding, 3, 1, () => Round(flat.Electricity.Rate / flat.VoltageV * 100)) { Scale = 0.01m, Unit = "A" },
        new RegisterField("power", Holding, 4, 2, () => BitConverter.SingleToInt32Bits((float)flat.Electricity.Rate)) { Type = "float32", Unit = "W" });

    private static RegisterMap WaterMap(Flat flat) => new(
        new RegisterField("volume", Holding, 0, 2, () => flat.Water.Register) { Type = "uint32", Scale = 0.001m, Unit = "m3" },
        new RegisterField("flow", Holding, 2, 1, () => Round(flat.Water.Rate)) { Scale = 0.001m, Unit = "m3/h" });

    private static SimulatedDevice AccessDevice(string id, string kind, byte unit, AccessPoint point, string openName)
    {
        List<RegisterField> fields =
        [
            new RegisterField("swipe-seq", Holding, 0, 1, () => point.Sequence),
            new RegisterField("passages", Holding, 2, 2, () => point.Passages) { Type = "uint32" },
            new RegisterField("unlock", RegisterTable.Coils, 0, 1, () => point.Unlocked ? 1 : 0) { Type = "bool" },
            new RegisterField(openName, Discrete, 0, 1, () => point.IsOpen ? 1 : 0) { Type = "bool" },
            new RegisterField("unlocked", Discrete, 1, 1, () => point.Unlocked ? 1 : 0) { Type = "bool" },
        ];
        for (int i = 0; i < AccessPoint.RingEntries; i++)
        {
            int entry = i;
            ushort address = (ushort)(16 + (entry * 3));
            fields.Add(new RegisterField($"ring-{entry}-seq", Holding, address, 1, () => point.Ring[entry].Sequence));
            fields.Add(new RegisterField($"ring-{entry}-card", Holding, (ushort)(address + 1), 2, () => point.Ring[entry].Card) { Type = "uint32" });
        }

        return new SimulatedDevice(id, kind, Access, unit, new RegisterMap(fields), FaultCatalogue.Of(point)) { Swipe = point.Swipe, Unlock = point.Unlock };
    }

    private static long Round(double value) => (long)Math.Round(value, MidpointRounding.AwayFromZero);
}
