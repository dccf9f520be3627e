using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary>The fields of one M-Bus frame, by the names that the vector files give them.</summary>
internal static class MBusFrameFields
{
    /// <summary>Writes all fields as properties of an object that is already open, or says what is wrong with the frame's inside.</summary>
    public static DecodeMistake? Write(in MBusFrame frame, Utf8JsonWriter fields)
    {
        fields.WriteString("frame", frame.Kind switch
        {
            MBusFrameKind.Acknowledge => "ack",
            MBusFrameKind.Short => "short",
            _ => frame.Data.IsEmpty ? "control" : "long",
        });
        if (frame.Kind == MBusFrameKind.Acknowledge)
        {
            return null;
        }

        fields.WriteString("c", Hex(frame.Control));
        fields.WriteNumber("a", frame.Address);
        if (frame.Kind == MBusFrameKind.Short)
        {
            WriteRequest(frame, fields);
            return null;
        }

        fields.WriteString("ci", Hex(frame.ControlInformation));
        return frame.ControlInformation switch
        {
            MBusControlInformation.SelectMeter => WriteSelection(frame, fields),
            MBusControlInformation.ApplicationReset => WriteReset(frame, fields),
            >= MBusControlInformation.SetBaudFirst and <= MBusControlInformation.SetBaudLast => WriteBaud(frame, fields),
            _ => WriteTelegram(frame, fields),
        };
    }

    private static void WriteRequest(in MBusFrame frame, Utf8JsonWriter fields)
    {
        fields.WriteString("meaning", MBusControl.WithoutCount(frame.Control) switch
        {
            MBusControl.Normalise => "SND_NKE",
            MBusControl.RequestData => "REQ_UD2",
            MBusControl.RequestAlarm => "REQ_UD1 (alarm)",
            MBusControl.RequestStatus => "REQ_SKR (link status)",
            _ => "unknown",
        });
        if (MBusControl.Counts(frame.Control))
        {
            fields.WriteNumber("fcb", MBusControl.CountBit(frame.Control) ? 1 : 0);
            fields.WriteNumber("fcv", 1);
        }

        if (frame.Address == MBusLimits.BroadcastAddress)
        {
            fields.WriteBoolean("reply_expected", false);
        }
    }

    private static DecodeMistake? WriteSelection(in MBusFrame frame, Utf8JsonWriter fields)
    {
        if (frame.Data.Length < MBusSecondaryAddress.Bytes)
        {
            return new DecodeMistake("a selection has 8 bytes", MBusFrame.DataOffset + frame.Data.Length);
        }

        MBusSecondaryAddress meter = MBusSecondaryAddress.Read(frame.Data);
        fields.WriteStartObject("select");
        fields.WriteString("id", meter.IdText);
        fields.WriteString("manufacturer", Hex(meter.Manufacturer));
        fields.WriteString("version", Hex(meter.Version));
        fields.WriteString("medium", Hex(meter.Medium));
        ReadOnlySpan<byte> extra = frame.Data[MBusSecondaryAddress.Bytes..];
        if (!extra.IsEmpty)
        {
            MBusRecordReader records = new(extra, MBusTextUnit.BeforeModifiers);
            MBusRecordFields.Write("extra_records", ref records, fields);
            if (!records.Mistake.IsNone)
            {
                return new DecodeMistake(records.Mistake.Why, MBusFrame.DataOffset + MBusSecondaryAddress.Bytes + records.Mistake.Offset);
            }
        }

        fields.WriteEndObject();
        if (meter.Manufacturer != MBusManufacturer.Any)
        {
            fields.WriteString("manufacturer_text", MBusManufacturer.Text(meter.Manufacturer));
        }

        fields.WriteString("meaning", "SND_UD select");
        return null;
    }

    private static DecodeMistake? WriteReset(in MBusFrame frame, Utf8JsonWriter fields)
    {
        if (frame.Data.IsEmpty)
        {
            fields.WriteNull("application_reset_subcode");
        }
        else
        {
            fields.WriteNumber("application_reset_subcode", frame.Data[0]);
        }

        fields.WriteString("meaning", "application reset");
        return null;
    }

    private static DecodeMistake? WriteBaud(in MBusFrame frame, Utf8JsonWriter fields)
    {
        fields.WriteNumber("set_baud", MBusControlInformation.Baud(frame.ControlInformation));
        fields.WriteString("meaning", "SND_UD set baud rate");
        return null;
    }

    private static DecodeMistake? WriteTelegram(in MBusFrame frame, Utf8JsonWriter fields)
    {
        if (MBusTelegram.Read(frame, MBusTextUnit.BeforeModifiers, out MBusTelegram telegram, out MBusMistake mistake) != ScanStatus.Done)
        {
            return new DecodeMistake(mistake.Why, mistake.Offset);
        }

        switch (telegram.ControlInformation)
        {
            case MBusControlInformation.ApplicationError:
                WriteOptional("application_error", telegram.ApplicationError, fields);
                fields.WriteString("meaning", MBusApplicationError.Text(telegram.ApplicationError));
                return null;
            case MBusControlInformation.AlarmStatus:
                WriteOptional("alarm_status", telegram.AlarmStatus, fields);
                return null;
        }

        WriteHeader(telegram, fields);
        if (telegram.Fixed is { } values)
        {
            WriteFixed(values, fields);
        }

        if (telegram.HasRecords)
        {
            MBusRecordReader records = telegram.Records();
            MBusRecordFields.Write("records", ref records, fields);
        }

        if (telegram.MoreFollows)
        {
            fields.WriteBoolean("more_records_follow", true);
        }

        if (telegram.IsEncrypted)
        {
            fields.WriteString("note", "the configuration word says that the records are encrypted; they are not shown");
        }

        return null;
    }

    private static void WriteHeader(in MBusTelegram telegram, Utf8JsonWriter fields)
    {
        bool isFixed = telegram.Fixed is not null;
        if (telegram.Meter is { } meter)
        {
            fields.WriteString("id", meter.IdText);
            if (!isFixed)
            {
                fields.WriteString("manufacturer", MBusManufacturer.Text(meter.Manufacturer));
                fields.WriteString("manufacturer_code", Hex(meter.Manufacturer));
                fields.WriteNumber("version", meter.Version);
            }

            fields.WriteNumber("medium", meter.Medium);
        }

        if (telegram.AccessNumber is { } access)
        {
            fields.WriteNumber("access_number", access);
        }

        if (telegram.Status is { } status)
        {
            fields.WriteNumber("status", status.Bits);
        }

        if (telegram.Signature is { } signature)
        {
            fields.WriteString("signature", Hex(signature));
        }
    }

    private static void WriteFixed(in MBusFixedData values, Utf8JsonWriter fields)
    {
        fields.WriteString("counter_coding", values.IsBinary ? "binary" : "bcd");
        fields.WriteBoolean("stored_at_fixed_date", values.IsStored);
        WriteCounter('1', values.First, fields);
        WriteCounter('2', values.Second, fields);
    }

    private static void WriteCounter(char which, MBusFixedCounter counter, Utf8JsonWriter fields)
    {
        fields.WriteNumber($"unit{which}", counter.UnitCode);
        if (counter.Raw is { } raw)
        {
            fields.WriteNumber($"counter{which}", raw);
        }
        else
        {
            fields.WriteNull($"counter{which}");
        }

        if (counter.IsHistoric)
        {
            fields.WriteBoolean($"counter{which}_historic", true);
        }

        MBusRecordFields.WriteNumber($"value{which}", counter.Value, fields);
        if (counter.Quantity.Unit is { } unit)
        {
            fields.WriteString($"value{which}_unit", unit);
        }
    }

    private static void WriteOptional(string name, byte? value, Utf8JsonWriter fields)
    {
        if (value is { } known)
        {
            fields.WriteNumber(name, known);
        }
        else
        {
            fields.WriteNull(name);
        }
    }

    private static string Hex(byte value) => value.ToString("X2", CultureInfo.InvariantCulture);

    private static string Hex(ushort value) => value.ToString("X4", CultureInfo.InvariantCulture);
}
