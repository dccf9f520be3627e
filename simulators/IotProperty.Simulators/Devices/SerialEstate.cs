using System.Globalization;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Faults;
using IotProperty.Simulators.World;
using IotProperty.Transports;

namespace IotProperty.Simulators.Devices;

/// <summary>
/// The serial lines of the simulated building and what hangs on them: the meters and sensors of the estate itself. As with <see cref="DemoDevices"/>, profiles, the demo's site
/// and the README are held against this by a test.
/// </summary>
public sealed class SerialEstate
{
    public const string Power = "power";
    public const string Utilities = "utilities";
    public const string Heat = "heat";
    public const string Sensors = "sensors";

    public static IReadOnlyList<string> LineIds { get; } = [Power, Utilities, Heat, Sensors];

    /// <summary>Where the demo's site has a device on the line <see cref="Sensors"/> and nobody is, and how the site calls it.</summary>
    public const byte EmptyUnit = 3;
    public const string EmptyDevice = "spare-module";

    private const string ElectricityMeter = "electricity-meter";
    private const string WaterMeter = "water-meter";
    private const string GasMeter = "gas-meter";
    private const string HeatMeter = "heat-meter";
    private const decimal Hundredth = 0.01m;

    /// <summary>Three energies and their identifier: the other two go in a follow-up frame.</summary>
    private const int ShortReply = 16;

    private readonly Building _building;
    private readonly PublicServices _services;
    private readonly List<SimulatedMeter> _meters = [];
    private readonly List<SimulatedDevice> _devices = [];

    public SerialEstate(Building building)
    {
        ArgumentNullException.ThrowIfNull(building);
        (_building, _services) = (building, building.Services);
        AddPower();
        AddUtilities();
        AddHeat();
        AddSensors();
        SerialSettings meterBus = new(2400, parity: SerialParity.Even);
        Lines = [NewLine(Power, new SerialSettings(9600, parity: SerialParity.Even)), NewLine(Utilities, meterBus), NewLine(Heat, meterBus), NewLine(Sensors, new SerialSettings(9600))];
    }

    public IReadOnlyList<SerialLineDefinition> Lines { get; }

    /// <summary>What has registers.</summary>
    public IReadOnlyList<SimulatedDevice> Devices => _devices;

    /// <summary>What has items.</summary>
    public IReadOnlyList<SimulatedMeter> Meters => _meters;

    /// <summary>DL/T 645: lifts with three phases and lighting with one, both with tariffs; the garage's meter is of the older edition.</summary>
    private void AddPower()
    {
        ElectricityFigures lifts = new(_services.LiftPower.Total, () => _services.PhaseV);
        AddMeter("lift-power", ElectricityMeter, Power, "202600000001", MeterProtocol.Dlt645Y2007, _services.LiftPower.Total,
        [
            .. Energies(_services.LiftPower, "00010000", tariff => $"00010{tariff}00"),
            .. Phases("voltage", phase => $"02010{phase}00", "V", 1, lifts.VoltageV),
            .. Phases("current", phase => $"02020{phase}00", "A", 3, lifts.CurrentA),
            new MeterItem("power", "02030000", "kW", 4, () => lifts.PowerKw),
            new MeterItem("power-factor", "02060000", "", 3, () => ElectricityFigures.PowerFactor),
        ]);
        ElectricityFigures lighting = new(_services.LightingPower.Total, () => [_services.PhaseV[0]]);
        AddMeter("lighting-power", ElectricityMeter, Power, "202600000002", MeterProtocol.Dlt645Y2007, _services.LightingPower.Total,
        [
            .. Energies(_services.LightingPower, "00010000", tariff => $"00010{tariff}00"),
            new MeterItem("voltage", "02010100", "V", 1, () => lighting.VoltageV(0)),
            new MeterItem("current", "02020100", "A", 3, () => lighting.CurrentA(0)),
            new MeterItem("power", "02030000", "kW", 4, () => lighting.PowerKw),
        ], m => m with { MaxReplyData = ShortReply });
        ElectricityFigures garage = new(_services.GaragePower.Total, () => [_services.PhaseV[1]]);
        AddMeter("garage-power", ElectricityMeter, Power, "199700000003", MeterProtocol.Dlt645Y1997, _services.GaragePower.Total,
        [
            .. Energies(_services.GaragePower, "9010", tariff => $"901{tariff}"),
            new MeterItem("power", "B630", "kW", 4, () => garage.PowerKw),
        ]);
    }

    /// <summary>CJ/T 188: common water, gas of the boiler, heat of lobby and office.</summary>
    private void AddUtilities()
    {
        AddMeter("common-water", WaterMeter, Utilities, "78330000000001", MeterProtocol.Cjt188, _services.Water,
            [new MeterItem("volume", "901F/current", "m3", 2, () => _services.Water.Register * Hundredth)]);
        AddMeter("boiler-gas", GasMeter, Utilities, "78330000000002", MeterProtocol.Cjt188, _services.Gas,
            [new MeterItem("volume", "901F/current", "m3", 2, () => _services.Gas.Register * Hundredth)]);
        HeatCircuit lobby = _services.LobbyHeat;
        AddMeter("lobby-heat", HeatMeter, Utilities, "78330000000003", MeterProtocol.Cjt188, lobby.Energy,
        [
            new MeterItem("energy", "901F/current_heat", "kWh", 2, () => lobby.Energy.Register * Hundredth),
            new MeterItem("settled-energy", "901F/settlement_heat", "kWh", 2, () => lobby.SettledEnergy * Hundredth),
            new MeterItem("power", "901F/power", "kW", 2, () => ElectricityFigures.Rounded(lobby.PowerW / 1000, 2)),
            new MeterItem("flow", "901F/flow", "m3/h", 4, () => ElectricityFigures.Rounded(lobby.LitresPerHour / 1000, 4)),
            new MeterItem("volume", "901F/cumulative_flow", "m3", 2, () => lobby.Volume.Register * Hundredth),
            new MeterItem("supply-temperature", "901F/supply_temperature_c", "degC", 2, () => ElectricityFigures.Rounded(lobby.SupplyC, 2)),
            new MeterItem("return-temperature", "901F/return_temperature_c", "degC", 2, () => ElectricityFigures.Rounded(lobby.ReturnC, 2)),
            new MeterItem("run-hours", "901F/work_hours", "h", 0, () => Math.Floor((decimal)lobby.RunHours)),
        ]);
    }

    /// <summary>M-Bus: the tower's heat station; its electricity meter needs two telegrams.</summary>
    private void AddHeat()
    {
        HeatCircuit station = _services.StationHeat;
        AddMeter("station-heat", HeatMeter, Heat, "20260001IPS0104", MeterProtocol.MBus, station.Energy,
        [
            new MeterItem("energy", "energy", "kWh", 0, () => station.Energy.Register / 100),
            new MeterItem("settled-energy", "energy/storage=1", "kWh", 0, () => Math.Floor(station.SettledEnergy * Hundredth)),
            new MeterItem("volume", "volume", "m3", 2, () => station.Volume.Register * Hundredth),
            new MeterItem("power", "power", "kW", 1, () => ElectricityFigures.Rounded(station.PowerW / 1000, 1)),
            new MeterItem("flow", "volume_flow", "m3/h", 3, () => ElectricityFigures.Rounded(station.LitresPerHour / 1000, 3)),
            new MeterItem("supply-temperature", "flow_temperature", "degC", 1, () => ElectricityFigures.Rounded(station.SupplyC, 1)),
            new MeterItem("return-temperature", "return_temperature", "degC", 1, () => ElectricityFigures.Rounded(station.ReturnC, 1)),
        ], m => m with { Unit = 1 });
        AddMeter("make-up-water", WaterMeter, Heat, "20260002IPS0107", MeterProtocol.MBus, _services.MakeUpWater,
            [new MeterItem("volume", "volume", "m3", 3, () => _services.MakeUpWater.Register * 0.001m)], m => m with { Unit = 2 });
        ElectricityFigures pumps = new(_services.HeatingPower.Total, () => _services.PhaseV);
        AddMeter("heating-power", ElectricityMeter, Heat, "20260003IPS0102", MeterProtocol.MBus, _services.HeatingPower.Total,
        [
            .. Energies(_services.HeatingPower, "energy", tariff => $"energy/tariff={tariff}"),
            new MeterItem("power", "power", "W", 0, () => pumps.PowerW),
            .. Phases("voltage", phase => $"voltage/subunit={phase}", "V", 1, pumps.VoltageV),
            .. Phases("current", phase => $"current/subunit={phase}", "A", 3, pumps.CurrentA),
        ], m => m with { Unit = 3, ItemsPerTelegram = 6 });
    }

    /// <summary>Modbus RTU: a module of 4–20 mA inputs, a three-phase meter, and a unit that is configured and not there.</summary>
    private void AddSensors()
    {
        FirePumpSet pumps = _building.FirePumps;
        WireCondition module = NewCondition();
        RegisterMap inputs = new(
            CurrentLoop("zone-pressure", 0, "MPa", 0, 1.6m, () => pumps.SensorMpa),
            CurrentLoop("tank-level", 1, "m", 0, 5, () => 3.2 + (0.2 * Math.Sin(_building.Elapsed.TotalSeconds / 40))),
            new RegisterField("spare-input", RegisterTable.InputRegisters, 2, 1, () => 0) { Scale = 0.001m, Unit = "mA" });
        _devices.Add(new SimulatedDevice("pressure-module", "sensor", Sensors, 1, inputs, new DeviceFaults(WireFaultCatalogue.OfDevice(module))) { Wire = module });

        Meter house = _services.HousePower;
        ElectricityFigures figures = new(house, () => _services.PhaseV);
        WireCondition meter = NewCondition();
        RegisterTable holding = RegisterTable.HoldingRegisters;
        RegisterField Word(string name, int address, Func<decimal> value, decimal scale, string unit) =>
            new(name, holding, (ushort)address, 1, () => (long)(value() / scale)) { Scale = scale, Unit = unit };
        RegisterMap registers = new(
        [
            .. Enumerable.Range(0, 3).Select(i => Word($"voltage-{i + 1}", i, () => figures.VoltageV(i), 0.1m, "V")),
            .. Enumerable.Range(0, 3).Select(i => Word($"current-{i + 1}", 3 + i, () => figures.CurrentA(i), Hundredth, "A")),
            new RegisterField("power", holding, 6, 2, () => (long)house.Rate) { Type = "int32", LowWordFirst = true, Unit = "W" },
            new RegisterField("energy", holding, 8, 2, () => house.Register) { Type = "uint32", LowWordFirst = true, Scale = Hundredth, Unit = "kWh" },
        ]);
        DeviceFaults faults = new([.. FaultCatalogue.OfMeter(house, FaultCatalogue.ThreeUnitsInHundredths), .. WireFaultCatalogue.OfDevice(meter)]);
        _devices.Add(new SimulatedDevice("house-power", ElectricityMeter, Sensors, 2, registers, faults) { Wire = meter });
    }

    /// <summary>A 4–20 mA input in microamperes: 4000 at the low end of the sensor's span, 20000 at the high one.</summary>
    private static RegisterField CurrentLoop(string name, ushort address, string unit, decimal low, decimal high, Func<double> value)
    {
        decimal scale = (high - low) / 16_000;
        return new RegisterField(name, RegisterTable.InputRegisters, address, 1, () => (long)Math.Round(((decimal)value() - low) / scale) + 4_000)
        {
            Scale = scale,
            Offset = low - (4_000 * scale),
            Unit = unit,
        };
    }

    private static IEnumerable<MeterItem> Energies(TariffMeter meter, string total, Func<int, string> ofTariff) =>
    [
        new MeterItem("energy", total, "kWh", 2, () => meter.Total.Register * Hundredth),
        .. Enum.GetValues<Tariff>().Select(t => new MeterItem(
            $"energy-{t.ToString().ToLower(CultureInfo.InvariantCulture)}", ofTariff((int)t + 1), "kWh", 2, () => meter[t].Register * Hundredth)),
    ];

    private static IEnumerable<MeterItem> Phases(string name, Func<int, string> item, string unit, int decimals, Func<int, decimal> value) =>
        Enumerable.Range(0, 3).Select(i => new MeterItem($"{name}-{i + 1}", item(i + 1), unit, decimals, () => value(i)));

    private void AddMeter(string id, string kind, string line, string address, MeterProtocol protocol, Meter register, IReadOnlyList<MeterItem> items, Func<SimulatedMeter, SimulatedMeter>? adjust = null)
    {
        WireCondition wire = NewCondition();
        DeviceFaults faults = new([.. FaultCatalogue.OfMeter(register, FaultCatalogue.ThreeUnitsInHundredths), .. WireFaultCatalogue.OfDevice(wire)]);
        SimulatedMeter meter = new(id, kind, line, address, protocol, items, wire, faults);
        _meters.Add(adjust is null ? meter : adjust(meter));
    }

    private SerialLineDefinition NewLine(string id, SerialSettings settings)
    {
        WireCondition condition = NewCondition();
        foreach (WireCondition wire in _meters.Where(m => m.Line == id).Select(m => m.Wire).Concat(_devices.Where(d => d.Line == id).Select(d => d.Wire!)))
        {
            // A power cut takes every device of the line with it.
            condition.Rebooted += wire.Reboot;
        }

        return new SerialLineDefinition(id, settings, condition, new DeviceFaults(WireFaultCatalogue.OfLine(condition)));
    }

    private WireCondition NewCondition() => new(() => _building.Elapsed);
}
