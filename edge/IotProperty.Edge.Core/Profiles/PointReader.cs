using System.Collections.Frozen;
using System.Globalization;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads and checks one entry under a profile's <c>points</c>.</summary>
internal static class PointReader
{
    /// <summary>One address beyond the last of each Modbus table.</summary>
    internal const int AddressSpace = 65_536;

    internal static readonly FrozenDictionary<string, PointTable> Tables = new Dictionary<string, PointTable>
    {
        ["holding"] = PointTable.Holding,
        ["input"] = PointTable.Input,
        ["coil"] = PointTable.Coil,
        ["discrete"] = PointTable.Discrete,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, PointType> Types = new Dictionary<string, PointType>
    {
        ["bool"] = PointType.Bool,
        ["uint16"] = PointType.Uint16,
        ["int16"] = PointType.Int16,
        ["uint32"] = PointType.Uint32,
        ["int32"] = PointType.Int32,
        ["uint64"] = PointType.Uint64,
        ["int64"] = PointType.Int64,
        ["float32"] = PointType.Float32,
        ["float64"] = PointType.Float64,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, WordOrder> WordOrders = new Dictionary<string, WordOrder>
    {
        ["abcd"] = WordOrder.Abcd,
        ["cdab"] = WordOrder.Cdab,
        ["badc"] = WordOrder.Badc,
        ["dcba"] = WordOrder.Dcba,
    }.ToFrozenDictionary();

    /// <summary>The keys that mean nothing for a value that is only 0 or 1.</summary>
    private static readonly string[] NumberKeys = ["scale", "offset", "range", "deadband", "wordOrder"];

    /// <summary>Null after a mistake that leaves no point.</summary>
    public static PointDefinition? Read(string id, MappingReader point, int? pollMs, int maxRegistersPerRead)
    {
        LocalText name = point.Name("name") ?? new LocalText(id, id);
        PointTable? table = point.Choice("table", Tables, "write table: holding, input, coil or discrete");
        long? address = point.Integer("address", 0, AddressSpace - 1, "write the zero-based register or bit address");
        long? bit = point.Integer("bit", 0, 15);
        PointType? type = ReadType(point, table, bit);
        WordOrder wordOrder = point.Choice("wordOrder", WordOrders) ?? WordOrder.Abcd;
        decimal scale = ReadScale(point);
        decimal offset = ReadOffset(point);
        string unit = point.Text("unit") ?? "";
        PointRange? range = ReadRange(point);
        decimal deadband = ReadDeadband(point, range);
        int maxSilenceMs = (int)(point.Integer("maxSilenceMs", 1_000, 86_400_000) ?? 60_000);
        point.Finish();
        if (pollMs > maxSilenceMs)
        {
            point.AddAt("maxSilenceMs", $"point '{id}' may be silent for {maxSilenceMs} but is polled only every {pollMs}", "write a maxSilenceMs of at least pollMs");
        }

        if (table is null || address is null || type is null)
        {
            return null;
        }

        PointDefinition read = new()
        {
            Id = id,
            Name = name,
            Table = table.Value,
            Address = (ushort)address.Value,
            Type = type.Value,
            Bit = type == PointType.Bool && table is PointTable.Holding or PointTable.Input ? (int?)bit : null,
            WordOrder = wordOrder,
            Scale = scale,
            Offset = offset,
            Unit = unit,
            Range = range,
            Deadband = (double)deadband,
            MaxSilenceMs = maxSilenceMs,
        };
        CheckPlace(point, read, maxRegistersPerRead);
        CheckMeaning(point, read);
        return read;
    }

    private static PointType? ReadType(MappingReader point, PointTable? table, long? bit)
    {
        if (table is PointTable.Coil or PointTable.Discrete)
        {
            PointType? given = point.Choice("type", Types);
            if (given is not null and not PointType.Bool)
            {
                point.AddAt("type", $"a {(table == PointTable.Coil ? "coil" : "discrete input")} holds one bit", "write type: bool");
            }

            if (bit is not null)
            {
                point.AddAt("bit", "a table of bits needs no 'bit'", "put the bit's number into 'address'");
            }

            return PointType.Bool;
        }

        PointType? type = bit is not null && !point.Has("type") ? PointType.Bool : point.Choice("type", Types, $"write one of: {string.Join(", ", Types.Keys.Order(StringComparer.Ordinal))}");
        if (type == PointType.Bool && !point.Has("bit"))
        {
            point.AddAt("type", "a bool in a register needs to know its bit", "write bit: 0 (least significant) to 15");
        }

        if (type is not null and not PointType.Bool && point.Has("bit"))
        {
            point.AddAt("bit", "'bit' belongs to a bool only", "write type: bool, or leave 'bit' out");
        }

        return type;
    }

    private static decimal ReadScale(MappingReader point)
    {
        decimal? scale = point.Number("scale");
        if (scale is null)
        {
            return 1m;
        }

        decimal size = Math.Abs(scale.Value);
        if (size is < 0.000_000_001m or > 1_000_000_000m || SignificantDigits(size) > 8)
        {
            point.AddAt("scale", $"'scale' is {Number(scale.Value)}", "write a number from 0.000000001 to 1000000000 of at most 8 significant digits, so that values stay exact");
            return 1m;
        }

        return scale.Value;
    }

    private static decimal ReadOffset(MappingReader point)
    {
        decimal offset = point.Number("offset") ?? 0m;
        if (Math.Abs(offset) > 1_000_000_000_000m)
        {
            point.AddAt("offset", $"'offset' is {Number(offset)}", "write a number between -1000000000000 and 1000000000000");
            return 0m;
        }

        return offset;
    }

    private static PointRange? ReadRange(MappingReader point)
    {
        YamlNode? node = point.Optional("range");
        if (node is null)
        {
            return null;
        }

        if (node is not YamlSequence { Items: [YamlScalar low, YamlScalar high] })
        {
            point.Add(node.At, "'range' needs two numbers", "write range: [lowest, highest]");
            return null;
        }

        decimal? from = point.ParseNumber(low.At, "range", low.Text);
        decimal? to = point.ParseNumber(high.At, "range", high.Text);
        if (from is null || to is null)
        {
            return null;
        }

        if (from >= to)
        {
            point.Add(node.At, $"'range' runs from {Number(from.Value)} to {Number(to.Value)}", "write the lower end first");
            return null;
        }

        return new PointRange((double)from.Value, (double)to.Value);
    }

    private static decimal ReadDeadband(MappingReader point, PointRange? range)
    {
        decimal deadband = point.Number("deadband") ?? 0m;
        if (deadband < 0)
        {
            point.AddAt("deadband", $"'deadband' is {Number(deadband)}", "write 0 or more, in the point's unit");
            return 0m;
        }

        if (range is { } limits && (double)deadband >= limits.High - limits.Low)
        {
            point.AddAt("deadband", $"a deadband of {Number(deadband)} is as wide as the range and would hide every change", "write a small part of the range");
        }

        return deadband;
    }

    private static void CheckPlace(MappingReader point, PointDefinition read, int maxRegistersPerRead)
    {
        if (read.Address + read.Width > AddressSpace)
        {
            point.AddAt("address", $"{TypeName(read.Type)} at {read.Address} runs past the last register, 65535", $"write an address of at most {AddressSpace - read.Width}");
        }

        if (!read.IsInBitTable && read.Width > maxRegistersPerRead)
        {
            point.AddAt("type", $"{TypeName(read.Type)} takes {read.Width} registers but the device delivers only {maxRegistersPerRead} in one read", "raise maxRegistersPerRead or choose a shorter type");
        }
    }

    private static void CheckMeaning(MappingReader point, PointDefinition read)
    {
        if (read.Type == PointType.Bool)
        {
            foreach (string key in NumberKeys)
            {
                // A byte-swapped register with flags in it is real; the other keys are not.
                if (point.Has(key) && !(key == "wordOrder" && !read.IsInBitTable))
                {
                    point.AddAt(key, $"a bool has no '{key}'", "leave it out");
                }
            }
        }

        if (read.Width == 1 && read.WordOrder is WordOrder.Cdab or WordOrder.Dcba && !read.IsInBitTable)
        {
            point.AddAt("wordOrder", "one register has no order of words", "write badc if its two bytes are swapped, or leave 'wordOrder' out");
        }
    }

    internal static string TypeName(PointType type) => type.ToString().ToLowerInvariant();

    private static int SignificantDigits(decimal value)
    {
        string digits = value.ToString("0.#############################", CultureInfo.InvariantCulture).Replace(".", "", StringComparison.Ordinal).Trim('0');
        return digits.Length;
    }

    private static string Number(decimal value) => value.ToString(CultureInfo.InvariantCulture);
}
