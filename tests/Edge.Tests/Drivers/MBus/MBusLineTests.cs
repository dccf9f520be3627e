using IotProperty.Edge.Drivers;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Commands.Scanning;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers.MBus;

/// <summary>The whole way over a serial port: driver, bus, protocol, meters with several telegrams, by both kinds of address.</summary>
public sealed class MBusLineTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Meters_of_both_kinds_of_address_are_read_on_one_line_and_a_dead_one_times_out()
    {
        await using ServedPort port = new(new TestLine(
            TestLine.MBus(new WireMBusMeter("12345678HYD0104", 5, "0C0645230100", "0C1399000000")),
            TestLine.MBus(new WireMBusMeter("87654321KAM0104", 0, "0C0600000100"))));
        DeviceConfiguration heat = Meter("heat", new MBusAddress(5, null));
        DeviceConfiguration cooling = Meter("cooling", new MBusAddress(null, "87654321KAM0104"));
        DeviceConfiguration dead = Meter("dead", new MBusAddress(9, null));
        LineConfiguration line = new()
        {
            Id = "riser",
            Transport = new SerialTransport(port.Path, 38_400, SerialFormat.Parse("8E1")!.Value),
            TimeoutMs = 1_000,
            Devices = [heat, cooling, dead],
        };
        await using BusDriver driver = BusDriver.Open(line, TimeProvider.System, new Random(1), NullLogger<BusLine>.Instance);
        ItemBlock block = new("readout", [new PlannedPoint(0, 0), new PlannedPoint(1, 1)]);
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal([12_345m, 0.099m], await ReadAsync(driver, heat, block));
            Assert.Equal([10_000m, null], await ReadAsync(driver, cooling, block));
            if (round == 1)
            {
                Assert.Equal(DriverOutcome.TimedOut, (await driver.ReadAsync(dead, block, new BlockValues(), CancellationToken.None).AsTask().WaitAsync(Soon)).Outcome);
            }
        }

        Assert.Equal(0, driver.Snapshot().NoiseBytes);
    }

    private static async Task<decimal?[]> ReadAsync(BusDriver driver, DeviceConfiguration device, ItemBlock block)
    {
        BlockValues values = new();
        DriverReply reply = await driver.ReadAsync(device, block, values, CancellationToken.None).AsTask().WaitAsync(Soon);
        Assert.Equal(DriverReply.Ok, reply);
        return [.. values.Items(block.Points.Length).ToArray().Select(item => item.State == ItemState.Value ? item.Value : (decimal?)null)];
    }

    private static DeviceConfiguration Meter(string id, DeviceAddress address)
    {
        DeviceProfile profile = new()
        {
            Id = "test-meter",
            Name = new LocalText("表", "Meter"),
            Kind = DeviceKind.HeatMeter,
            Source = "test",
            Protocol = FieldProtocol.MBus,
            PollMs = 60_000,
            Points = [Point("energy", "kWh"), Point("volume", "m3")],
        };
        return new DeviceConfiguration { Id = id, Name = new LocalText("表", "Meter"), Address = address, Profile = profile, PollMs = 60_000 };
    }

    private static PointDefinition Point(string item, string unit) =>
        new() { Id = item, Name = new LocalText("点", "Point"), Place = new ItemPlace(item, "readout", 0, 0), Unit = unit };
}
