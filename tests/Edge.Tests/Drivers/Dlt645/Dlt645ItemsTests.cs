using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Drivers.Dlt645;

public sealed class Dlt645ItemsTests
{
    [Theory]
    [InlineData("00010000", null, "00010000", "kWh", 8, 2, "0001FF00", false)]
    [InlineData("00010000", "MWh", "00010000", "MWh", 8, 2, "0001FF00", false)]
    [InlineData("00000000", "kWh", "00000000", "kWh", 0, 2, "0000FF00", false)]
    [InlineData("0001FF00/2", "kWh", "0001FF00", "kWh", 8, 2, null, false)]
    [InlineData("0001ff00/2", "kWh", "0001FF00", "kWh", 8, 2, null, false)]
    [InlineData("02010100", "V", "02010100", "V", 4, 1, "0201FF00", false)]
    [InlineData("02060000", "%", "02060000", "%", 0, 3, "0206FF00", false)]
    [InlineData("02800007", null, "02800007", "degC", 0, 1, null, false)]
    [InlineData("01010000", "W", "01010000", "W", 6, 4, "0101FF00", false)]
    [InlineData("04000503", null, "04000503", "", 0, 0, null, false)]
    [InlineData("04000503/4", null, "04000503", "", 0, 0, null, true)]
    [InlineData("04000503/relay_open", null, "04000503", "", 0, 0, null, true)]
    [InlineData("05061001/7", "var", "05061001", "var", 0, 4, null, false)]
    [InlineData("02930000/-XXXX.XX", "kW", "02930000", "kW", 0, 2, null, false)]
    [InlineData("04FF0001/NNNNNN", "pcs", "04FF0001", "pcs", 6, 0, null, false)]
    public void Items_of_2007_are_known(string item, string? unit, string request, string ownUnit, int digits, int decimals, string? block, bool isFlag) =>
        Assert.Equal(new KnownItem(request, ownUnit, digits, decimals) { Block = block, IsFlag = isFlag }, Find(FieldProtocol.Dlt645Y2007, item, unit));

    [Theory]
    [InlineData("9010", "kWh", "9010", "901F")]
    [InlineData("901F/2", "kWh", "901F", null)]
    [InlineData("B611", "V", "B611", "B61F")]
    [InlineData("B630", "W", "B630", null)]
    public void Items_of_1997_are_known(string item, string unit, string request, string? block)
    {
        KnownItem known = MeterSite.Known(FieldProtocol.Dlt645Y1997, item, unit);
        Assert.Equal((request, unit, block), (known.Request, known.Unit, known.Block));
    }

    [Theory]
    [InlineData("00010000", "m3", "the device sends kWh, which does not convert into 'm3'", "write one of: J, kJ, MJ, GJ, Wh, kWh, MWh, GWh")]
    [InlineData("9010", null, "'9010' is no data identifier of DL/T 645-2007", "write the identifier's 8 hexadecimal digits, such as 00010000 (forward active energy total)")]
    [InlineData("energy", null, "'energy' is no data identifier of DL/T 645-2007", "write the identifier's 8 hexadecimal digits, such as 00010000 (forward active energy total)")]
    [InlineData("00010000/1/2", null, "'00010000/1/2' is no data identifier of DL/T 645-2007", "write the identifier's 8 hexadecimal digits, such as 00010000 (forward active energy total)")]
    [InlineData("0001FF00", null, "0001FF00 (forward active energy block) is a row of up to 64 values", "write 0001FF00/0 to 0001FF00/63")]
    [InlineData("0201FF00/3", null, "0201FF00 (voltage block) has no value '3'", "write 0201FF00/0 to 0201FF00/2")]
    [InlineData("0201FF00/-1", null, "0201FF00 (voltage block) has no value '-1'", "write 0201FF00/0 to 0201FF00/2")]
    [InlineData("00010000/1", null, "00010000 (forward active energy total) is a single value without parts", "write 00010000")]
    [InlineData("04000402", null, "04000402 (meter number) is no number", "leave the point out; meter numbers and clocks are shown by iotp-edge probe")]
    [InlineData("04000601/8", null, "04000601 (active combination) has no bit '8'", "write a bit from 0 to 7")]
    [InlineData("04000502/relay_open", null, "04000502 (run status word 2) has no bit 'relay_open'", "write a bit from 0 to 15 or one of: active_power_a_reversed, active_power_b_reversed, active_power_c_reversed, reactive_power_a_reversed, reactive_power_b_reversed, reactive_power_c_reversed")]
    [InlineData("02930000", null, "DL/T 645-2007 has no identifier 02930000", "write one of the standard's, such as 00010000, or add the maker's format: 02930000/XXXX.XX (with - in front where the top bit is a sign)")]
    [InlineData("02930000/XXX", null, "DL/T 645-2007 has no identifier 02930000", "write one of the standard's, such as 00010000, or add the maker's format: 02930000/XXXX.XX (with - in front where the top bit is a sign)")]
    public void A_mistake_says_what_to_write(string item, string? unit, string what, string mend) =>
        Assert.Equal(new UnknownItem(what, mend), Find(FieldProtocol.Dlt645Y2007, item, unit));

    private static ItemLookup Find(FieldProtocol protocol, string item, string? unit) => ItemDictionary.Standard.Find(protocol, item, unit);
}
