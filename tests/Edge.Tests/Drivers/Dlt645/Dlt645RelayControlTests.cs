using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.Control;
using IotProperty.Edge.Drivers.Dlt645;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers.Dlt645;

public sealed class Dlt645RelayControlTests
{
    private static readonly DateTime Now = new(2026, 11, 22, 8, 0, 0);

    private readonly FakeTime _time = new();

    [Theory]
    [InlineData(SwitchPosition.Open, Dlt645RelayAction.Trip, true)]
    [InlineData(SwitchPosition.Close, Dlt645RelayAction.Close, false)]
    [InlineData(SwitchPosition.PermitClose, Dlt645RelayAction.PermitClose, false)]
    public async Task The_relay_is_switched_with_password_operator_and_validity_and_read_back(SwitchPosition position, Dlt645RelayAction action, bool open)
    {
        WireMeter meter = new();
        (OrderEnd result, MeterWire wire) = await SwitchAsync(meter, Device(), position, WireMeter.Password);
        Assert.True(result.IsDone, result.Detail);
        Assert.StartsWith("the meter took the order; the relay is ", result.Detail, StringComparison.Ordinal);
        Assert.Equal(open, meter.IsOpen);
        Assert.Equal("00000007", meter.Operator);
        Assert.Equal(new Dlt645RelayOrder(action, Now.AddMinutes(10)), meter.Order);
        Assert.Equal(["ReadData", "RelayControl", "ReadData"], wire.Requests);
    }

    [Fact]
    public async Task A_relay_that_moves_late_is_waited_for()
    {
        (OrderEnd result, MeterWire wire) = await SwitchAsync(new WireMeter { Slowness = 4 }, Device(), SwitchPosition.Open, WireMeter.Password);
        Assert.True(result.IsDone, result.Detail);
        Assert.Equal(5, wire.Requests.Count(request => request == "ReadData") - 1);
    }

    [Fact]
    public async Task A_relay_that_does_not_move_is_no_success()
    {
        (OrderEnd result, _) = await SwitchAsync(new WireMeter { Slowness = 1_000 }, Device(), SwitchPosition.Open, WireMeter.Password);
        Assert.False(result.IsDone);
        Assert.Equal("the meter took the order, but after 10 s: the relay is closed, ordered open (status word 3 = 0040)", result.Detail);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_by_the_meter()
    {
        WireMeter meter = new();
        (OrderEnd result, _) = await SwitchAsync(meter, Device(), SwitchPosition.Open, "000000");
        Assert.Equal(OrderEnd.Failed(CommandReason.DeviceRefused, "the meter refused: the password is wrong or its level does not permit this; the relay is closed, ordered closed (status word 3 = 0000)"), result);
        Assert.Null(meter.Order);
    }

    [Fact]
    public async Task What_is_no_password_is_never_sent()
    {
        (OrderEnd result, MeterWire wire) = await SwitchAsync(new WireMeter(), Device(), SwitchPosition.Open, "secret");
        Assert.Equal(OrderEnd.NotSent(CommandReason.NoPassword, "the first line of m1.password is no password of six digits; nothing was sent"), result);
        Assert.Empty(wire.Requests);
    }

    [Fact]
    public void Nobody_switches_what_the_profile_or_the_site_does_not_allow()
    {
        Dlt645RelayControl control = new(_time);
        Assert.Null(control.WhyNot(Device(), SwitchPosition.Open));
        Assert.Equal(
            "profile 'test-meter' of device 'm1' does not allow to switch its relay — write control: { relay: true } in the profile",
            control.WhyNot(Device() with { Profile = Device().Profile with { Control = ControlDefinition.Nothing } }, SwitchPosition.Open));
        Assert.Equal(
            "nobody may switch device 'm1' — write control: { passwordFile: …, operatorCode: \"…\" } at the device in the site file",
            control.WhyNot(Device() with { Control = null }, SwitchPosition.Open));
        Assert.Contains(
            "does not speak DL/T 645-2007",
            control.WhyNot(Device() with { Profile = Device().Profile with { Protocol = FieldProtocol.Dlt645Y1997 } }, SwitchPosition.Open),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Past_the_bar_there_is_no_way()
    {
        MeterWire wire = new(new WireMeter());
        await using BusLine line = Line(wire);
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await new Dlt645RelayControl(_time).SwitchAsync(line, Device() with { Control = null }, new ControlOrder(SwitchPosition.Open, WireMeter.Password, Now), CancellationToken.None));
        Assert.Empty(wire.Requests);
    }

    [Fact]
    public void What_it_means_is_said_before()
    {
        Assert.Equal(
            "m1 (address 000000123456): open the relay: everything behind this meter loses its power",
            new Dlt645RelayControl(_time).Describe(Device(), SwitchPosition.Open));
        Assert.DoesNotContain(WireMeter.Password, new ControlOrder(SwitchPosition.Open, WireMeter.Password, Now).ToString(), StringComparison.Ordinal);
    }

    private static DeviceConfiguration Device()
    {
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("00010000", "kWh"));
        return device with
        {
            Profile = device.Profile with { Control = new ControlDefinition(Relay: true) },
            Control = new DeviceControl("00000007", "m1.password", 2),
        };
    }

    private BusLine Line(MeterWire wire) =>
        new(new BusLineOptions("meters", 2_400, 11), _ => wire.OpenAsync(), _time, new Random(1), NullLogger<BusLine>.Instance);

    private async Task<(OrderEnd Result, MeterWire Wire)> SwitchAsync(WireMeter meter, DeviceConfiguration device, SwitchPosition position, string password)
    {
        MeterWire wire = new(meter);
        await using BusLine line = Line(wire);
        Task<OrderEnd> switching = new Dlt645RelayControl(_time)
            .SwitchAsync(line, device, new ControlOrder(position, password, Now), CancellationToken.None).AsTask();
        while (!switching.IsCompleted)
        {
            await Task.WhenAny(switching, _time.TimersAsync(1));
            _time.Advance(1_000);
        }

        return (await switching, wire);
    }
}
