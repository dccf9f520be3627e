using IotProperty.Edge.Drivers;
using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;
using IotProperty.Protocols.Uplink;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Faults;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>Two wires with devices of every protocol, read by the real driver through a pseudo-terminal.</summary>
public class MixedLineTests
{
    private const int Baud = 19_200;

    [Fact]
    public async Task Devices_of_all_protocols_on_one_line_are_read_in_turn_and_none_is_taken_for_another()
    {
        await using SimulatedSerialLine wire = SimulatedSerialLine.Start(Bus());
        LineConfiguration line = new()
        {
            Id = "mixed",
            Transport = new SerialTransport(wire.Port, Baud, SerialFormat.Parse("8E1")!.Value),
            TimeoutMs = 2_000,
            Devices =
            [
                Device("module", FieldProtocol.Modbus, new ModbusAddress(1), new RegisterPlace(PointTable.Holding, 7, PointType.Uint16), ""),
                Meter("power", FieldProtocol.Dlt645Y2007, new Dlt645Address(StagedLine.AddressOf(MeterProtocol.Dlt645Y2007, 2)), "00010000"),
                Meter("old-power", FieldProtocol.Dlt645Y1997, new Dlt645Address(StagedLine.AddressOf(MeterProtocol.Dlt645Y1997, 3)), "9010"),
                Meter("water", FieldProtocol.Cjt188, new Cjt188Address(StagedLine.AddressOf(MeterProtocol.Cjt188, 4), null), "901F/current"),
                Meter("heat", FieldProtocol.MBus, new MBusAddress(5, null), "energy"),
            ],
        };
        await using BusDriver driver = BusDriver.Open(line, TimeProvider.System, new Random(1), NullLogger<BusLine>.Instance);
        BlockValues values = new();
        for (int round = 0; round < 3; round++)
        {
            foreach ((DeviceConfiguration device, int unit) in line.Devices.Select((device, index) => (device, index + 1)))
            {
                ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
                DriverReply reply = await driver.ReadAsync(device, block, values, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
                Assert.True(reply.Outcome == DriverOutcome.Ok, $"{device.Id}: {reply.Outcome} {reply.Detail}");
                PointDefinition point = device.Profile.Points[0];
                decimal? value = block is RegisterBlock ? PointDecoder.DecodeExact(point, values.Registers) : PointDecoder.DecodeExact(point, values.Items(1)[0]);
                Assert.Equal((device.Id, Shown(unit)), (device.Id, value));
            }
        }
    }

    private static decimal Shown(int unit) => unit == 1 ? StagedLine.RegisterOf(1, 7) : StagedLine.EnergyOf(unit);

    private static DeviceConfiguration Meter(string id, FieldProtocol protocol, DeviceAddress address, string item)
    {
        KnownItem known = Assert.IsType<KnownItem>(ItemDictionary.Standard.Find(protocol, item, protocol == FieldProtocol.Cjt188 ? "m3" : "kWh"));
        return Device(id, protocol, address, new ItemPlace(item, known.Request, known.Digits, known.Decimals), known.Unit);
    }

    private static DeviceConfiguration Device(string id, FieldProtocol protocol, DeviceAddress address, PointPlace place, string unit)
    {
        DeviceProfile profile = new()
        {
            Id = id,
            Name = new LocalText(id, id),
            Kind = DeviceKind.Sensor,
            Source = "this test",
            Protocol = protocol,
            PollMs = 1_000,
            Points = [new PointDefinition { Id = "value", Name = new LocalText("", ""), Unit = unit, Place = place }],
        };
        return new DeviceConfiguration { Id = id, Name = profile.Name, Address = address, Profile = profile, PollMs = 1_000 };
    }

    private static SerialBus Bus()
    {
        RegisterMap map = new([new RegisterField("r7", RegisterTable.HoldingRegisters, 7, 1, () => StagedLine.RegisterOf(1, 7))]);
        SimulatedDevice module = new("module", "sensor", "mixed", 1, map, new DeviceFaults()) { Wire = Sound() };
        BusStation[] stations =
        [
            new ModbusStation(module, Nobody.Instance),
            Station(MeterProtocol.Dlt645Y2007, 2, new MeterItem("energy", "00010000", "kWh", 2, () => StagedLine.EnergyOf(2))),
            Station(MeterProtocol.Dlt645Y1997, 3, new MeterItem("energy", "9010", "kWh", 2, () => StagedLine.EnergyOf(3))),
            Station(MeterProtocol.Cjt188, 4, new MeterItem("volume", "901F/current", "m3", 2, () => StagedLine.EnergyOf(4))),
            Station(MeterProtocol.MBus, 5, new MeterItem("energy", "energy", "kWh", 2, () => StagedLine.EnergyOf(5))),
        ];
        return new SerialBus(new SerialBusOptions("mixed", new Simulators.Buses.WireSpeed(Baud, 11)), stations, Sound(), new Lock());
    }

    private static MeterStation Station(MeterProtocol protocol, int unit, MeterItem item)
    {
        string kind = protocol == MeterProtocol.Cjt188 ? "water-meter" : "electricity-meter";
        SimulatedMeter meter = new($"meter-{unit}", kind, "mixed", StagedLine.AddressOf(protocol, unit), protocol, [item], Sound(), new DeviceFaults()) { Unit = (byte)unit };
        return MeterStation.Of(meter, Nobody.Instance, TimeSpan.FromMilliseconds(5));
    }

    private static WireCondition Sound() => new(() => TimeSpan.Zero);

    private sealed class Nobody : IServedReads, IServedItems
    {
        public static Nobody Instance { get; } = new();

        public void Served(string line, byte unit, RegisterTable table, ushort address, ReadOnlySpan<ushort> values)
        {
        }

        public void Served(SimulatedMeter meter, IReadOnlyDictionary<string, decimal> values)
        {
        }
    }
}
