using System.Collections.Frozen;
using System.Globalization;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>What the points of one profile have in common.</summary>
internal sealed record PointSetting(FieldProtocol Protocol, int? PollMs, int MaxRegistersPerRead, DeviceQuirks Quirks, IItemDictionary Items);

/// <summary>Reads and checks one entry under a profile's <c>points</c>.</summary>
internal static class PointReader
{
    /// <summary>The keys that mean nothing for a value that is only 0 or 1.</summary>
    private static readonly string[] NumberKeys = ["scale", "offset", "range", "deadband", "values", "wordOrder"];

    /// <summary>The keys that mean nothing for a text.</summary>
    private static readonly string[] ValueKeys = ["scale", "offset", "range", "deadband", "values", "unit"];

    /// <summary>The keys that mean nothing for a number that stands for something.</summary>
    private static readonly string[] MeasureKeys = ["scale", "offset", "range", "deadband"];

    private const int MaxValues = 256;

    /// <summary>Null after a mistake that leaves no point.</summary>
    public static PointDefinition? Read(string id, MappingReader point, PointSetting setting)
    {
        LocalText name = point.Name("name") ?? new LocalText(id, id);
        string? unit = point.Text("unit");
        PointPlace? place = setting.Protocol == FieldProtocol.Modbus
            ? RegisterPlaceReader.Read(point, setting.MaxRegistersPerRead, setting.Quirks.Avoid)
            : ReadItem(point, setting, ref unit);
        decimal scale = ReadScale(point);
        decimal offset = ReadOffset(point);
        FrozenDictionary<long, decimal>? values = ReadValues(point);
        PointRange? range = ReadRange(point);
        decimal deadband = ReadDeadband(point, range);
        int maxSilenceMs = (int)(point.Integer("maxSilenceMs", 1_000, 86_400_000) ?? Math.Max(60_000, setting.PollMs ?? 0));
        point.Finish();
        if (setting.PollMs > maxSilenceMs)
        {
            point.AddAt("maxSilenceMs", $"point '{id}' may be silent for {maxSilenceMs} but is polled only every {setting.PollMs}", "write a maxSilenceMs of at least pollMs");
        }

        if (place is null)
        {
            return null;
        }

        CheckMeaning(point, place);
        return new PointDefinition
        {
            Id = id,
            Name = name,
            Place = place,
            Scale = scale,
            Offset = offset,
            Values = values,
            Unit = unit ?? "",
            Range = values is { Count: > 0 } ? new PointRange((double)values.Values.Min(), (double)values.Values.Max()) : range,
            Deadband = (double)deadband,
            MaxSilenceMs = maxSilenceMs,
        };
    }

    internal static string TypeName(PointType type) => type.ToString().ToLowerInvariant();

    private static ItemPlace? ReadItem(MappingReader point, PointSetting setting, ref string? unit)
    {
        string? item = point.Text("item", $"write item: the data item's name in {FieldProtocols.Name(setting.Protocol)}");
        switch (item is null ? null : setting.Items.Find(setting.Protocol, item, unit))
        {
            case KnownItem known:
                unit = known.Unit;
                return new ItemPlace(item!, known.Request, known.Digits, known.Decimals)
                {
                    Block = setting.Quirks.NoBlocks ? null : known.Block,
                    Flag = known.IsFlag,
                };
            case UnknownItem unknown:
                point.AddAt("item", unknown.What, unknown.Mend);
                return null;
            default:
                return null;
        }
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

    private static FrozenDictionary<long, decimal>? ReadValues(MappingReader point)
    {
        MappingReader? reader = point.Mapping("values", "'values'");
        if (reader is null)
        {
            return null;
        }

        if (reader.Node.Entries.Length is 0 or > MaxValues)
        {
            point.AddAt("values", $"'values' lists {reader.Node.Entries.Length} numbers", $"write 1 to {MaxValues} as values: {{ RAW: TOLD, … }}");
        }

        Dictionary<long, decimal> values = [];
        foreach (YamlEntry entry in reader.Node.Entries)
        {
            decimal? told = reader.Number(entry.Key);
            if (!long.TryParse(entry.Key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long raw))
            {
                reader.Add(entry.KeyAt, $"'{MappingReader.Bounded(entry.Key)}' is no raw number", "write the whole number as the device sends it");
            }
            else if (told is { } known && !values.TryAdd(raw, known))
            {
                reader.Add(entry.KeyAt, $"raw number {raw} is listed twice", "list each raw number once");
            }
        }

        foreach (string key in MeasureKeys.Where(point.Has))
        {
            point.AddAt(key, $"a point with 'values' has no '{key}'", "leave one of the two out");
        }

        return values.ToFrozenDictionary();
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

    private static void CheckMeaning(MappingReader point, PointPlace place)
    {
        if (place.IsFlag)
        {
            // A byte-swapped register with flags in it is real; the other keys are not.
            bool inRegister = place is RegisterPlace { IsInBitTable: false };
            foreach (string key in NumberKeys.Where(key => point.Has(key) && !(key == "wordOrder" && inRegister)))
            {
                point.AddAt(key, $"a bool has no '{key}'", "leave it out");
            }
        }

        if (place is RegisterPlace { Type: PointType.Float32 or PointType.Float64 } && point.Has("values"))
        {
            point.AddAt("values", "a float is measured and stands for nothing", "leave 'values' out");
        }

        if (place.IsText)
        {
            foreach (string key in ValueKeys.Where(point.Has))
            {
                point.AddAt(key, $"a text has no '{key}'", "leave it out");
            }
        }
    }

    private static int SignificantDigits(decimal value)
    {
        string digits = value.ToString("0.#############################", CultureInfo.InvariantCulture).Replace(".", "", StringComparison.Ordinal).Trim('0');
        return digits.Length;
    }

    private static string Number(decimal value) => value.ToString(CultureInfo.InvariantCulture);
}
