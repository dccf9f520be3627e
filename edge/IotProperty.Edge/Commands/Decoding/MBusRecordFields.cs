using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.MBus;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary>The records of an M-Bus telegram, by the names that the vector files give their fields.</summary>
internal static class MBusRecordFields
{
    private const int ExtensionBit = 0x80;

    /// <summary>From here on a JSON reader that counts in doubles would round, so the number is written as text.</summary>
    private const decimal FirstInexact = 9_007_199_254_740_992;

    /// <summary>Writes all records as an array; on the way it may end at a mistake, which the reader then holds.</summary>
    public static void Write(string name, ref MBusRecordReader records, Utf8JsonWriter fields)
    {
        fields.WriteStartArray(name);
        while (records.MoveNext())
        {
            fields.WriteStartObject();
            Write(records.Current, fields);
            fields.WriteEndObject();
        }

        fields.WriteEndArray();
    }

    /// <summary>Writes a number without needless zeros; whole numbers that doubles cannot hold as text.</summary>
    public static void WriteNumber(string name, decimal? value, Utf8JsonWriter fields)
    {
        if (value is not { } number)
        {
            fields.WriteNull(name);
            return;
        }

        // Dividing by one with many zeros takes the trailing zeros away.
        number /= 1.0000000000000000000000000000m;
        if (number == decimal.Truncate(number) && Math.Abs(number) >= FirstInexact)
        {
            fields.WriteString(name, number.ToString(CultureInfo.InvariantCulture));
        }
        else
        {
            fields.WriteNumber(name, number);
        }
    }

    private static void Write(MBusRecord record, Utf8JsonWriter fields)
    {
        switch (record.Kind)
        {
            case MBusRecordKind.GlobalReadoutRequest:
                fields.WriteString("kind", "global_readout_request");
                return;
            case MBusRecordKind.ManufacturerData or MBusRecordKind.ManufacturerDataMoreFollows:
                fields.WriteString("kind", "manufacturer_specific");
                fields.WriteBoolean("more_follows", record.Kind == MBusRecordKind.ManufacturerDataMoreFollows);
                fields.WriteString("data", Convert.ToHexString(record.Data));
                return;
        }

        fields.WriteString("function", Function(record.Key.Function));
        fields.WriteNumber("storage", record.Key.Storage);
        fields.WriteNumber("tariff", record.Key.Tariff);
        fields.WriteNumber("subunit", record.Key.Subunit);
        fields.WriteString("dif", Convert.ToHexString(record.Dib));
        fields.WriteString("vif", Convert.ToHexString(record.Vif) + Convert.ToHexString(record.Vife));
        fields.WriteString("coding", Coding(record.Coding));
        fields.WriteString("quantity", record.Quantity.Name);
        if (record.Unit is { } unit)
        {
            fields.WriteString("unit", unit);
        }

        if (!record.Vife.IsEmpty)
        {
            fields.WriteStartArray("vife_modifiers");
            foreach (byte vife in record.Vife)
            {
                fields.WriteStringValue((vife & ~ExtensionBit).ToString("X2", CultureInfo.InvariantCulture));
            }

            fields.WriteEndArray();
        }

        WriteValue(record, fields);
    }

    private static void WriteValue(MBusRecord record, Utf8JsonWriter fields)
    {
        if (record.DateType is { } type)
        {
            WriteDate(record, type, fields);
            return;
        }

        switch (record.Variable)
        {
            case MBusVariableKind.Text:
                fields.WriteString("value", record.Text());
                break;
            case MBusVariableKind.Binary:
                fields.WriteString("value_hex", Convert.ToHexString(record.Data));
                fields.WriteNull("value");
                break;
            default:
                WriteNumber(record, fields);
                break;
        }

        if (record.Coding == MBusCoding.Variable)
        {
            fields.WriteString("lvar", record.Variable switch
            {
                MBusVariableKind.Text => "text",
                MBusVariableKind.Binary => "binary",
                MBusVariableKind.Bcd => "bcd",
                _ => "negative_bcd",
            });
        }
    }

    private static void WriteNumber(MBusRecord record, Utf8JsonWriter fields)
    {
        if (record.TryGetRaw(out decimal raw))
        {
            WriteNumber("raw", raw, fields);
            WriteNumber("value", record.TryGetNumber(out decimal value) ? value : null, fields);
            return;
        }

        bool badBcd = record.IsNumeric && record.Coding != MBusCoding.Real32;
        if (badBcd)
        {
            byte[] highFirst = record.Data.ToArray();
            Array.Reverse(highFirst);
            fields.WriteString("raw_hex", Convert.ToHexString(highFirst));
        }

        fields.WriteNull("value");
        if (badBcd)
        {
            fields.WriteBoolean("bad_bcd", true);
        }
    }

    private static void WriteDate(MBusRecord record, MBusDateType type, Utf8JsonWriter fields)
    {
        fields.WriteString("date_type", type.ToString());
        if (!record.TryGetDate(out MBusDate date))
        {
            fields.WriteNull("value");
            fields.WriteString("raw_hex", Convert.ToHexString(record.Data));
            return;
        }

        fields.WriteString("value", date.ToString());
        if (date.IsInvalid)
        {
            fields.WriteBoolean("invalid", true);
        }

        if (date.IsSummerTime)
        {
            fields.WriteBoolean("summer_time", true);
        }
    }

    private static string Function(MBusFunction function) => function switch
    {
        MBusFunction.Instantaneous => "instantaneous",
        MBusFunction.Maximum => "maximum",
        MBusFunction.Minimum => "minimum",
        _ => "error",
    };

    private static string Coding(MBusCoding coding) => coding switch
    {
        MBusCoding.None => "none",
        MBusCoding.Selection => "selection",
        MBusCoding.Variable => "variable",
        MBusCoding.Real32 => "real32",
        MBusCoding.Int8 => "int8",
        MBusCoding.Int16 => "int16",
        MBusCoding.Int24 => "int24",
        MBusCoding.Int32 => "int32",
        MBusCoding.Int48 => "int48",
        MBusCoding.Int64 => "int64",
        MBusCoding.Bcd2 => "bcd2",
        MBusCoding.Bcd4 => "bcd4",
        MBusCoding.Bcd6 => "bcd6",
        MBusCoding.Bcd8 => "bcd8",
        _ => "bcd12",
    };
}
