using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;

namespace IotProperty.Protocols.Tests.MBus;

/// <summary>Compares what was read with what a vector says.</summary>
internal static class MBusAssert
{
    public static void Matches(MBusVector vector, in MBusFrame frame)
    {
        JsonElement decoded = vector.Decoded;
        Assert.Equal(vector.Text("frame"), frame.Kind switch
        {
            MBusFrameKind.Acknowledge => "ack",
            MBusFrameKind.Short => "short",
            _ => frame.Data.IsEmpty ? "control" : "long",
        });
        Assert.Equal(vector.Bytes.Length, frame.Length);
        if (frame.Kind == MBusFrameKind.Acknowledge)
        {
            return;
        }

        Assert.Equal(vector.Text("c"), Hex(frame.Control));
        Assert.Equal(vector.Int("a"), frame.Address);
        if (vector.Has("fcb"))
        {
            Assert.True(MBusControl.Counts(frame.Control));
            Assert.Equal(vector.Int("fcb") == 1, MBusControl.CountBit(frame.Control));
        }

        if (frame.Kind == MBusFrameKind.Long)
        {
            Assert.Equal(vector.Text("ci"), Hex(frame.ControlInformation));
            Inside(vector, decoded, frame);
        }
    }

    /// <summary>Every record in the vector's words.</summary>
    public static void Records(JsonElement expected, MBusRecordReader records)
    {
        int count = 0;
        foreach (JsonElement record in expected.EnumerateArray())
        {
            Assert.True(records.MoveNext(), records.Mistake.Why);
            Record(record, records.Current);
            count++;
        }

        Assert.False(records.MoveNext());
        Assert.True(records.Mistake.IsNone);
        Assert.Equal(expected.GetArrayLength(), count);
    }

    private static void Inside(MBusVector vector, JsonElement decoded, in MBusFrame frame)
    {
        switch (frame.ControlInformation)
        {
            case MBusControlInformation.SelectMeter:
                JsonElement select = decoded.GetProperty("select");
                MBusSecondaryAddress selection = MBusSecondaryAddress.Read(frame.Data);
                Assert.Equal(select.GetProperty("id").GetString(), selection.IdText);
                Assert.Equal(select.GetProperty("manufacturer").GetString(), selection.Manufacturer.ToString("X4", CultureInfo.InvariantCulture));
                Assert.Equal(select.GetProperty("version").GetString(), Hex(selection.Version));
                Assert.Equal(select.GetProperty("medium").GetString(), Hex(selection.Medium));
                if (select.TryGetProperty("extra_records", out JsonElement extra))
                {
                    Records(extra, new MBusRecordReader(frame.Data[MBusSecondaryAddress.Bytes..], MBusTextUnit.BeforeModifiers));
                }

                break;
            case MBusControlInformation.ApplicationReset:
                Assert.Equal(vector.Has("application_reset_subcode"), !frame.Data.IsEmpty);
                break;
            case >= MBusControlInformation.SetBaudFirst and <= MBusControlInformation.SetBaudLast:
                Assert.Equal(vector.Int("set_baud"), MBusControlInformation.Baud(frame.ControlInformation));
                break;
            default:
                Assert.Equal(ScanStatus.Done, MBusTelegram.Read(frame, MBusTextUnit.BeforeModifiers, out MBusTelegram telegram, out MBusMistake mistake));
                Assert.True(mistake.IsNone);
                Telegram(vector, decoded, telegram);
                break;
        }
    }

    private static void Telegram(MBusVector vector, JsonElement decoded, in MBusTelegram telegram)
    {
        Optional(decoded, "id", telegram.Meter?.IdText);
        Optional(decoded, "access_number", telegram.AccessNumber);
        Optional(decoded, "status", telegram.Status?.Bits);
        Optional(decoded, "medium", telegram.Meter?.Medium);
        Optional(decoded, "signature", telegram.Signature?.ToString("X4", CultureInfo.InvariantCulture));
        Optional(decoded, "application_error", telegram.ApplicationError);
        Optional(decoded, "alarm_status", telegram.AlarmStatus);
        Assert.Equal(vector.Has("more_records_follow"), telegram.MoreFollows);
        if (telegram.Fixed is { } values)
        {
            Fixed(vector, values);
        }
        else if (telegram.Meter is { } meter)
        {
            Assert.Equal(vector.Text("manufacturer"), MBusManufacturer.Text(meter.Manufacturer));
            Assert.Equal(vector.Text("manufacturer_code"), meter.Manufacturer.ToString("X4", CultureInfo.InvariantCulture));
            Assert.Equal(vector.Int("version"), meter.Version);
        }

        if (vector.Has("records"))
        {
            Assert.True(telegram.HasRecords);
            Records(decoded.GetProperty("records"), telegram.Records());
        }
    }

    private static void Fixed(MBusVector vector, MBusFixedData values)
    {
        Assert.Equal(vector.Text("counter_coding"), values.IsBinary ? "binary" : "bcd");
        Assert.Equal(vector.Decoded.GetProperty("stored_at_fixed_date").GetBoolean(), values.IsStored);
        Counter(vector, "1", values.First);
        Counter(vector, "2", values.Second);
    }

    private static void Counter(MBusVector vector, string which, MBusFixedCounter counter)
    {
        Assert.Equal(vector.Int("unit" + which), counter.UnitCode);
        Assert.Equal(vector.Int("counter" + which), counter.Raw);
        Assert.Equal(vector.Decoded.GetProperty("value" + which).GetDecimal(), counter.Value);
        Assert.Equal(vector.Text($"value{which}_unit"), counter.Quantity.Unit);
        Assert.Equal(vector.Has($"counter{which}_historic"), counter.IsHistoric);
    }

    private static void Record(JsonElement expected, MBusRecord record)
    {
        if (expected.TryGetProperty("kind", out JsonElement kind))
        {
            Assert.Equal(kind.GetString(), record.Kind == MBusRecordKind.GlobalReadoutRequest ? "global_readout_request" : "manufacturer_specific");
            if (record.Kind != MBusRecordKind.GlobalReadoutRequest)
            {
                Assert.Equal(expected.GetProperty("more_follows").GetBoolean(), record.Kind == MBusRecordKind.ManufacturerDataMoreFollows);
                Assert.Equal(expected.GetProperty("data").GetString(), Convert.ToHexString(record.Data));
            }

            return;
        }

        Assert.Equal(MBusRecordKind.Value, record.Kind);
        MBusRecordKey key = new(
            Enum.Parse<MBusFunction>(expected.GetProperty("function").GetString()!, ignoreCase: true),
            expected.GetProperty("storage").GetInt64(),
            expected.GetProperty("tariff").GetInt32(),
            expected.GetProperty("subunit").GetInt32());
        Assert.Equal(key, record.Key);
        Assert.Equal(expected.GetProperty("dif").GetString(), Convert.ToHexString(record.Dib));
        Assert.Equal(expected.GetProperty("vif").GetString(), Convert.ToHexString(record.Vif) + Convert.ToHexString(record.Vife));
        Assert.Equal(expected.GetProperty("coding").GetString(), record.Coding.ToString(), ignoreCase: true);
        Assert.Equal(expected.GetProperty("quantity").GetString(), record.Quantity.Name);
        Optional(expected, "unit", record.Unit);
        string[] modifiers = expected.TryGetProperty("vife_modifiers", out JsonElement list) ? [.. list.EnumerateArray().Select(m => m.GetString()!)] : [];
        Assert.Equal(string.Join(' ', modifiers), string.Join(' ', record.Vife.ToArray().Select(vife => Hex((byte)(vife & 0x7F)))));
        Value(expected, record);
    }

    private static void Value(JsonElement expected, MBusRecord record)
    {
        JsonElement value = expected.GetProperty("value");
        if (expected.TryGetProperty("date_type", out JsonElement type))
        {
            Assert.Equal(type.GetString(), record.DateType.ToString());
            Assert.Equal(value.ValueKind != JsonValueKind.Null, record.TryGetDate(out MBusDate date));
            if (value.ValueKind != JsonValueKind.Null)
            {
                Assert.Equal(value.GetString(), date.ToString());
                Assert.Equal(expected.TryGetProperty("invalid", out _), date.IsInvalid);
                Assert.Equal(expected.TryGetProperty("summer_time", out _), date.IsSummerTime);
            }

            return;
        }

        Assert.Null(record.DateType);
        if (record.Variable == MBusVariableKind.Text)
        {
            Assert.Equal(value.GetString(), record.Text());
            return;
        }

        Assert.Equal(value.ValueKind != JsonValueKind.Null, record.TryGetNumber(out decimal number));
        if (value.ValueKind != JsonValueKind.Null)
        {
            Assert.True(record.TryGetRaw(out decimal raw));
            Assert.Equal(Number(expected.GetProperty("raw")), raw);
            Assert.Equal(Number(value), number);
        }
        else if (expected.TryGetProperty("bad_bcd", out _))
        {
            Assert.True(record.IsNumeric);
            byte[] highFirst = [.. record.Data.ToArray().Reverse()];
            Assert.Equal(expected.GetProperty("raw_hex").GetString(), Convert.ToHexString(highFirst));
        }
    }

    private static decimal Number(JsonElement json) =>
        decimal.Parse(json.ValueKind == JsonValueKind.String ? json.GetString()! : json.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static void Optional<T>(JsonElement decoded, string field, T? actual)
    {
        bool stated = decoded.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null;
        Assert.Equal(stated ? value.ToString() : "", Convert.ToString(actual, CultureInfo.InvariantCulture) ?? "");
    }

    private static string Hex(byte value) => value.ToString("X2", CultureInfo.InvariantCulture);
}
