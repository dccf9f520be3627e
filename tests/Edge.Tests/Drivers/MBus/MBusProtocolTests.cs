using System.Text.Json;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.MBus;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Tests.Drivers.MBus;

public sealed class MBusProtocolTests
{
    private static readonly BusLineOptions Line = new("riser", 2_400, 11);

    private readonly List<string> _log = [];
    private readonly MBusProtocol _protocol;
    private readonly BlockValues _values = new();

    public MBusProtocolTests() => _protocol = Protocol();

    [VectorFact]
    public void Real_meters_bring_their_items_in_the_units_of_the_profile()
    {
        (string Vector, string Item, string Unit, string Value)[] expected =
        [
            ("real_ACW_Itron-BM-plus-m", "volume", "m3", "54.321"),
            ("real_ACW_Itron-BM-plus-m", "volume/storage=1", "m3", "0"),
            ("real_EFE_Engelmann-Elster-SensoStar-2", "energy", "kWh", "0"),
            ("real_kamstrup_multical_601", "energy", "kWh", "37351"),
            ("real_kamstrup_multical_601", "flow_temperature", "degC", "101.69"),
            ("real_SBC_Saia-Burgess-ALE3", "energy/tariff=1", "kWh", "2.93"),
            ("real_SBC_Saia-Burgess-ALE3", "voltage/vife=7F01", "V", "223"),
            ("real_electricity-meter-1", "current/vife=7F02", "A", "3.5"),
            ("real_electricity-meter-1", "power/vife=7F00", "kW", "3.2"),
            ("real_EDC", "energy/vife=3B", "kWh", "35"),
            ("real_eastron_sdm630", "voltage/index=2", "V", "1234.56"),
            ("real_elv_temp_humid", "text_vif/unit=%RH", "%RH", "45.64"),
            ("real_sen_pollusonic_2", "energy", "MWh", "6.531"),
            ("real_sen_pollusonic_2", "volume", "L", "69"),
            ("real_manual_frame2", "volume/storage=1", "m3", "0.135"),
            ("status_bits_all", "status/low_power", "", "1"),
            ("real_ACW_Itron-BM-plus-m", "status", "", "0"),
            ("vif_fd_tour", "error_flags/bit=31", "", "1"),
            ("vif_fd_tour", "error_flags/bit=30", "", "0"),
        ];
        Dictionary<string, JsonElement> vectors = Vectors.Load("mbus").EnumerateArray().ToDictionary(v => v.GetProperty("name").GetString()!);
        foreach ((string name, string item, string unit, string value) in expected)
        {
            byte[] telegram = Convert.FromHexString(vectors[name].GetProperty("hex").GetString()!);
            ItemValue read = Assert.Single(Read(telegram, new ItemUnit(item, unit)));
            Assert.Equal($"{name} {item}: {value}", $"{name} {item}: {(read.State == ItemState.Value ? (read.Value / 1.0000000m).ToString("0.#########", System.Globalization.CultureInfo.InvariantCulture) : read.State)}");
        }
    }

    [VectorFact]
    public void What_a_meter_does_not_have_is_missing_and_what_it_cannot_show_is_not_available()
    {
        byte[] telegram = Convert.FromHexString(Vectors.Load("mbus").EnumerateArray()
            .Single(v => v.GetProperty("name").GetString() == "bad_bcd_value_is_null").GetProperty("hex").GetString()!);
        ItemValue[] read = Read(telegram, new("volume_flow/error", "m3/h"), new("volume_flow", "m3/h"), new("energy", "kWh"), new("volume_flow/index=2", "L/h"));
        Assert.Equal([ItemState.NotAvailable, ItemState.Value, ItemState.Missing, ItemState.Missing], read.Select(r => r.State));
        Assert.Equal(0.456m, read[1].Value);
    }

    [Theory]
    [InlineData("0213FFFF", ItemState.Value)]
    [InlineData("029315FFFF", ItemState.NotAvailable)]
    [InlineData("02933B0100", ItemState.Missing)]
    [InlineData("42130100", ItemState.Missing)]
    [InlineData("02063100", ItemState.Missing)]
    [InlineData("0793F7F7F7F7F7770000000000000020", ItemState.NotAvailable)]
    [InlineData("0513000080FF", ItemState.NotAvailable)]
    public void Records_that_look_like_the_item_are_told_from_it(string record, ItemState state)
    {
        byte[] frame = Telegram(record);
        Assert.Equal(state, Assert.Single(Read(frame, new ItemUnit("volume", "m3"))).State);
    }

    [Fact]
    public void Several_telegrams_are_one_readout_and_one_that_breaks_off_keeps_what_it_brought()
    {
        MBusResponder meter = new(new WireMBusMeter("12345678HYD0104", 7, "0C0645230100", "0C1399000000", "0B3B000500"));
        (DeviceConfiguration device, ItemBlock block) = Device(new MBusAddress(7, null), new("energy", "kWh"), new("volume", "m3"), new("volume_flow", "m3/h"));
        Assert.Null(_protocol.BeginRead(device, block));
        Assert.Equal([BusStatus.SendNext, BusStatus.SendNext, BusStatus.SendNext, BusStatus.Answered], Carry(meter, 4));
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal([12_345m, 0.099m, 0.5m], _values.Items(3).ToArray().Select(item => item.Value));

        Assert.Null(_protocol.BeginRead(device, block));
        Carry(meter, 2);
        _protocol.Session.Abandon();
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal([ItemState.Value, ItemState.Missing, ItemState.Missing], _values.Items(3).ToArray().Select(item => item.State));
    }

    [Fact]
    public void Meter_with_a_secondary_address_is_selected_first()
    {
        (DeviceConfiguration device, ItemBlock block) = Device(new MBusAddress(null, "12345678HYD0104"), new ItemUnit("energy", "kWh"));
        Assert.Null(_protocol.BeginRead(device, block));
        Assert.Equal("680B0B6853FD5278563412242301040216", Convert.ToHexString(_protocol.Session.Outgoing.Span));
        Carry(new MBusResponder(new WireMBusMeter("12345678HYD0104", 0, "0C0645230100")), 2);
        Assert.True(_protocol.Fill(device, block, _values));
        Assert.Equal(12_345m, _values.Items(1)[0].Value);
    }

    [Fact]
    public void Refusal_says_what_the_meter_said()
    {
        (DeviceConfiguration device, ItemBlock block) = Device(new MBusAddress(1, null), new ItemUnit("energy", "kWh"));
        Assert.Null(_protocol.BeginRead(device, block));
        Hear("E5");
        Assert.Equal(BusStatus.Refused, Hear("68040468080170088116"));
        Assert.Equal((DriverOutcome.DeviceException, "application error: application busy"), (_protocol.Refusal().Outcome, _protocol.Refusal().Detail));
        Assert.False(_protocol.Fill(device, block, _values));
    }

    [Fact]
    public void Device_that_is_no_meter_is_not_asked()
    {
        (DeviceConfiguration device, ItemBlock block) = Device(new ModbusAddress(3), new ItemUnit("energy", "kWh"));
        Assert.Equal("an M-Bus meter has a unit from 0 to 250 or an address of 8 digits", _protocol.BeginRead(device, block));
        Assert.NotNull(_protocol.BeginRead(device, new RegisterBlock(PointTable.Holding, 0, 1, [])));
    }

    [Fact]
    public void Pauses_are_those_of_the_standard_or_longer_where_the_meter_wants_it()
    {
        (DeviceConfiguration device, _) = Device(new MBusAddress(1, null), new ItemUnit("energy", "kWh"));
        Assert.Equal(4.6, _protocol.Timing(device).Silence.TotalMilliseconds, 0.1);
        DeviceConfiguration slow = device with { Profile = device.Profile with { Quirks = new DeviceQuirks { MinGapMs = 80 } } };
        Assert.Equal(80, _protocol.Timing(slow).Silence.TotalMilliseconds);
        Assert.Same(_protocol.Timing(slow), _protocol.Timing(slow));
        Assert.Equal(2, _protocol.Timing(slow).Retries);
    }

    [Fact]
    public void Unit_that_does_not_fit_the_profile_is_told_once_and_the_rest_is_read()
    {
        (DeviceConfiguration device, ItemBlock block) = Device(new MBusAddress(7, null), new("energy", "kWh"), new("text_vif", "V"));
        MBusResponder meter = new(new WireMBusMeter("12345678HYD0104", 7, "0C0645230100" + "027C036D7070F401"));
        for (int i = 0; i < 3; i++)
        {
            Assert.Null(_protocol.BeginRead(device, block));
            Carry(meter, i == 0 ? 2 : 1);
            Assert.True(_protocol.Fill(device, block, _values));
            Assert.Equal([ItemState.Value, ItemState.NotAvailable], _values.Items(2).ToArray().Select(item => item.State));
        }

        Assert.Contains("the device sends ppm, which does not convert into 'V'", Assert.Single(_log), StringComparison.Ordinal);
    }

    private MBusProtocol Protocol() => new(Line, isRemote: false, new ItemMistakes(new ListLogger(_log)));

    private ItemValue[] Read(byte[] telegram, params ItemUnit[] items)
    {
        MBusProtocol protocol = Protocol();
        (DeviceConfiguration device, ItemBlock block) = Device(new MBusAddress(telegram[5], null), items);
        Assert.Null(protocol.BeginRead(device, block));
        Assert.Equal(BusStatus.SendNext, Hear(protocol, "E5"));
        Assert.True(Hear(protocol, Convert.ToHexString(telegram)) is BusStatus.Answered or BusStatus.SendNext);
        protocol.Session.Abandon();
        protocol.Fill(device, block, _values);
        return _values.Items(items.Length).ToArray();
    }

    private BusStatus[] Carry(MBusResponder meter, int steps)
    {
        BusStatus[] statuses = new BusStatus[steps];
        byte[] reply = new byte[MBusLimits.MaxFrameBytes];
        for (int i = 0; i < steps; i++)
        {
            Assert.Equal(ScanStatus.Done, MBusFrame.Scan(_protocol.Session.Outgoing.Span, out MBusFrame request, out _));
            statuses[i] = Hear(Convert.ToHexString(reply.AsSpan(0, meter.Answer(request, reply))));
        }

        return statuses;
    }

    private BusStatus Hear(string hex) => Hear(_protocol, hex);

    private static BusStatus Hear(MBusProtocol protocol, string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        bytes.CopyTo(protocol.Session.Free());
        protocol.Session.Received(bytes.Length);
        return protocol.Session.Take(silent: true);
    }

    private static byte[] Telegram(string records)
    {
        byte[] frame = new byte[MBusLimits.MaxFrameBytes];
        MBusTelegramWriter writer = new(frame.AsSpan(MBusFrame.DataOffset));
        writer.LongHeader(new MBusSecondaryAddress(0x12345678, 0x2324, 1, 7), 1, 0);
        writer.Raw(Convert.FromHexString(records));
        return frame[..MBusFrameWriter.Seal(frame, MBusControl.Respond, 1, MBusControlInformation.VariableLongHeader, writer.Length)];
    }

    private static (DeviceConfiguration Device, ItemBlock Block) Device(DeviceAddress address, params ItemUnit[] items)
    {
        DeviceProfile profile = new()
        {
            Id = "test-meter",
            Name = new LocalText("表", "Meter"),
            Kind = DeviceKind.HeatMeter,
            Source = "test",
            Protocol = FieldProtocol.MBus,
            PollMs = 60_000,
            Points = [.. items.Select((item, i) => new PointDefinition
            {
                Id = $"p{i}",
                Name = new LocalText("点", "Point"),
                Place = new ItemPlace(item.Item, MBusItems.Readout, 0, 0),
                Unit = item.Unit,
            })],
        };
        DeviceConfiguration device = new() { Id = "m1", Name = new LocalText("表", "Meter"), Address = address, Profile = profile, PollMs = 60_000 };
        return (device, new ItemBlock(MBusItems.Readout, [.. items.Select((_, i) => new PlannedPoint(i, i))]));
    }

    private sealed class ListLogger(List<string> log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Add(formatter(state, exception));
    }

    private sealed record ItemUnit(string Item, string Unit);
}
