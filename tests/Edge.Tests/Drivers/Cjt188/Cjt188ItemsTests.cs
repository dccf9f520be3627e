using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Drivers.Cjt188;

public sealed class Cjt188ItemsTests
{
    [Theory]
    [InlineData("901F/current", null, "901F", "m3", 8, 2)]
    [InlineData("901f/current", "L", "901F", "L", 8, 2)]
    [InlineData("901F/current_heat", "GJ", "901F", "GJ", 8, 2)]
    [InlineData("901F/flow", null, "901F", "m3/h", 0, 4)]
    [InlineData("901F/supply_temperature_c", null, "901F", "degC", 0, 2)]
    [InlineData("901F/work_hours", "d", "901F", "d", 6, 0)]
    [InlineData("D120/settlement", "m3", "D120", "m3", 8, 2)]
    [InlineData("D12B/settlement_heat", "MWh", "D12B", "MWh", 8, 2)]
    [InlineData("D300/temperature_c", null, "D300", "degC", 0, 2)]
    [InlineData("8105/remaining", "CNY", "8105", "CNY", 0, 2)]
    [InlineData("8103/day", null, "8103", "", 0, 0)]
    public void Items_are_fields_of_an_identifier(string item, string? unit, string request, string expectedUnit, int digits, int decimals)
    {
        KnownItem known = Assert.IsType<KnownItem>(ItemDictionary.Standard.Find(FieldProtocol.Cjt188, item, unit));
        Assert.Equal((request, expectedUnit, digits, decimals, false), (known.Request, known.Unit, known.Digits, known.Decimals, known.IsFlag));
    }

    [Theory]
    [InlineData("901F/battery_low")]
    [InlineData("901F/valve_open")]
    [InlineData("901F/valve_closed")]
    [InlineData("901F/valve_fault")]
    [InlineData("901F/status_bit_0")]
    [InlineData("8105/status_bit_15")]
    public void Status_is_told_by_flags(string item)
    {
        KnownItem known = Assert.IsType<KnownItem>(ItemDictionary.Standard.Find(FieldProtocol.Cjt188, item, null));
        Assert.True(known.IsFlag);
        Assert.Equal(0, known.Digits);
    }

    [Theory]
    [InlineData("current", null, "'current' is no item of CJ/T 188", "901F/current, 901F/battery_low")]
    [InlineData("901F", null, "'901F' names no field", "write 901F/ and one of current, settlement, settlement_heat")]
    [InlineData("901F/volume", null, "901F has no field 'volume' that is a number", "write 901F/ and one of current, settlement")]
    [InlineData("901F/time", null, "901F has no field 'time' that is a number", "battery_low, valve_open")]
    [InlineData("901F/status_bit_16", null, "901F has no field 'status_bit_16' that is a number", "status_bit_0 to status_bit_15")]
    [InlineData("8103/battery_low", null, "8103 has no field 'battery_low' that is a number", "write 8103/ and one of day")]
    [InlineData("1234/current", null, "'1234' is an identifier whose fields are not known", "write one of 901F")]
    [InlineData("901F/current", "kWh", "the device sends m3, which does not convert into 'kWh'", "write one of: mL, L, m3")]
    [InlineData("901F/supply_temperature_c", "K", "the device sends degC, which does not convert into 'K'", "write one of: degC")]
    public void Mistakes_name_the_mend(string item, string? unit, string what, string mend)
    {
        UnknownItem unknown = Assert.IsType<UnknownItem>(ItemDictionary.Standard.Find(FieldProtocol.Cjt188, item, unit));
        Assert.Equal(what, unknown.What);
        Assert.Contains(mend, unknown.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void Mistyped_item_of_a_profile_is_found_at_the_start_with_its_place()
    {
        SiteReadResult result = Cjt188Site.Read("points:\n  volume: { item: 901F/curent, unit: m3 }");
        ConfigurationMistake mistake = Assert.Single(result.Mistakes);
        Assert.StartsWith("test-meter.yaml:9:19: 901F has no field 'curent'", mistake.ToString(), StringComparison.Ordinal);
    }
}
