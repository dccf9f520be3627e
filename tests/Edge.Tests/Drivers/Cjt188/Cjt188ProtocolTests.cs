using System.Globalization;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.Cjt188;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Drivers.Cjt188;

public sealed class Cjt188ProtocolTests
{
    private const string HeatPoints = """
        points:
          energy: { item: 901F/current_heat, unit: kWh }
          power: { item: 901F/power, unit: W }
          flow: { item: 901F/flow, unit: L/h }
          volume: { item: 901F/cumulative_flow }
          supply: { item: 901F/supply_temperature_c }
          hours: { item: 901F/work_hours, unit: h }
        """;

    private readonly List<string> _log = [];
    private readonly BlockValues _values = new();
    private readonly Cjt188Protocol _protocol;

    public Cjt188ProtocolTests() => _protocol = new Cjt188Protocol(new ItemMistakes(new ListLogger(_log)));

    [Fact]
    public void Water_reading_comes_in_the_profile_s_units()
    {
        DeviceConfiguration device = Cjt188Site.Device(Cjt188Site.WaterPoints);
        Assert.Equal("123.45 120.00 0 1 1", Read(device, "45230100 2C 00200100 29 00301015082620 0101"));
        Assert.Empty(_log);
    }

    [Fact]
    public void Meter_that_counts_litres_is_converted_and_keeps_its_resolution()
    {
        DeviceConfiguration device = Cjt188Site.Device("points:\n  volume: { item: 901F/current, unit: m3 }");
        Assert.Equal("0.12345", Read(device, "45230100 29 00200100 29 00301015082620 0000"));
        Assert.Equal("1234.5", Read(device, "45230100 2D 00200100 2D 00301015082620 0000"));
    }

    [Fact]
    public void Filled_fields_are_not_available_and_fields_of_another_form_are_missing()
    {
        DeviceConfiguration device = Cjt188Site.Device(Cjt188Site.WaterPoints);
        Assert.Equal("5959.00 none 0 0 0", Read(device, "00595900 2C FFFFFFFF 2C FFFFFFFFFFFFFF 0000"));
        Assert.Equal("43.21 missing missing missing missing", Read(device, "21430000 2C 00"));
        Assert.Empty(_log);
    }

    [Theory]
    [InlineData("5634120005 6745230005 3412000017 4523010035 325406002C 126500 084500 341200 00000815012620 0000", "2345.67 12340 1234.5 654.32 65.12 1234")]
    [InlineData("5634120005 6745230011 34120017 00150035 325406002C 1265 0845 34120000 00000815012620 0000", "651575.0000 12340 1500 654.32 65.12 1234")]
    public void Heat_reading_of_either_edition_is_understood_by_its_length(string payload, string expected)
    {
        DeviceConfiguration device = Cjt188Site.Device(HeatPoints, "heat-meter");
        string[] got = Read(device, payload.Replace(" ", "", StringComparison.Ordinal), 0x20).Split(' ');
        Assert.Equal(expected.Split(' ').Select(Decimal), got.Select(Decimal));
    }

    [VectorFact]
    public void Meter_that_sends_its_units_first_needs_the_quirk()
    {
        string payload = Vectors.Load("cjt188").EnumerateArray().Single(v => v.GetProperty("name").GetString() == "pub_heat_jy_response_unit_first_variant")
            .GetProperty("decoded").GetProperty("payload_hex").GetString()!;
        DeviceConfiguration device = Cjt188Site.Device("points:\n  energy: { item: 901F/current_heat, unit: kWh }\n  volume: { item: 901F/cumulative_flow }", "heat-meter", "quirks: { unitFirst: true }");
        Assert.Equal("20 10.34", Read(device, payload, 0x20));
        Assert.Empty(_log);

        DeviceConfiguration plain = Cjt188Site.Device("points:\n  energy: { item: 901F/current_heat, unit: kWh }", "heat-meter");
        Assert.Equal("missing", Read(plain, payload, 0x20));
        Assert.Equal("missing", Read(plain, payload, 0x20));
        Assert.Contains("the unit code 00, which the standard does not have — if its unit stands in front of the number, write quirks: { unitFirst: true }", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public void Unit_of_another_quantity_is_told_once_and_never_becomes_a_value()
    {
        DeviceConfiguration device = Cjt188Site.Device("points:\n  volume: { item: 901F/current, unit: m3 }");
        Assert.Equal("missing", Read(device, "45230100 05 00200100 05 00301015082620 0000"));
        Assert.Equal("missing", Read(device, "45230100 05 00200100 05 00301015082620 0000"));
        Assert.Contains("Device m1 sends item 901F/current in a way that its profile cannot use: the device sends kWh", Assert.Single(_log), StringComparison.Ordinal);
        Assert.Equal("123.45", Read(device, "45230100 2C 00200100 2C 00301015082620 0000"));
    }

    [Fact]
    public void Answer_of_an_unknown_form_is_told_once_with_its_bytes()
    {
        DeviceConfiguration device = Cjt188Site.Device(Cjt188Site.WaterPoints);
        Assert.Equal("missing missing missing missing missing", Read(device, "010203"));
        Assert.Equal("missing missing missing missing missing", Read(device, "010203"));
        Assert.Contains("the meter (type 10) answers 3 bytes, a form that is not known", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("water-meter", "", "", "FEFEFEFE68104433221100337801031F90")]
    [InlineData("heat-meter", "", "", "FEFEFEFE68204433221100337801031F90")]
    [InlineData("gas-meter", "quirks: { diOrder: high-first, wakeUpBytes: 2 }", "", "FEFE6830443322110033780103901F")]
    [InlineData("gas-meter", "quirks: { wakeUpBytes: 20 }", "", "FEFEFEFEFEFEFEFEFEFEFEFEFEFEFEFEFEFEFEFE68304433221100337801031F90")]
    [InlineData("electricity-meter", "", "", "FEFEFEFE68AA4433221100337801031F90")]
    [InlineData("water-meter", "", ", meterType: \"25\"", "FEFEFEFE68254433221100337801031F90")]
    public void Request_follows_kind_quirks_and_address(string kind, string quirks, string address, string expected)
    {
        DeviceConfiguration device = Cjt188Site.Device("points:\n  volume: { item: 901F/status_bit_1 }", kind, quirks, address);
        Assert.Null(_protocol.BeginRead(device, Cjt188Site.Block(device)));
        Assert.StartsWith(expected, Convert.ToHexString(_protocol.Session.Outgoing.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void Refused_identifier_is_data_that_the_meter_has_not()
    {
        DeviceConfiguration device = Cjt188Site.Device("points:\n  last-month: { item: D120/settlement, unit: m3 }");
        Assert.Null(_protocol.BeginRead(device, Cjt188Site.Block(device)));
        Give([0x68, 0x10, 0x44, 0x33, 0x22, 0x11, 0x00, 0x33, 0x78, 0xC1, 0x01, 0x02, 0x31, 0x16]);
        Assert.Equal(BusStatus.NeedMore, _protocol.Session.Take(silent: true));
        byte[] frame = new byte[Cjt188Frame.MaxBytes];
        frame[Cjt188Frame.DataAt] = 2;
        Give(frame[..Cjt188Frame.Seal(frame, 0x10, new Cjt188AddressField(0x78_3300_1122_3344), 0xC1, 1)]);
        Assert.Equal(BusStatus.Refused, _protocol.Session.Take(silent: false));
        Assert.Equal((DriverOutcome.NoSuchData, "the meter refuses (control code C1, 02)"), (_protocol.Refusal().Outcome, _protocol.Refusal().Detail));
        Assert.False(_protocol.Fill(device, Cjt188Site.Block(device), _values));
    }

    [Fact]
    public void Registers_are_not_what_a_meter_has()
    {
        DeviceConfiguration device = Cjt188Site.Device(Cjt188Site.WaterPoints);
        Assert.Equal("a CJ/T 188 meter has no registers", _protocol.BeginRead(device, new RegisterBlock(PointTable.Holding, 0, 1, [])));
        Assert.Equal("this protocol has no coils", ((IBusProtocol)_protocol).BeginWriteCoil(device, 0, true));
    }

    [Fact]
    public void Steady_reading_allocates_nothing()
    {
        DeviceConfiguration device = Cjt188Site.Device(Cjt188Site.WaterPoints);
        ItemBlock block = Cjt188Site.Block(device);
        byte[] payload = Convert.FromHexString("452301002C200100002900301015082620" + "0101");
        byte[] frame = new byte[Cjt188Frame.MaxBytes];
        Assert.Equal(0, Allocations.LeastOfFiveRounds(1_000, () =>
        {
            _protocol.BeginRead(device, block);
            byte serial = _protocol.Session.Outgoing.Span[^3];
            int data = Cjt188Body.Write(frame.AsSpan(Cjt188Frame.DataAt), 0x901F, Cjt188IdentifierOrder.LowByteFirst, serial, payload);
            int length = Cjt188Frame.Seal(frame, 0x10, new Cjt188AddressField(0x78_3300_1122_3344), 0x81, data);
            frame.AsMemory(0, length).CopyTo(_protocol.Session.Free());
            _protocol.Session.Received(length);
            if (_protocol.Session.Take(silent: false) != BusStatus.Answered || !_protocol.Fill(device, block, _values))
            {
                throw new InvalidOperationException("not answered");
            }
        }));
        Assert.Equal(123.45m, _values.Items(5)[0].Value);
    }

    private string Read(DeviceConfiguration device, string payload, byte type = 0x10)
    {
        ItemBlock block = Cjt188Site.Block(device);
        Assert.Null(_protocol.BeginRead(device, block));
        ReadOnlySpan<byte> request = _protocol.Session.Outgoing.Span;
        byte serial = request[^3];
        byte[] frame = new byte[Cjt188Frame.MaxBytes];
        int data = Cjt188Body.Write(
            frame.AsSpan(Cjt188Frame.DataAt), 0x901F, Cjt188IdentifierOrder.LowByteFirst, serial, Convert.FromHexString(payload.Replace(" ", "", StringComparison.Ordinal)));
        Give(frame[..Cjt188Frame.Seal(frame, type, new Cjt188AddressField(0x78_3300_1122_3344), 0x81, data)]);
        Assert.Equal(BusStatus.Answered, _protocol.Session.Take(silent: false));
        bool brought = _protocol.Fill(device, block, _values);
        List<string> texts = [];
        foreach (ItemValue item in _values.Items(block.Points.Length))
        {
            texts.Add(item.State switch
            {
                ItemState.Missing => "missing",
                ItemState.NotAvailable => "none",
                _ => item.Value.ToString(CultureInfo.InvariantCulture),
            });
        }

        Assert.Equal(brought, texts.Any(text => text != "missing"));
        return string.Join(' ', texts);
    }

    private void Give(byte[] bytes)
    {
        bytes.CopyTo(_protocol.Session.Free());
        _protocol.Session.Received(bytes.Length);
    }

    private static decimal Decimal(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
