using System.Globalization;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Faults;
using IotProperty.Transports;

namespace IotProperty.Simulators.Devices;

/// <summary>A serial line with equal devices and no building behind it, for benchmarks and for trying an installer's tools.</summary>
/// <param name="Settings">How the line is spoken.</param>
/// <param name="Units">How many devices there are, 1 to 247; Modbus and M-Bus units count from 1, addresses of meters likewise.</param>
public sealed record StagedLine(SerialSettings Settings, int Units)
{
    /// <summary>Registers of each Modbus device.</summary>
    public const int Registers = 1000;

    /// <summary>Null for Modbus RTU.</summary>
    public MeterProtocol? Protocol { get; init; }

    /// <summary>How many of the devices answer nothing: the last ones.</summary>
    public int Dead { get; init; }

    /// <summary>From the last byte of a request to the first of the reply.</summary>
    public TimeSpan ResponseDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>For the faults.</summary>
    public long Seed { get; init; }

    /// <summary>What the holding register of a Modbus device shows; the same for ever.</summary>
    public static ushort RegisterOf(int unit, int address) => unchecked((ushort)((unit * 1009) + address));

    /// <summary>What the register of a meter shows; the same for ever.</summary>
    public static decimal EnergyOf(int unit) => (unit * 100m) + 0.25m;

    /// <summary>The address of a meter; M-Bus meters have the unit beside it.</summary>
    public static string AddressOf(MeterProtocol protocol, int unit) => protocol switch
    {
        MeterProtocol.Cjt188 => unit.ToString("D14", CultureInfo.InvariantCulture),
        MeterProtocol.MBus => unit.ToString("D8", CultureInfo.InvariantCulture) + "IPS0102",
        _ => unit.ToString("D12", CultureInfo.InvariantCulture),
    };

    /// <summary>Builds the line.</summary>
    public SerialBus Build()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Units, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Units, 247);
        ArgumentOutOfRangeException.ThrowIfNegative(Dead);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Dead, Units);
        IEnumerable<BusStation> stations = Enumerable.Range(1, Units).Select(Station);
        SerialBusOptions options = new("staged", new WireSpeed(Settings.Baud, Settings.BitsPerCharacter)) { Seed = Seed };
        return new SerialBus(options, stations, new WireCondition(NoTime), new Lock());
    }

    private static TimeSpan NoTime() => TimeSpan.Zero;

    private BusStation Station(int unit)
    {
        WireCondition wire = new(NoTime) { Active = unit > Units - Dead ? WireFault.Dead : WireFault.None };
        DeviceFaults faults = new(WireFaultCatalogue.OfDevice(wire));
        string id = string.Create(CultureInfo.InvariantCulture, $"unit-{unit}");
        if (Protocol is not { } protocol)
        {
            RegisterMap map = new(
                [.. Enumerable.Range(0, Registers).Select(a => new RegisterField($"r{a}", RegisterTable.HoldingRegisters, (ushort)a, 1, () => RegisterOf(unit, a)))]);
            SimulatedDevice device = new(id, "staged", "staged", (byte)unit, map, faults) { Wire = wire };
            return new ModbusStation(device, NoLedger.Instance) { ResponseDelay = ResponseDelay };
        }

        (string kind, MeterItem item) = protocol switch
        {
            MeterProtocol.Cjt188 => ("water-meter", new MeterItem("volume", "901F/current", "m3", 2, () => EnergyOf(unit))),
            MeterProtocol.MBus => ("electricity-meter", new MeterItem("energy", "energy", "kWh", 2, () => EnergyOf(unit))),
            MeterProtocol.Dlt645Y1997 => ("electricity-meter", new MeterItem("energy", "9010", "kWh", 2, () => EnergyOf(unit))),
            _ => ("electricity-meter", new MeterItem("energy", "00010000", "kWh", 2, () => EnergyOf(unit))),
        };
        SimulatedMeter meter = new(id, kind, "staged", AddressOf(protocol, unit), protocol, [item], wire, faults) { Unit = (byte)unit };
        return MeterStation.Of(meter, NoLedger.Instance, ResponseDelay);
    }

    /// <summary>What is always the same needs no remembering.</summary>
    private sealed class NoLedger : IServedReads, IServedItems
    {
        public static NoLedger Instance { get; } = new();

        public void Served(string line, byte unit, RegisterTable table, ushort address, ReadOnlySpan<ushort> values)
        {
        }

        public void Served(SimulatedMeter meter, IReadOnlyDictionary<string, decimal> values)
        {
        }
    }
}
