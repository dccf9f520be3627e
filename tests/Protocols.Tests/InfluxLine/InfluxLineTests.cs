using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.InfluxLine;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.InfluxLine;

public sealed class InfluxLineTests
{
    // https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/#special-characters
    [Theory]
    [InlineData("my Measurement", "tag, key=", "a b", @"my\ Measurement,tag\,\ key\==a\ b v=")]
    [InlineData("a=b,c", "t", "x=y", @"a=b\,c,t=x\=y v=")]
    [InlineData("m", "t", "\"quoted\" 电梯", "m,t=\"quoted\"\\ 电梯 v=")]
    public void Special_characters_are_escaped_as_the_reference_says(string measurement, string key, string value, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(InfluxLineText.Prefix(measurement, [new(key, value)], "v")));

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\\")]
    public void What_line_protocol_cannot_write_is_misuse(string value) =>
        Assert.ThrowsAny<ArgumentException>(() => InfluxLineText.Prefix("m", [new("t", value)], "v"));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1")]
    [InlineData(-17.5, "-17.5")]
    [InlineData(0.61, "0.61")]
    [InlineData(-0.05, "-0.05")]
    [InlineData(1000.0001, "1000.0001")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    [InlineData(5e-324, "5E-324")]
    [InlineData(double.MaxValue, "1.7976931348623157E+308")]
    [InlineData(9007199254740993d, "9007199254740992")]
    public void A_value_is_the_shortest_text_that_reads_back(double value, string text) => Assert.Equal($"m v={text} 7\n", Line(value, 7));

    [Fact]
    public void A_negative_zero_keeps_its_sign() => Assert.Equal("m v=-0 -5\n", Line(double.NegativeZero, -5));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_misuse(double value) => Assert.Throws<ArgumentException>(() => Line(value, 1));

    [Fact]
    public void Every_finite_double_reads_back_bit_by_bit()
    {
        Gen<double> bits = Gen.Choose(int.MinValue, int.MaxValue).Two().Select(pair => BitConverter.Int64BitsToDouble(unchecked(((long)pair.Item1 << 32) | (uint)pair.Item2)));
        Gen<double> decimals = from digits in Gen.Choose(int.MinValue, int.MaxValue) from places in Gen.Choose(0, 6) select digits / Math.Pow(10, places);
        Gen<double> floats = Gen.Choose(int.MinValue, int.MaxValue).Select(number => (double)BitConverter.Int32BitsToSingle(number));
        Check.One(PropertyRun.Config.WithMaxTest(20_000), Prop.ForAll(Gen.OneOf(bits, decimals, floats).Where(double.IsFinite).ToArbitrary(), value =>
        {
            string text = Line(value, 1)["m v=".Length..^" 1\n".Length];
            return BitConverter.DoubleToInt64Bits(double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)) == BitConverter.DoubleToInt64Bits(value);
        }));
    }

    [Fact]
    public void The_writer_grows_and_takes_lines_back()
    {
        using InfluxLineWriter writer = new();
        byte[] prefix = InfluxLineText.Prefix("m", [new("t", new string('x', 5000))], "v");
        for (int i = 0; i < 100; i++)
        {
            writer.Line(prefix, i, long.MinValue);
        }

        int length = writer.Length;
        writer.Line(prefix, 0.5, long.MaxValue);
        writer.CutTo(length);
        string[] lines = Encoding.UTF8.GetString(writer.Written.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(100, lines.Length);
        Assert.EndsWith("v=99 -9223372036854775808", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pump-1", "pump-1")]
    [InlineData("", "%")]
    [InlineData("100%", "100%0025")]
    [InlineData("a\\b\n", "a%005Cb%000A")]
    public void Names_that_no_tag_can_hold_are_encoded(string text, string encoded) => Assert.Equal(encoded, TagText.Encode(text));

    [Fact]
    public void Any_name_comes_back_and_no_two_are_written_alike()
    {
        Arbitrary<(string, string)> pairs = ArbMap.Default.GeneratorFor<string>().Select(text => text ?? "").Two().Select(pair => (pair.Item1, pair.Item2)).ToArbitrary();
        Check.One(PropertyRun.Config.WithMaxTest(2_000), Prop.ForAll(pairs, pair =>
        {
            (string one, string other) = (TagText.Encode(pair.Item1), TagText.Encode(pair.Item2));
            InfluxLineText.Prefix("m", [new("t", one)], "v");
            return TagText.Decode(one) == pair.Item1 && (one == other) == (pair.Item1 == pair.Item2);
        }));
    }

    private static string Line(double value, long timestamp)
    {
        using InfluxLineWriter writer = new();
        writer.Line("m v="u8, value, timestamp);
        return Encoding.UTF8.GetString(writer.Written.Span);
    }
}
