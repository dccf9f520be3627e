using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Profiles;

public class SerialSiteTests
{
    [Fact]
    public void Lines_of_every_kind_are_read_with_their_settings()
    {
        SiteConfiguration site = Read();
        SerialTransport serial = Assert.IsType<SerialTransport>(site.Lines[0].Transport);
        Assert.Equal(
            new SerialTransport("/dev/ttyUSB0", 2_400, new SerialFormat(8, SerialParity.None, 2)) { Rs485 = new Rs485Configuration(false, 1, 0), Echo = true, LowLatency = true },
            serial);
        Assert.Equal((11, "serial /dev/ttyUSB0 2400 8N2"), (serial.Format.BitsPerCharacter, serial.ToString()));
        Assert.Equal(new SerialServerTransport("192.168.1.7", 4_001, 9_600, new SerialFormat(8, SerialParity.Even, 1)), site.Lines[1].Transport);
        Assert.Equal(new OnboardTransport(), site.Lines[2].Transport);
        Assert.Equal(10, site.DiagnosticsEverySeconds);
    }

    [Fact]
    public void Devices_are_called_as_their_protocol_wants() => Assert.Equal(
        [
            new Dlt645Address("000000123456"), new ModbusAddress(3), new MBusAddress(null, "12345678HYD0104"), new MBusAddress(5, null),
            new Cjt188Address("78330011223344", 0x10), new OnboardAddress(),
        ],
        Read().Devices.Select(device => device.Address));

    [Fact]
    public void Items_come_from_the_dictionary_with_unit_digits_and_block()
    {
        DeviceProfile meter = Read().Devices.First().Profile;
        Assert.Equal((FieldProtocol.Dlt645Y2007, true, false), (meter.Protocol, meter.Control.Relay, meter.Control.Valve));
        Assert.Equal((true, 2, 50), (meter.Quirks.NoBlocks, meter.Quirks.WakeUpBytes!.Value, meter.Quirks.MinGapMs));
        Assert.Equal(("kWh", new ItemPlace("energy", "energy", 8, 2)), (meter.Points[0].Unit, meter.Points[0].Place)); // no block: the quirk is against it
        Assert.True(meter.Points[1].IsFlag);
        Assert.Equal(new ReadingDefinition("energy", 8, 900), meter.Readings[0]);
        Assert.Equal(300_000, meter.Points[0].MaxSilenceMs); // polled seldom, so it may be silent for as long
    }

    [Fact]
    public void Registers_may_hold_fields_of_bits_decimal_digits_and_texts()
    {
        DeviceProfile module = Read().Devices.ElementAt(1).Profile;
        Assert.Equal(new RegisterPlace(PointTable.Input, 0, PointType.Uint16) { Bit = 4, BitCount = 6 }, module.Points[0].Place);
        Assert.Equal((PointType.Bcd32, 2), (module.Points[1].Registers.Type, module.Points[1].Registers.Width));
        Assert.Equal((8, true), (module.Points[2].Registers.Width, module.Points[2].Place.IsText));
        Assert.Equal([new AddressRange(4, 7), new AddressRange(9, 9)], module.Quirks.Avoid.ToArray());
        Assert.DoesNotContain(SiteCatalogues.Of(Read()).Devices[1].Points, point => point.Id == "serial"); // texts are no telemetry
    }

    [Fact]
    public void Devices_get_the_rules_of_their_profile_unless_the_site_says_otherwise()
    {
        SiteConfiguration site = Read();
        Assert.Equal(["m1-low", "m1-open"], site.Alarms.Select(rule => rule.Id));
        Assert.Equal((5, null, 0), (site.Alarms[0].Alarm, site.Alarms[0].Warning, site.Alarms[0].OnDelayMs)); // the site's own
        Assert.Equal((new PointRef("m1", "relay"), AlarmDirection.Equals), (site.Alarms[1].Point, site.Alarms[1].Direction));
        Assert.Empty(Read(site => site.Replace("123456\" }", "123456\", alarms: none }", StringComparison.Ordinal).Replace("m1-low", "own", StringComparison.Ordinal)).Alarms.Where(rule => rule.Id != "own"));
    }

    [Theory]
    [InlineData("baud: 2400", "baud: 49", "site.yaml:7:41: 'baud' is '49' — write a whole number from 50 to 4000000")]
    [InlineData("8N2", "8X1", "site.yaml:7:55: 'format' is '8X1' — write data bits (5 to 8), parity (N, E, O, M or S) and stop bits (1 or 2), such as 8E1 or 8N2")]
    [InlineData("port: /dev/ttyUSB0", "port: COM3", "site.yaml:7:21: 'port' is 'COM3' — write the whole path, such as /dev/ttyUSB0")]
    [InlineData("delayBeforeMs: 1", "delayBeforeMs: 200", "site.yaml:7:102: 'delayBeforeMs' is '200' — write a whole number from 0 to 100")]
    [InlineData("    onboard: {}", "    serial: { port: /dev/ttyUSB0, baud: 9600 }", "site.yaml:18:13: line 'cellar' already runs over /dev/ttyUSB0 — a bus has one master: put all its devices on that line",
        "site.yaml:20:28: profile 'test-contact' speaks onboard, which serial /dev/ttyUSB0 9600 8E1 does not carry — put the device on a line with onboard: {}")]
    [InlineData("    onboard: {}\n", "", "site.yaml:17:5: the line does not say what it runs over — write one of serial: { port: /dev/ttyUSB0, baud: 9600 }, tcp: { host: …, port: … }, modbusTcp: { host: …, port: 502 }, onboard: {}")]
    [InlineData("\"000000123456\"", "123456", "site.yaml:9:49: 'address' is '123456', not 12 decimal digits — write zeros in front: \"000000123456\"")]
    [InlineData("address: \"000000123456\"", "unit: 5",
        "site.yaml:9:9: a device lacks 'address' — write address: \"000000123456\", the 12 digits that are printed on the meter",
        "site.yaml:9:46: a dlt645-2007 device has no 'unit' — write address: \"…\", the digits that are printed on the meter")]
    [InlineData("unit: 3", "unit: 0", "site.yaml:10:47: unit 0 is the broadcast address of a serial line and nobody answers to it — write 1 to 247")]
    [InlineData("unit: 5", "unit: 251", "site.yaml:15:45: 'unit' is '251' — write a whole number from 0 to 250")]
    [InlineData("unit: 5", "unit: 5, address: 12345678", "site.yaml:15:9: the device has a primary and a secondary address — write unit: 0 to 250, or address: \"12345678\" (the number on the meter), or address: \"12345678HYD0104\" with maker, version and medium")]
    [InlineData("12345678HYD0104", "1234567", "site.yaml:14:48: 'address' is '1234567', no secondary address — write unit: 0 to 250, or address: \"12345678\" (the number on the meter), or address: \"12345678HYD0104\" with maker, version and medium")]
    [InlineData("meterType: \"10\"", "meterType: cold", "site.yaml:16:78: 'meterType' is 'cold' — write two hexadecimal digits: \"10\" cold water, \"20\" heat, \"30\" gas; or leave it out")]
    [InlineData("alarms: none", "alarms: off", "site.yaml:16:92: 'alarms' is 'off' — write alarms: none to leave out the profile's rules, or leave the key out")]
    [InlineData("id: x1", "id: line-riser", "site.yaml:10:15: 'line-riser' is the name under which the hub is told of line 'riser' — give the device another id")]
    [InlineData("everySeconds: 10", "everySeconds: 4000", "site.yaml:23:30: 'everySeconds' is '4000' — write a whole number from 0 to 3600")]
    public void Mistake_in_a_line_is_told_with_its_place_and_mend(string instead, string written, params string[] expected) =>
        Expect(SerialSite.Sources(site: SerialSite.Site.Replace(instead, written, StringComparison.Ordinal)), expected);

    [Theory]
    [InlineData("dlt645-2007", "dlt645", "meter.yaml:4:11: 'protocol' is 'dlt645' — write one of: cjt188, dlt645-1997, dlt645-2007, mbus, modbus, onboard",
        "meter.yaml:7:11: 'quirks' of a modbus device knows no key 'noBlocks'")]
    [InlineData("{ item: energy }", "{ item: enrgy }", "meter.yaml:10:19: dlt645-2007 has no item 'enrgy' — write one of: energy, relay")]
    [InlineData("{ item: energy }", "{ item: energy, unit: MJ }", "meter.yaml:10:19: the meter counts in kWh, which does not convert into 'MJ' — write unit: kWh")]
    [InlineData("noBlocks: true", "unitFirst: true", "meter.yaml:7:11: 'quirks' of a dlt645-2007 device knows no key 'unitFirst'")]
    [InlineData("relay: true", "valve: true", "meter.yaml:8:12: 'control' of a dlt645-2007 device knows no key 'valve'")]
    [InlineData("point: relay, equals", "point: rely, equals", "meter.yaml:16:24: the profile has no point 'rely' — did you mean 'relay'?")]
    [InlineData("id: open", "id: low", "meter.yaml:16:11: rule 'low' is already in line 15 — give each rule its own id")]
    [InlineData("equals: { alarm: 1 }", "above: { alarm: 1 }", "meter.yaml:16:38: point 'relay' is only 0 or 1 — write equals: { alarm: 1 }")]
    public void Mistake_in_a_meters_profile_is_told_with_its_place_and_mend(string instead, string written, params string[] expected) =>
        ExpectStarts(SerialSite.Sources(meter: SerialSite.Meter.Replace(instead, written, StringComparison.Ordinal)), expected);

    [Theory]
    [InlineData("bits: [4, 6]", "bits: [12, 6]", "module.yaml:8:44: 6 bits from bit 12 on run past the 16 bits of uint16 — write fewer bits, or a longer type")]
    [InlineData("bits: [4, 6]", "bits: [4]", "module.yaml:8:44: 'bits' names no field of bits — write bits: [lowest bit, how many], bit 0 being the least significant")]
    [InlineData("bits: [4, 6]", "bits: [4, 6], type: int16", "module.yaml:8:44: 'bits' are a part of an unsigned number and not of int16 — write type: uint16, uint32 or uint64, or leave 'bits' out")]
    [InlineData("type: bcd32", "type: bcd32, length: 2", "module.yaml:9:59: bcd32 has a length of its own — leave 'length' out")]
    [InlineData("length: 8, ", "", "module.yaml:10:11: point 'serial' lacks 'length' — write length: how many registers the text takes, two characters each")]
    [InlineData("length: 8,", "length: 8, unit: kg,", "module.yaml:10:71: a text has no 'unit' — leave it out")]
    [InlineData("address: 2,", "address: 3,", "module.yaml:9:35: the point lies in [4, 7], which the quirk 'avoid' forbids to read — correct one of the two")]
    [InlineData("[9, 9]", "[9, 8]", "module.yaml:6:27: 'avoid' holds what is no range of addresses — write avoid: [[from, to], …] with zero-based addresses, both ends included")]
    public void Mistake_in_a_modules_profile_is_told_with_its_place_and_mend(string instead, string written, params string[] expected) =>
        Expect(SerialSite.Sources(module: SerialSite.Module.Replace(instead, written, StringComparison.Ordinal)), expected);

    private static SiteConfiguration Read(Func<string, string>? change = null)
    {
        SiteReadResult result = SiteConfigurationReader.Read(SerialSite.Sources(site: (change ?? (site => site))(SerialSite.Site)));
        Assert.Equal([], result.Mistakes.Select(mistake => mistake.ToString()));
        return result.Site!;
    }

    private static void Expect(SiteSources sources, string[] expected) =>
        Assert.Equal(expected, SiteConfigurationReader.Read(sources).Mistakes.Select(mistake => mistake.ToString()));

    private static void ExpectStarts(SiteSources sources, string[] expected)
    {
        string[] found = [.. SiteConfigurationReader.Read(sources).Mistakes.Select(mistake => mistake.ToString())];
        Assert.All(expected, start => Assert.Contains(found, mistake => mistake.StartsWith(start, StringComparison.Ordinal)));
    }
}
