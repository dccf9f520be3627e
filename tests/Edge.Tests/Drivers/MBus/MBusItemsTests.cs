using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Drivers.MBus;

public sealed class MBusItemsTests
{
    [Theory]
    [InlineData("energy", null, "Wh")]
    [InlineData("energy", "kWh", "kWh")]
    [InlineData("energy", "GJ", "GJ")]
    [InlineData("volume/storage=1", "m3", "m3")]
    [InlineData("energy/tariff=2/maximum", "MWh", "MWh")]
    [InlineData("flow_temperature", null, "degC")]
    [InlineData("voltage/vife=7F01", "V", "V")]
    [InlineData("volume_flow/unit=m3/h", "L/h", "L/h")]
    [InlineData("text_vif/unit=%RH", "%RH", "%RH")]
    [InlineData("hca_units/subunit=2/index=3", null, "")]
    [InlineData("operating_time", "h", "h")]
    [InlineData("status", null, "")]
    public void Known_items_come_in_the_unit_of_the_profile(string item, string? unit, string shown)
    {
        KnownItem known = Assert.IsType<KnownItem>(ItemDictionary.Standard.Find(FieldProtocol.MBus, item, unit));
        Assert.Equal(("readout", shown, false), (known.Request, known.Unit, known.IsFlag));
    }

    [Theory]
    [InlineData("status/low_power")]
    [InlineData("status/permanent_error")]
    [InlineData("error_flags/bit=3")]
    [InlineData("digital_input/bit=0")]
    public void Bits_are_flags(string item) => Assert.True(Assert.IsType<KnownItem>(ItemDictionary.Standard.Find(FieldProtocol.MBus, item, null)).IsFlag);

    [Theory]
    [InlineData("enregy", null, "'enregy' is no quantity of M-Bus", "write one of: energy, error_flags, error_mask, external_temperature; iotp-edge decode mbus")]
    [InlineData("Wärme", null, "'Wärme' is no quantity of M-Bus", "write one of: access_code_developer, ")]
    [InlineData("energy/tarif=2", null, "'tarif=2' tells no record from another", "write a quantity, then")]
    [InlineData("energy/index=0", null, "'index=0' tells no record from another", "write a quantity, then")]
    [InlineData("energy/vife=7", null, "'vife=7' tells no record from another", "write a quantity, then")]
    [InlineData("status/low", null, "'status/low' is no field of the status", "write one of: status, status/busy")]
    [InlineData("datetime", null, "'datetime' is a point in time and no number", "leave the point out")]
    [InlineData("energy", "m3", "the device sends Wh, which does not convert into 'm3'", "write one of: J, kJ, MJ, GJ, Wh")]
    [InlineData("pressure", "psi", "the device sends bar, which does not convert into 'psi'", "write one of: Pa, hPa")]
    [InlineData("fabrication_number", "V", "the device sends , which does not convert into 'V'", "write")]
    public void Mistyped_items_fail_with_their_mend(string item, string? unit, string what, string mend)
    {
        UnknownItem unknown = Assert.IsType<UnknownItem>(ItemDictionary.Standard.Find(FieldProtocol.MBus, item, unit));
        Assert.Equal(what, unknown.What);
        Assert.StartsWith(mend, unknown.Mend, StringComparison.Ordinal);
    }
}
