using IotProperty.Protocols.Dlt645;

namespace IotProperty.Protocols.Tests.Dlt645;

public sealed class Dlt645ItemTableTests
{
    [Theory]
    [InlineData("00010000", "forward active energy total", "kWh", 4)]
    [InlineData("00010401", "forward active energy tariff 4", "kWh", 4)]
    [InlineData("0002FF0C", "reverse active energy block", "kWh", 4)]
    [InlineData("00050000", "quadrant 1 reactive energy total", "kvarh", 4)]
    [InlineData("00150000", "phase A forward active energy total", "kWh", 4)]
    [InlineData("00290000", "phase B forward active energy total", "kWh", 4)]
    [InlineData("00460000", "phase C reverse apparent energy total", "kVAh", 4)]
    [InlineData("00BC0000", "phase C associated energy total", "kWh", 4)]
    [InlineData("000100FF", "forward active energy total of all settlement days", "kWh", 4)]
    [InlineData("01020300", "reverse active maximum demand tariff 3", "kW", 8)]
    [InlineData("02070200", "phase B phase angle", "deg", 2)]
    [InlineData("020A0103", "phase A voltage harmonic 3", "%", 2)]
    [InlineData("02800001", "neutral current", "A", 3)]
    [InlineData("03110000", "power cut count", "", 3)]
    [InlineData("04000401", "communication address", "", 6)]
    [InlineData("05060101", "daily freeze forward active energy, last 1", "kWh", 4)]
    [InlineData("05040102", "hourly freeze forward active energy total, last 2", "kWh", 4)]
    [InlineData("9010", "forward active energy total", "kWh", 4)]
    [InlineData("9413", "forward active energy tariff 3, last month", "kWh", 4)]
    [InlineData("9940", "quadrant 4 reactive energy total, month before last", "kvarh", 4)]
    [InlineData("9970", "", "", 0)]
    [InlineData("9950", "quadrant 2 reactive energy total, month before last", "kvarh", 4)]
    [InlineData("A010", "forward active maximum demand", "kW", 3)]
    [InlineData("B010", "forward active maximum demand time", "", 4)]
    [InlineData("B650", "total power factor", "", 2)]
    [InlineData("C032", "meter number", "", 6)]
    [InlineData("00014000", "", "", 0)]
    [InlineData("0001000D", "", "", 0)]
    [InlineData("0001FFFF", "", "", 0)]
    [InlineData("02010000", "", "", 0)]
    [InlineData("00150100", "", "", 0)]
    [InlineData("01000000", "", "", 0)]
    [InlineData("FFFFFFFF", "", "", 0)]
    public void Identifiers_mean_what_the_standard_says(string identifier, string name, string unit, int bytes)
    {
        Assert.True(Dlt645Identifier.TryParse(identifier, out Dlt645Identifier parsed));
        Assert.Equal(identifier, parsed.ToString());
        Dlt645Item? item = Dlt645ItemTable.Find(parsed);
        Assert.Equal((name, unit, bytes), (item?.Name ?? "", item?.Unit ?? "", item?.Format.TotalBytes ?? 0));
    }

    [Theory]
    [InlineData("00010000", "0001FF00", 0)]
    [InlineData("00010401", "0001FF01", 4)]
    [InlineData("01010200", "0101FF00", 2)]
    [InlineData("02010100", "0201FF00", 0)]
    [InlineData("02020300", "0202FF00", 2)]
    [InlineData("02030000", "0203FF00", 0)]
    [InlineData("02060300", "0206FF00", 3)]
    [InlineData("9012", "901F", 2)]
    [InlineData("B611", "B61F", 0)]
    [InlineData("B651", "B65F", 1)]
    public void Values_are_joined_into_the_block_of_their_row(string identifier, string block, int index)
    {
        Assert.True(Dlt645Identifier.TryParse(identifier, out Dlt645Identifier parsed));
        Assert.True(Dlt645ItemTable.TryBlockOf(parsed, out Dlt645Identifier found, out int at));
        Assert.Equal((block, index), (found.ToString(), at));
    }

    [Theory]
    [InlineData("0001FF00")]
    [InlineData("02800002")]
    [InlineData("04000503")]
    [InlineData("B634")]
    [InlineData("B630")]
    [InlineData("C010")]
    [InlineData("00150000")]
    public void Values_without_a_row_of_equals_stand_alone(string identifier)
    {
        Assert.True(Dlt645Identifier.TryParse(identifier, out Dlt645Identifier parsed));
        Assert.False(Dlt645ItemTable.TryBlockOf(parsed, out _, out _));
    }

    [Fact]
    public void A_block_may_end_early_or_with_AA_but_never_in_the_middle_of_a_value()
    {
        Assert.True(Dlt645Identifier.TryParse("0201FF00", out Dlt645Identifier parsed));
        Dlt645Item voltages = Dlt645ItemTable.Find(parsed)!;
        Assert.Equal(3, voltages.CountIn([0, 1, 2, 3, 4, 5]));
        Assert.Equal(1, voltages.CountIn([0, 1]));
        Assert.Equal(2, voltages.CountIn([0, 1, 2, 3, 0xAA]));
        Assert.Equal(0, voltages.CountIn([0, 1, 2]));
        Assert.Equal(0, voltages.CountIn([0, 1, 2, 3, 4, 5, 6, 7]));
        Assert.Equal(0, voltages.CountIn([]));
    }

    [Fact]
    public void Status_words_name_their_bits()
    {
        Assert.True(Dlt645Identifier.TryParse("04000503", out Dlt645Identifier word));
        Assert.Equal(3, Dlt645StatusWords.WordOf(word));
        Assert.Equal(Dlt645StatusWords.RelayOpenBit, Dlt645StatusWords.BitOf(3, "relay_open"));
        Assert.Equal(Dlt645StatusWords.RelayOrderedOpenBit, Dlt645StatusWords.BitOf(3, "relay_command_open"));
        Assert.Equal(2, Dlt645StatusWords.BitOf(1, "clock_battery_low"));
        Assert.Equal(0, Dlt645StatusWords.BitOf(7, "voltage_sequence_reversed"));
        Assert.Equal(-1, Dlt645StatusWords.BitOf(1, "relay_open"));
        Assert.Equal(-1, Dlt645StatusWords.BitOf(1, ""));
        Assert.Contains("phase_failure", Dlt645StatusWords.NamesOf(4));
    }

    [Theory]
    [InlineData("00", "00", "00", null)]
    [InlineData("31", "02", "26", null)]
    [InlineData("29", "02", "24", "2024-02-29")]
    [InlineData("FF", "FF", "FF", null)]
    public void Days_that_do_not_exist_are_nothing(string day, string month, string year, string? expected) =>
        Assert.Equal(expected, Dlt645Clock.Date(Convert.FromHexString(day + month + year)));

    [Theory]
    [InlineData("00000012345")]
    [InlineData("0000001234567")]
    [InlineData("00000012345A")]
    [InlineData("A00000123456")]
    public void What_is_no_address_is_refused(string digits) => Assert.False(Dlt645MeterAddress.TryParse(digits, out _));

    [Theory]
    [InlineData(600)]
    [InlineData(1_200)]
    [InlineData(2_400)]
    [InlineData(4_800)]
    [InlineData(9_600)]
    [InlineData(19_200)]
    public void Baud_rates_come_back(int baud) => Assert.Equal(baud, Dlt645BaudRate.Read(Dlt645BaudRate.Write(baud)));

    [Fact]
    public void Texts_come_backwards_without_their_filling()
    {
        Dlt645Format format = new(Dlt645ValueKind.Ascii, 6);
        Assert.Equal("220V", format.Text([0x56, 0x30, 0x32, 0x32, 0x00, 0x00]));
        Assert.Equal("?", format.Text([0x01, 0x00, 0x00, 0x00, 0x00, 0x00]));
    }
}
