using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.Cjt188;
using IotProperty.Edge.Drivers.Control;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers.Cjt188;

public sealed class Cjt188ValveControlTests
{
    private static readonly DateTime Now = new(2026, 11, 22, 8, 0, 0);

    private readonly FakeTime _time = new();

    [Theory]
    [InlineData(SwitchPosition.Close, Cjt188Valve.Closed, "the meter took the order; the valve is closed (status 0100)")]
    [InlineData(SwitchPosition.Open, Cjt188Valve.Open, "the meter took the order; the valve is open (status 0000)")]
    public async Task The_valve_is_moved_and_read_back(SwitchPosition position, Cjt188Valve expected, string detail)
    {
        Cjt188Wire wire = new();
        OrderEnd result = await SwitchAsync(wire, position);
        Assert.Equal(OrderEnd.Done(detail), result);
        Assert.Equal(expected, wire.Valve);
        Assert.Equal(["ReadData", "WriteData", "ReadData"], wire.Requests);
    }

    [Fact]
    public async Task A_valve_that_turns_slowly_is_waited_for()
    {
        Cjt188Wire wire = new() { Slowness = 6 };
        OrderEnd result = await SwitchAsync(wire, SwitchPosition.Close);
        Assert.True(result.IsDone, result.Detail);
        Assert.Equal(8, wire.Requests.Count(request => request == "ReadData"));
    }

    [Fact]
    public async Task A_stuck_valve_is_no_success()
    {
        OrderEnd result = await SwitchAsync(new Cjt188Wire { Slowness = 1_000 }, SwitchPosition.Close);
        Assert.Equal(OrderEnd.Failed(CommandReason.NotInPosition, "the meter took the order, but after 40 s: the valve is open (status 0000)"), result);
    }

    [Fact]
    public async Task A_lost_acknowledgement_is_cleared_up_by_reading()
    {
        OrderEnd result = await SwitchAsync(new Cjt188Wire { IsMuteToWrites = true }, SwitchPosition.Close);
        Assert.True(result.IsDone, result.Detail);
        Assert.StartsWith("no acknowledgement (", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_says_how_the_valve_stands()
    {
        Cjt188Wire wire = new() { Refuses = true };
        OrderEnd result = await SwitchAsync(wire, SwitchPosition.Close);
        Assert.False(result.IsDone);
        Assert.StartsWith("the meter refused: ", result.Detail, StringComparison.Ordinal);
        Assert.EndsWith("; the valve is open (status 0000)", result.Detail, StringComparison.Ordinal);
        Assert.Equal(["ReadData", "WriteData"], wire.Requests);
    }

    [Fact]
    public async Task Nothing_is_sent_to_a_meter_whose_valve_cannot_be_seen()
    {
        Cjt188Wire wire = new() { IsShort = true };
        OrderEnd result = await SwitchAsync(wire, SwitchPosition.Close);
        Assert.Equal(OrderEnd.NotSent(CommandReason.DeviceUnreadable, "the valve's state cannot be read, so nothing was sent: the meter's answer holds no status"), result);
        Assert.Equal(["ReadData"], wire.Requests);
    }

    [Fact]
    public void Nobody_moves_what_the_profile_or_the_site_does_not_allow()
    {
        Cjt188ValveControl control = new(_time);
        Assert.Null(control.WhyNot(Device(), SwitchPosition.Open));
        Assert.Equal("the valve of device 'm1' knows open and close only", control.WhyNot(Device(), SwitchPosition.PermitClose));
        Assert.Equal(
            "profile 'test-meter' of device 'm1' does not allow to move its valve — write control: { valve: true } in the profile",
            control.WhyNot(Cjt188Site.Device(Cjt188Site.WaterPoints), SwitchPosition.Open));
        Assert.Equal(
            "nobody may switch device 'm1' — write control: { operatorCode: \"…\" } at the device in the site file",
            control.WhyNot(Device() with { Control = null }, SwitchPosition.Open));
        Assert.IsType<Cjt188ValveControl>(new ControlActions(_time).Find(FieldProtocol.Cjt188));
    }

    [Fact]
    public async Task Past_the_bar_there_is_no_way()
    {
        Cjt188Wire wire = new();
        await using BusLine line = Line(wire);
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await new Cjt188ValveControl(_time).SwitchAsync(line, Device() with { Control = null }, new ControlOrder(SwitchPosition.Open, "", Now), CancellationToken.None));
        Assert.Empty(wire.Requests);
    }

    [Fact]
    public void What_it_means_is_said_before()
    {
        Cjt188ValveControl control = new(_time);
        Assert.Equal("m1 (address 78330011223344): close the valve: no water behind this meter", control.Describe(Device(), SwitchPosition.Close));
        Assert.Equal("m1 (address 78330011223344): open the valve: gas flows at once, wherever a tap was left open", control.Describe(Device("gas-meter"), SwitchPosition.Open));
    }

    /// <summary>The way that a poll takes: driver, line and adapter together.</summary>
    [Fact]
    public async Task A_bus_driver_reads_the_meter_s_items()
    {
        DeviceConfiguration device = Device();
        Cjt188Wire wire = new() { Valve = Cjt188Valve.Closed };
        ItemMistakes mistakes = new(NullLogger.Instance);
        await using BusDriver driver = new(Line(wire), new Dictionary<FieldProtocol, IBusProtocol> { [FieldProtocol.Cjt188] = new Cjt188Protocol(mistakes) });
        BlockValues values = new();
        DriverReply reply = await driver.ReadAsync(device, Cjt188Site.Block(device), values, CancellationToken.None);
        Assert.Equal(DriverReply.Ok, reply);
        Assert.Equal([new ItemValue(ItemState.Value, 12.34m), new ItemValue(ItemState.NotAvailable, 0)], values.Items(2).ToArray());
        ItemBlock unknown = new("D120", [new PlannedPoint(0, 0)]);
        Assert.Equal(DriverOutcome.NoSuchData, (await driver.ReadAsync(device, unknown, values, CancellationToken.None)).Outcome);
    }

    private static DeviceConfiguration Device(string kind = "water-meter") =>
        Cjt188Site.Device(Cjt188Site.WaterPoints, kind, "control: { valve: true }", ", control: { operatorCode: \"00000007\" }");

    private BusLine Line(Cjt188Wire wire) =>
        new(new BusLineOptions("riser", 2_400, 11), _ => wire.OpenAsync(), _time, new Random(1), NullLogger<BusLine>.Instance);

    private async Task<OrderEnd> SwitchAsync(Cjt188Wire wire, SwitchPosition position)
    {
        await using BusLine line = Line(wire);
        Task<OrderEnd> switching = new Cjt188ValveControl(_time).SwitchAsync(line, Device(), new ControlOrder(position, "", Now), CancellationToken.None).AsTask();
        while (!switching.IsCompleted)
        {
            await Task.WhenAny(switching, _time.TimersAsync(1));
            _time.Advance(2_000);
        }

        return await switching;
    }
}
