using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads where a point of a Modbus device lies and how its registers are read.</summary>
internal static class RegisterPlaceReader
{
    /// <summary>One address beyond the last of each Modbus table.</summary>
    internal const int AddressSpace = 65_536;

    private static readonly FrozenDictionary<string, PointTable> Tables = new Dictionary<string, PointTable>
    {
        ["holding"] = PointTable.Holding,
        ["input"] = PointTable.Input,
        ["coil"] = PointTable.Coil,
        ["discrete"] = PointTable.Discrete,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, PointType> Types =
        Enum.GetValues<PointType>().ToFrozenDictionary(PointReader.TypeName, type => type);

    private static readonly FrozenDictionary<string, WordOrder> WordOrders = new Dictionary<string, WordOrder>
    {
        ["abcd"] = WordOrder.Abcd,
        ["cdab"] = WordOrder.Cdab,
        ["badc"] = WordOrder.Badc,
        ["dcba"] = WordOrder.Dcba,
    }.ToFrozenDictionary();

    /// <summary>Null after a mistake that leaves no place.</summary>
    public static RegisterPlace? Read(MappingReader point, int maxRegistersPerRead, ImmutableArray<AddressRange> avoid)
    {
        PointTable? table = point.Choice("table", Tables, "write table: holding, input, coil or discrete");
        long? address = point.Integer("address", 0, AddressSpace - 1, "write the zero-based register or bit address");
        long? bit = point.Integer("bit", 0, 15);
        (int From, int Count)? field = ReadField(point);
        PointType? type = ReadType(point, table, bit, point.Has("bits"));
        int length = ReadLength(point, type);
        WordOrder wordOrder = point.Choice("wordOrder", WordOrders) ?? WordOrder.Abcd;
        if (table is null || address is null || type is null)
        {
            return null;
        }

        RegisterPlace read = new(table.Value, (ushort)address.Value, type.Value)
        {
            Bit = field?.From ?? (type == PointType.Bool && table is PointTable.Holding or PointTable.Input ? (int?)bit : null),
            BitCount = field?.Count,
            WordOrder = wordOrder,
            Length = length,
        };
        Check(point, read, maxRegistersPerRead, avoid);
        return read;
    }

    private static (int From, int Count)? ReadField(MappingReader point)
    {
        const string Mend = "write bits: [lowest bit, how many], bit 0 being the least significant";
        YamlNode? node = point.Optional("bits");
        if (node is null)
        {
            return null;
        }

        if (node is YamlSequence { Items: [YamlScalar first, YamlScalar second] }
            && int.TryParse(first.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int from)
            && int.TryParse(second.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && from <= 63 && count is >= 1 and <= 64)
        {
            return (from, count);
        }

        point.Add(node.At, "'bits' names no field of bits", Mend);
        return null;
    }

    private static PointType? ReadType(MappingReader point, PointTable? table, long? bit, bool isField)
    {
        if (table is PointTable.Coil or PointTable.Discrete)
        {
            PointType? given = point.Choice("type", Types);
            if (given is not null and not PointType.Bool)
            {
                point.AddAt("type", $"a {(table == PointTable.Coil ? "coil" : "discrete input")} holds one bit", "write type: bool");
            }

            foreach (string key in new[] { "bit", "bits" })
            {
                if (point.Has(key))
                {
                    point.AddAt(key, $"a table of bits needs no '{key}'", "put the bit's number into 'address'");
                }
            }

            return PointType.Bool;
        }

        PointType? implied = point.Has("type") ? null : isField ? PointType.Uint16 : bit is not null ? PointType.Bool : null;
        PointType? type = implied ?? point.Choice("type", Types, $"write one of: {string.Join(", ", Types.Keys.Order(StringComparer.Ordinal))}");
        if (type == PointType.Bool && !point.Has("bit"))
        {
            point.AddAt("type", "a bool in a register needs to know its bit", "write bit: 0 (least significant) to 15");
        }

        if (type is not null and not PointType.Bool && point.Has("bit"))
        {
            point.AddAt("bit", "'bit' belongs to a bool only", "write type: bool, or leave 'bit' out");
        }

        if (type is not null and not (PointType.Uint16 or PointType.Uint32 or PointType.Uint64) && isField)
        {
            point.AddAt("bits", $"'bits' are a part of an unsigned number and not of {PointReader.TypeName(type.Value)}", "write type: uint16, uint32 or uint64, or leave 'bits' out");
        }

        return type;
    }

    private static int ReadLength(MappingReader point, PointType? type)
    {
        if (type == PointType.String)
        {
            return (int)(point.Integer("length", 1, 125, "write length: how many registers the text takes, two characters each") ?? 1);
        }

        if (type is not null && point.Optional("length") is not null)
        {
            point.AddAt("length", $"{PointReader.TypeName(type.Value)} has a length of its own", "leave 'length' out");
        }

        return 0;
    }

    private static void Check(MappingReader point, RegisterPlace read, int maxRegistersPerRead, ImmutableArray<AddressRange> avoid)
    {
        string name = PointReader.TypeName(read.Type);
        if (read.Address + read.Width > AddressSpace)
        {
            point.AddAt("address", $"{name} at {read.Address} runs past the last register, 65535", $"write an address of at most {AddressSpace - read.Width}");
        }

        if (!read.IsInBitTable && read.Width > maxRegistersPerRead)
        {
            point.AddAt("type", $"{name} takes {read.Width} registers but the device delivers only {maxRegistersPerRead} in one read", "raise maxRegistersPerRead or choose a shorter type");
        }

        if (read.BitCount is { } count && read.Bit + count > read.Width * 16)
        {
            point.AddAt("bits", $"{count} bits from bit {read.Bit} on run past the {read.Width * 16} bits of {name}", "write fewer bits, or a longer type");
        }

        if (read.Width == 1 && read.WordOrder is WordOrder.Cdab or WordOrder.Dcba && !read.IsInBitTable)
        {
            point.AddAt("wordOrder", "one register has no order of words", "write badc if its two bytes are swapped, or leave 'wordOrder' out");
        }

        foreach (AddressRange range in avoid)
        {
            if (range.Touches(read.Address, read.Width))
            {
                point.AddAt("address", $"the point lies in [{range.From}, {range.To}], which the quirk 'avoid' forbids to read", "correct one of the two");
            }
        }
    }
}
