using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using IotProperty.Edge.Drivers;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Drivers;

public sealed class UnitConversionTests
{
    private static readonly string[] SomeUnits = "J kJ MJ GJ Wh kWh MWh GWh W kW MW mL L m3 L/h L/min L/s m3/h m3/min m3/s g kg t ms s min h d V kV mV A Pa bar MPa % ppm".Split(' ');

    [Theory]
    [InlineData("kWh", "MWh", "54427.88", "54.42788")]
    [InlineData("MWh", "kWh", "0.02", "20")]
    [InlineData("GJ", "MJ", "1234.56", "1234560")]
    [InlineData("kWh", "MJ", "1.25", "4.500")]
    [InlineData("kWh", "J", "0.01", "36000")]
    [InlineData("Wh", "kWh", "1", "0.001")]
    [InlineData("L", "m3", "120.00", "0.12000")]
    [InlineData("m3", "L", "123.45", "123450")]
    [InlineData("m3", "L", "123.4567", "123456.7")]
    [InlineData("m3*10", "m3", "999.99", "9999.9")]
    [InlineData("L*100", "m3", "7", "0.7")]
    [InlineData("L/h", "m3/h", "1500", "1.500")]
    [InlineData("m3/min", "m3/h", "0.25", "15.0")]
    [InlineData("W", "kW", "-12.34", "-0.01234")]
    [InlineData("GJ/h", "MJ/h", "2", "2000")]
    [InlineData("h", "s", "273", "982800")]
    [InlineData("d", "h", "2", "48")]
    [InlineData("MPa", "bar", "0.35", "3.5")]
    [InlineData("°C", "degC", "25.35", "25.35")]
    [InlineData("C", "degC", "25.35", "25.35")]
    [InlineData("m³/h", "m3/h", "1.2345", "1.2345")]
    [InlineData("pH", "pH", "7.40", "7.40")]
    public void Values_and_their_decimals_convert_exactly(string from, string to, string value, string expected)
    {
        Assert.True(UnitConversion.TryFind(from, to, out UnitConversion conversion, out string mistake), mistake);
        Assert.Equal(expected, conversion.Apply(decimal.Parse(value, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("MJ", "kWh", "1.00", "0.2778")]
    [InlineData("MJ", "kWh", "3.60", "1.0000")]
    [InlineData("s", "h", "1800", "0.50000")]
    [InlineData("min", "h", "50", "0.833")]
    public void Factors_without_a_finite_decimal_are_rounded_once_finer_than_the_meter_counts(string from, string to, string value, string expected)
    {
        Assert.True(UnitConversion.TryFind(from, to, out UnitConversion conversion, out _));
        decimal converted = conversion.Apply(decimal.Parse(value, CultureInfo.InvariantCulture));
        Assert.Equal(decimal.Parse(expected, CultureInfo.InvariantCulture), converted);
    }

    [Theory]
    [InlineData("kWh", "m3", "the device sends kWh, which does not convert into 'm3' — write one of: J, kJ, MJ, GJ, Wh, kWh, MWh, GWh")]
    [InlineData("K", "degC", "the device sends K, which does not convert into 'degC' — write one of: K")]
    [InlineData("?", "m3", "the device sends the unit '?', which does not convert into 'm3' — write unit: ?")]
    [InlineData("m3", "qm", "the device sends m3, which does not convert into 'qm' — write one of: mL, L, m3")]
    public void Units_of_another_quantity_are_refused_with_the_ones_that_fit(string from, string to, string expected)
    {
        Assert.False(UnitConversion.TryFind(from, to, out _, out string mistake));
        Assert.Equal(expected, mistake);
    }

    [Theory]
    [InlineData("m3*10", true)]
    [InlineData("m3*100", true)]
    [InlineData("m3*", false)]
    [InlineData("m3*2", false)]
    [InlineData("m3*10x", false)]
    [InlineData("*10", false)]
    [InlineData("m3*10000000000000", false)]
    [InlineData("M3", false)]
    public void Powers_of_ten_behind_a_unit_are_part_of_it(string unit, bool known) => Assert.Equal(known, UnitConversion.Knows(unit));

    [Fact]
    public void There_and_back_is_where_one_began() => Prop.ForAll(
        Gen.Elements(SomeUnits).Two().ToArbitrary(),
        Gen.Choose(-99_999_999, 99_999_999).ToArbitrary(),
        (pair, digits) =>
        {
            decimal value = new(Math.Abs(digits), 0, 0, digits < 0, 2);
            if (!UnitConversion.TryFind(pair.Item1, pair.Item2, out UnitConversion there, out _))
            {
                return !UnitConversion.TryFind(pair.Item2, pair.Item1, out _, out _);
            }

            Assert.True(UnitConversion.TryFind(pair.Item2, pair.Item1, out UnitConversion back, out _));

            // Half a step of the meter's last digit is what rounding may cost.
            return Math.Abs(back.Apply(there.Apply(value)) - value) <= 0.005m;
        }).Check(PropertyRun.Config);

    /// <summary>Numbers read from floats have up to 28 decimals, and counters of 64 bits up to 19 digits.</summary>
    [Fact]
    public void Numbers_of_any_size_that_a_meter_can_send_convert_within_a_part_in_a_billion_and_never_throw() => Prop.ForAll(
        Gen.Elements(SomeUnits).Two().ToArbitrary(),
        Gen.Choose(int.MinValue, int.MaxValue).Three().ToArbitrary(),
        Gen.Choose(0, 28).ToArbitrary(),
        (pair, bits, scale) =>
        {
            decimal value = new decimal(bits.Item1, bits.Item2, bits.Item3 & 0x7FFF, bits.Item3 < 0, (byte)scale) % 1_000_000_000_000_000m;
            if (!UnitConversion.TryFind(pair.Item1, pair.Item2, out UnitConversion there, out _))
            {
                return true;
            }

            double one = (double)there.Apply(1_000_000_000_000_000m) / 1e15;
            double expected = (double)value * one;
            return Math.Abs((double)there.Apply(value) - expected) <= (Math.Abs(expected) * 1e-9) + 1e-12;
        }).Check(PropertyRun.Config.WithMaxTest(2_000));

    [Fact]
    public void A_conversion_from_nowhere_is_misuse() => Assert.Throws<InvalidOperationException>(() => default(UnitConversion).Apply(1));
}
