using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.Dlt645;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers.Dlt645;

public sealed class Dlt645ProtocolTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeTime _time = new();
    private readonly List<string> _log = [];
    private readonly Dlt645Protocol _protocol;
    private readonly BlockValues _values = new();
    private BusLine? _line;

    public Dlt645ProtocolTests() => _protocol = new Dlt645Protocol(new ItemMistakes(new ListLogger(_log)));

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _line?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_row_brings_its_values_in_the_units_of_the_profile()
    {
        WireMeter meter = new();
        meter.Values[0x0001FF00] = Convert.FromHexString("9414020004530000745300000354000011540000");
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("00010000", "kWh"), ("00010200", "Wh"), ("0001FF00/4", "MWh"));
        ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
        Assert.Equal("item 0001FF00", block.ToString());
        Assert.Equal(BusOutcome.Answered, (await ReadAsync(meter, device, block)).Outcome);
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal([Value(214.94m), Value(53_740m), Value(0.05411m)], _values.Items(3).ToArray());
    }

    [Fact]
    public async Task Phases_that_a_meter_has_not_got_are_not_available_and_those_it_does_not_send_are_missing()
    {
        WireMeter meter = new();
        meter.Values[0x0201FF00] = Convert.FromHexString("5622FFFF");
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("02010100", "V"), ("02010200", "V"), ("02010300", "V"));
        ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
        Assert.Equal(BusOutcome.Answered, (await ReadAsync(meter, device, block)).Outcome);
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal([Value(225.6m), new ItemValue(ItemState.NotAvailable, 0), default], _values.Items(3).ToArray());
    }

    [Fact]
    public async Task Bits_of_a_word_are_flags()
    {
        WireMeter meter = new();
        meter.Values[0x04000501] = [0x04, 0x80];
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("04000501", null), ("04000501/clock_battery_low", null), ("04000501/3", null), ("04000501/15", null));
        ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
        await ReadAsync(meter, device, block);
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal([Value(0x8004), Value(1), Value(0), Value(1)], _values.Items(4).ToArray());
    }

    [Fact]
    public async Task The_older_edition_is_read_on_the_same_wires()
    {
        WireMeter meter = new(edition: Dlt645Edition.Y1997);
        meter.Values[0x901F] = Convert.FromHexString("0000010000100000002000000030000000400000AA");
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y1997, null, ("9010", "kWh"), ("9014", "kWh"));
        ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
        await ReadAsync(meter, device, block);
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal([Value(100m), Value(40m)], _values.Items(2).ToArray());
    }

    [Fact]
    public async Task A_maker_s_identifier_is_read_by_its_format()
    {
        WireMeter meter = new();
        meter.Values[0x02930000] = [0x34, 0x12, 0x80];
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("02930000/-XXXX.XX", "kW"));
        ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
        await ReadAsync(meter, device, block);
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal([Value(-12.34m)], _values.Items(1).ToArray());
    }

    [Fact]
    public async Task Data_that_is_not_there_is_told_from_other_refusals()
    {
        WireMeter meter = new();
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("00010000", "kWh"));
        ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
        Assert.Equal(new BusReply(BusOutcome.Refused, "the meter has no such data"), await ReadAsync(meter, device, block));
        Assert.Equal(DriverOutcome.NoSuchData, _protocol.Refusal().Outcome);
        Assert.False(_protocol.Fill(device, block, _values));
        Assert.Equal([default], _values.Items(1).ToArray());
    }

    [Fact]
    public async Task A_value_of_another_length_than_the_standard_s_is_not_taken_for_a_number()
    {
        WireMeter meter = new();
        meter.Values[0x00010000] = [1, 2, 3, 4, 5];
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("00010000", "kWh"));
        ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
        for (int polls = 0; polls < 2; polls++)
        {
            Assert.Equal(BusOutcome.Answered, (await ReadAsync(meter, device, block)).Outcome);
            Assert.False(_protocol.Fill(device, block, _values));
        }

        Assert.Equal(
            ["Device m1 sends item 00010000 in a way that its profile cannot use: the meter answers 5 bytes, which is not the standard's layout — name the maker's format: item: \"00010000/XXXX.XX\""],
            _log);
    }

    [Fact]
    public async Task A_row_in_a_foreign_layout_counts_as_not_there_so_that_its_values_are_asked_for_alone()
    {
        WireMeter meter = new();
        meter.Values[0x0201FF00] = [1, 2, 3];
        meter.Values[0x02010100] = [0x05, 0x23];
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("02010100", "V"), ("02010200", "V"));
        MeterWire wire = new(meter);
        BusLine line = new(new BusLineOptions("meters", 2_400, 11), _ => wire.OpenAsync(), _time, new Random(1), NullLogger<BusLine>.Instance);
        await using BusDriver driver = new(line, new Dictionary<FieldProtocol, IBusProtocol> { [FieldProtocol.Dlt645Y2007] = _protocol });
        ReadBlock row = Assert.Single(ReadPlanner.Plan(device.Profile));
        DriverReply refused = await driver.ReadAsync(device, row, _values, CancellationToken.None);
        Assert.Equal((DriverOutcome.NoSuchData, "the answer to item 0201FF00 holds nothing that was asked for"), (refused.Outcome, refused.Detail));

        ReadBlock alone = Assert.Single(ReadPlanner.Plan(device.Profile, [0]));
        Assert.Equal(DriverReply.Ok, await driver.ReadAsync(device, alone, _values, CancellationToken.None));
        Assert.Equal([Value(230.5m)], _values.Items(1).ToArray());
    }

    [Fact]
    public async Task A_long_answer_that_breaks_off_keeps_what_it_brought()
    {
        WireMeter meter = new() { MaxDataBytes = 16 };
        meter.Values[0x0001FF00] = Convert.FromHexString("9414020004530000745300000354000011540000");
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("00010000", "kWh"), ("00010200", "kWh"), ("00010400", "kWh"));
        ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
        Dlt645MasterSession session = (Dlt645MasterSession)_protocol.Session;
        Assert.Null(_protocol.BeginRead(device, block));
        Dlt645Responder responder = new(meter, maxDataBytes: 16);
        byte[] reply = new byte[Dlt645Frame.MaxBytes];
        Assert.Equal(ScanStatus.Done, Dlt645Frame.Scan(session.Outgoing.Span, out Dlt645Frame request, out _, out _));
        int length = responder.Answer(request, reply);
        reply.AsSpan(0, length).CopyTo(session.Free().Span);
        session.Received(length);
        Assert.Equal(BusStatus.SendNext, session.Take(silent: false));
        session.Abandon();
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal([Value(214.94m), Value(53.74m), default], _values.Items(3).ToArray());

        // All parts, now that the meter answers again.
        Assert.Equal(BusOutcome.Answered, (await ReadAsync(meter, device, block)).Outcome);
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal([Value(214.94m), Value(53.74m), Value(54.11m)], _values.Items(3).ToArray());
    }

    [Fact]
    public async Task Quirks_of_the_profile_are_kept()
    {
        WireMeter meter = new();
        meter.Values[0x00010000] = [0, 0, 0, 0];
        meter.Values[0x00010100] = [0, 0, 0, 0];
        DeviceQuirks quirks = new() { NoBlocks = true, WakeUpBytes = 0, MinGapMs = 250 };
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, quirks, ("00010000", "kWh"), ("00010100", "kWh"));
        Assert.Equal(2, ReadPlanner.Plan(device.Profile).Length);
        await ReadAsync(meter, device, ReadPlanner.Plan(device.Profile)[0]);
        Assert.Equal(0x68, _protocol.Session.Outgoing.Span[0]);
        Assert.Equal(250, _protocol.Timing(device).Silence.TotalMilliseconds);
        Assert.Same(_protocol.Timing(device), _protocol.Timing(device));
        Assert.Equal(500, _protocol.Timing(device).Gap.TotalMilliseconds);
    }

    [Fact]
    public void A_read_allocates_nothing_once_its_block_is_known()
    {
        DeviceConfiguration device = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("00010000", "kWh"), ("00010200", "Wh"));
        ReadBlock block = Assert.Single(ReadPlanner.Plan(device.Profile));
        byte[] frame = new byte[Dlt645Frame.MaxBytes];
        int length = Dlt645Frame.Write(frame, new WireMeter().Address, new Dlt645Control(0x91), Convert.FromHexString("00FF01009414020004530000745300000354000011540000"), 4);
        Assert.Equal(0, Allocations.LeastOfFiveRounds(100, () =>
        {
            _protocol.BeginRead(device, block);
            frame.AsSpan(0, length).CopyTo(_protocol.Session.Free().Span);
            _protocol.Session.Received(length);
            _protocol.Session.Take(silent: false);
            _protocol.Fill(device, block, _values);
        }));
        Assert.Equal([Value(214.94m), Value(53_740m)], _values.Items(2).ToArray());
    }

    private static ItemValue Value(decimal number) => new(ItemState.Value, number);

    private async Task<BusReply> ReadAsync(WireMeter meter, DeviceConfiguration device, ReadBlock block)
    {
        MeterWire wire = new(meter);
        _line = new BusLine(new BusLineOptions("meters", 2_400, 11), _ => wire.OpenAsync(), _time, new Random(1), NullLogger<BusLine>.Instance);
        Assert.Null(_protocol.BeginRead(device, block));
        return await _line.ExchangeAsync(_protocol.Session, _protocol.Timing(device), CancellationToken.None);
    }
}
