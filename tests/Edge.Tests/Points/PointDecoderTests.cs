using System.Collections.Frozen;
using System.Globalization;
using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Points;

public class PointDecoderTests
{
    [Theory]
    [InlineData(PointType.Uint16, WordOrder.Abcd, "AABB", 0xAABB)]
    [InlineData(PointType.Uint16, WordOrder.Badc, "AABB", 0xBBAA)]
    [InlineData(PointType.Int16, WordOrder.Abcd, "FFFE", -2)]
    [InlineData(PointType.Uint32, WordOrder.Abcd, "AABB CCDD", 0xAABBCCDD)]
    [InlineData(PointType.Uint32, WordOrder.Cdab, "CCDD AABB", 0xAABBCCDD)]
    [InlineData(PointType.Uint32, WordOrder.Badc, "BBAA DDCC", 0xAABBCCDD)]
    [InlineData(PointType.Uint32, WordOrder.Dcba, "DDCC BBAA", 0xAABBCCDD)]
    [InlineData(PointType.Int32, WordOrder.Abcd, "FFFF FFFF", -1)]
    [InlineData(PointType.Uint64, WordOrder.Abcd, "0000 0001 0000 0000", 4294967296)]
    [InlineData(PointType.Uint64, WordOrder.Cdab, "0000 0000 0001 0000", 4294967296)]
    [InlineData(PointType.Int64, WordOrder.Abcd, "FFFF FFFF FFFF FF00", -256)]
    [InlineData(PointType.Float32, WordOrder.Abcd, "41C8 0000", 25)]
    [InlineData(PointType.Float32, WordOrder.Cdab, "0000 41C8", 25)]
    [InlineData(PointType.Float64, WordOrder.Abcd, "4039 0000 0000 0000", 25)]
    [InlineData(PointType.Float64, WordOrder.Dcba, "0000 0000 0000 3940", 25)]
    public void Registers_become_the_value_that_their_type_and_order_say(PointType type, WordOrder order, string registers, double expected) =>
        Assert.Equal(new PointValue(expected, Quality.Good), PointDecoder.Decode(At(new RegisterPlace(PointTable.Holding, 0, type) { WordOrder = order }), Registers(registers)));

    [Theory]
    [InlineData("0001", 0, 1)]
    [InlineData("8000", 15, 1)]
    [InlineData("7FFF", 15, 0)]
    [InlineData("0008", 3, 1)]
    [InlineData("FFF7", 3, 0)]
    public void Bit_of_a_register_is_0_or_1(string register, int bit, double expected) =>
        Assert.Equal(new PointValue(expected, Quality.Good), PointDecoder.Decode(At(new RegisterPlace(PointTable.Holding, 0, PointType.Bool) { Bit = bit }), Registers(register)));

    [Theory]
    [InlineData("0001", 1, Quality.Good)]
    [InlineData("0002", -1, Quality.Good)]
    [InlineData("0003", 0, Quality.Good)]
    [InlineData("0007", double.NaN, Quality.OutOfRange)]
    public void Raw_number_stands_for_what_the_profile_lists_and_for_nothing_else(string register, double expected, Quality quality)
    {
        PointDefinition direction = Point(PointType.Uint16) with { Values = new Dictionary<long, decimal> { [1] = 1m, [2] = -1m, [3] = 0m }.ToFrozenDictionary() };
        Assert.Equal(new PointValue(expected, quality), PointDecoder.Decode(direction, Registers(register)));
    }

    [Fact]
    public void Listed_numbers_hold_for_items_and_beyond_every_whole_number_too()
    {
        PointDefinition state = Point(PointType.Uint64) with { Values = new Dictionary<long, decimal> { [2] = 5m }.ToFrozenDictionary() };
        Assert.Equal(5, PointDecoder.Decode(state, new ItemValue(ItemState.Value, 2m)).Value);
        Assert.Equal(Quality.OutOfRange, PointDecoder.Decode(state, new ItemValue(ItemState.Value, 2.5m)).Quality);
        Assert.Equal(Quality.OutOfRange, PointDecoder.Decode(state, Registers("FFFF FFFF FFFF FFFF")).Quality);
    }

    [Theory]
    [InlineData(PointType.Uint16, "007B", "0.01", "0", "1.23")]
    [InlineData(PointType.Uint16, "0003", "0.1", "0", "0.3")] // 3 * 0.1 in binary would be 0.30000000000000004
    [InlineData(PointType.Int16, "FF9C", "0.1", "-40", "-50.0")]
    [InlineData(PointType.Uint32, "FFFF FFFF", "0.001", "0", "4294967.295")]
    [InlineData(PointType.Uint64, "FFFF FFFF FFFF FFFF", "0.00000001", "0", "184467440737.09551615")]
    [InlineData(PointType.Float32, "42F6 E979", "1", "0", "123.456")] // 123.456 as the nearest float
    [InlineData(PointType.Float64, "405E DD2F 1A9F BE77", "1", "0", "123.456")]
    public void Billing_value_is_exact_and_the_sample_is_the_double_nearest_to_it(PointType type, string registers, string scale, string offset, string expected)
    {
        PointDefinition point = Point(type) with { Scale = Decimal(scale), Offset = Decimal(offset) };
        Assert.Equal(Decimal(expected), PointDecoder.DecodeExact(point, Registers(registers)));
        double sample = PointDecoder.Decode(point, Registers(registers)).Value;
        Assert.Equal(type == PointType.Float32 ? (double)123.456f : double.Parse(expected, CultureInfo.InvariantCulture), sample);
    }

    [Theory]
    [InlineData("7FC0 0000")] // not a number
    [InlineData("7F80 0000")] // infinity
    [InlineData("7F7F FFFF")] // 3.4e38: no meter shows that
    public void Float_that_no_meter_shows_has_no_billing_value(string registers) =>
        Assert.Null(PointDecoder.DecodeExact(Point(PointType.Float32), Registers(registers)));

    [Theory]
    [InlineData(PointType.Uint16, "0064", 100, Quality.Good)]
    [InlineData(PointType.Uint16, "0065", 101, Quality.OutOfRange)]
    [InlineData(PointType.Int16, "FFFF", -1, Quality.OutOfRange)]
    [InlineData(PointType.Float32, "7FC0 0000", double.NaN, Quality.OutOfRange)]
    [InlineData(PointType.Float32, "FF80 0000", double.NegativeInfinity, Quality.OutOfRange)]
    public void Value_outside_the_range_is_kept_but_not_believed(PointType type, string registers, double value, Quality quality) =>
        Assert.Equal(new PointValue(value, quality), PointDecoder.Decode(Point(type) with { Range = new PointRange(0, 100) }, Registers(registers)));

    [Fact]
    public void Infinity_is_not_believed_even_without_a_range() =>
        Assert.Equal(Quality.OutOfRange, PointDecoder.Decode(Point(PointType.Float32), Registers("7F80 0000")).Quality);

    [Fact]
    public void Any_register_content_has_an_answer()
    {
        Random random = new(7);
        ushort[] registers = new ushort[4];
        for (int i = 0; i < 20_000; i++)
        {
            for (int r = 0; r < registers.Length; r++)
            {
                registers[r] = (ushort)random.Next(65_536);
            }

            PointType type = (PointType)random.Next((int)PointType.String);
            bool isField = type is PointType.Uint16 or PointType.Uint32 or PointType.Uint64 && random.Next(2) == 0;
            RegisterPlace place = new(PointTable.Holding, 0, type)
            {
                WordOrder = (WordOrder)random.Next(4),
                Bit = random.Next(16),
                BitCount = isField ? random.Next(1, 17) : null,
            };
            PointDefinition point = At(place) with
            {
                Scale = random.Next(2) == 0 ? 1_000_000_000m : 0.000_000_001m,
                Offset = random.Next(2) == 0 ? 1_000_000_000_000m : -1_000_000_000_000m,
            };
            PointDecoder.Decode(point, registers);
            PointDecoder.DecodeExact(point, registers);
        }
    }

    [Fact]
    public void Used_slots_of_a_swipe_ring_come_with_sequence_and_card()
    {
        SwipeRing ring = new(PointTable.Holding, 16, 3, SwipeLayout.SequenceU16CardU32);
        var entries = SwipeRingDecoder.Decode(ring, Registers("0007 4996 02D2 0000 0000 0000 FFFF 0000 002A"));
        Assert.Equal([((ushort)7, 1_234_567_890UL), ((ushort)65_535, 42UL)], entries.Select(e => (e.Sequence, e.Card)));
        Assert.DoesNotContain("1234567890", entries[0].ToString(), StringComparison.Ordinal);
    }

    internal static PointDefinition Point(PointType type, PointTable table = PointTable.Holding, ushort address = 0) => At(new RegisterPlace(table, address, type));

    internal static PointDefinition At(PointPlace place) => new() { Id = "p", Name = new LocalText("p", "p"), Place = place };

    private static decimal Decimal(string text) => decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static ushort[] Registers(string hex) =>
        [.. hex.Split(' ').Select(word => ushort.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
}
