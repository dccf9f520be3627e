using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary>Explains CJ/T 188: one frame behind its wake-up bytes, or several in a row with idle noise (FF) between them.</summary>
internal sealed class Cjt188Decoder : IFrameDecoder
{
    private const byte Idle = 0xFF;

    public string Protocol => "cjt188";

    public DecodeMistake? Decode(ReadOnlySpan<byte> frame, Utf8JsonWriter fields)
    {
        List<Part> parts = [];
        if (Divide(frame, parts) is { } mistake)
        {
            return mistake;
        }

        if (parts is [{ IsNoise: false } single])
        {
            WriteFrame(frame, single, fields);
            return null;
        }

        fields.WriteStartArray("frames");
        foreach (Part part in parts)
        {
            fields.WriteStartObject();
            ReadOnlySpan<byte> bytes = frame[part.Start..part.End];
            fields.WriteString("hex", Convert.ToHexString(bytes));
            if (part.IsNoise)
            {
                fields.WriteString("role", "noise, skip");
            }
            else
            {
                WriteFrame(frame, part, fields);
            }

            fields.WriteEndObject();
        }

        fields.WriteEndArray();
        return null;
    }

    private static DecodeMistake? Divide(ReadOnlySpan<byte> bytes, List<Part> parts)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            int idle = Run(bytes[at..], Idle);
            if (idle > 0)
            {
                parts.Add(new Part(at, at + idle, 0, IsNoise: true));
                at += idle;
                continue;
            }

            int wakeUp = Run(bytes[at..], Cjt188Frame.WakeUp);
            int start = at + wakeUp;
            bool followsFrame = parts.Exists(part => !part.IsNoise);
            switch (Cjt188Frame.Scan(bytes[start..], out Cjt188Frame frame, out string why, out int wrongAt))
            {
                case ScanStatus.Done:
                    parts.Add(new Part(at, start + frame.Length, wakeUp, IsNoise: false));
                    at = start + frame.Length;
                    break;
                case ScanStatus.NeedMore when start == bytes.Length:
                    return new DecodeMistake("there are only wake-up bytes, no frame", at);
                case ScanStatus.NeedMore:
                    return new DecodeMistake("the frame is cut short", bytes.Length);
                default:
                    return new DecodeMistake(followsFrame && wrongAt == 0 ? "bytes that are no frame follow the end of the frame" : why, start + wrongAt);
            }
        }

        return parts.Exists(part => !part.IsNoise) ? null : new DecodeMistake("there is only noise, no frame", 0);
    }

    private static int Run(ReadOnlySpan<byte> bytes, byte value)
    {
        int end = bytes.IndexOfAnyExcept(value);
        return end < 0 ? bytes.Length : end;
    }

    private static void WriteFrame(ReadOnlySpan<byte> bytes, Part part, Utf8JsonWriter fields)
    {
        Cjt188Frame.Scan(bytes[(part.Start + part.WakeUpBytes)..part.End], out Cjt188Frame frame, out _, out _);
        fields.WriteNumber("preamble", part.WakeUpBytes);
        fields.WriteString("meter_type", Hex(frame.MeterType));
        fields.WriteString("meter_kind", Cjt188MeterType.Name(frame.MeterType));
        fields.WriteString("address", frame.Address.ToString());
        fields.WriteString("control", Hex(frame.Control));
        fields.WriteBoolean("from_meter", frame.FromMeter);
        fields.WriteBoolean("error", frame.IsError);
        fields.WriteString("function", Name(frame.Function));
        fields.WriteNumber("length", frame.Data.Length);
        fields.WriteString("checksum", Hex(frame.Checksum));
        if (frame.IsError || !Cjt188Body.TryRead(frame.Data, null, out Cjt188Body body))
        {
            fields.WriteString("data_hex", Convert.ToHexString(frame.Data));
            return;
        }

        fields.WriteString("di", body.Identifier.ToString("X4", CultureInfo.InvariantCulture));
        fields.WriteString("di_order", body.Order == Cjt188IdentifierOrder.HighByteFirst ? "high byte first" : "low byte first");
        fields.WriteString("di_wire", Convert.ToHexString(frame.Data[..Cjt188Identifier.Bytes]));
        fields.WriteNumber("serial", body.Serial);
        if (!body.Payload.IsEmpty)
        {
            fields.WriteString("payload_hex", Convert.ToHexString(body.Payload));
        }

        if (LayoutOf(frame, body) is { } layout)
        {
            WritePayload(layout, body.Payload, fields);
        }
    }

    private static Cjt188Layout? LayoutOf(in Cjt188Frame frame, in Cjt188Body body) => frame.Function switch
    {
        Cjt188Function.ReadData when frame.FromMeter => Cjt188Layout.OfReading(body.Identifier, frame.MeterType, body.Payload.Length),
        Cjt188Function.WriteData when frame.FromMeter && body.Identifier == Cjt188Identifier.WriteValve && body.Payload.Length == Cjt188Status.Bytes => Cjt188Layout.ValveReply,
        Cjt188Function.WriteData or Cjt188Function.WriteAddress or Cjt188Function.WriteBase when !frame.FromMeter =>
            Cjt188Layout.OfWrite(body.Identifier, body.Payload.Length),
        _ => null,
    };

    private static void WritePayload(Cjt188Layout layout, ReadOnlySpan<byte> payload, Utf8JsonWriter fields)
    {
        if (layout.Edition.Length > 0)
        {
            fields.WriteString("layout", layout.Edition);
        }

        bool unitFirst = layout.LooksUnitFirst(payload);
        foreach (Cjt188Field field in layout.Fields)
        {
            fields.WritePropertyName(field.Name);
            switch (field.Kind)
            {
                case Cjt188FieldKind.Quantity:
                    Cjt188Quantity quantity = field.ReadQuantity(payload, unitFirst);
                    fields.WriteStartObject();
                    fields.WritePropertyName("value");
                    WriteNumber(quantity.Value, fields);
                    fields.WriteString("unit_code", Hex(quantity.UnitCode));
                    fields.WriteString("unit", Cjt188Unit.Name(quantity.UnitCode));
                    fields.WriteEndObject();
                    break;
                case Cjt188FieldKind.Number:
                    WriteNumber(field.ReadNumber(payload), fields);
                    break;
                case Cjt188FieldKind.Time:
                    fields.WriteStringValue(field.ReadTime(payload)?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
                    break;
                case Cjt188FieldKind.Status:
                    WriteStatus(field.ReadStatus(payload), fields);
                    break;
                case Cjt188FieldKind.ValveCommand:
                    fields.WriteStringValue(Name((Cjt188ValveCommand)payload[field.Offset]));
                    break;
                default:
                    fields.WriteStringValue(Cjt188AddressField.Read(payload[field.Offset..]).ToString());
                    break;
            }
        }
    }

    private static void WriteNumber(decimal? number, Utf8JsonWriter fields)
    {
        if (number is { } value)
        {
            fields.WriteNumberValue(value);
        }
        else
        {
            fields.WriteNullValue();
        }
    }

    private static void WriteStatus(Cjt188Status status, Utf8JsonWriter fields)
    {
        fields.WriteStartObject();
        fields.WriteString("hex", status.ToString());
        fields.WriteString("valve", Name(status.Valve));
        fields.WriteBoolean("battery_low", status.BatteryLow);
        fields.WriteEndObject();
    }

    private static string Name(Cjt188Function function) => function switch
    {
        Cjt188Function.ReadData => "read_data",
        Cjt188Function.ReadAddress => "read_address",
        Cjt188Function.WriteData => "write_data",
        Cjt188Function.ReadKeyVersion => "read_key_version",
        Cjt188Function.WriteAddress => "write_address",
        Cjt188Function.WriteBase => "write_base",
        _ => "unknown",
    };

    private static string Name(Cjt188Valve valve) => valve switch
    {
        Cjt188Valve.Open => "open",
        Cjt188Valve.Closed => "closed",
        Cjt188Valve.Fault => "fault",
        _ => "reserved",
    };

    private static string Name(Cjt188ValveCommand command) => command switch
    {
        Cjt188ValveCommand.Open => "open (forced)",
        Cjt188ValveCommand.Close => "close (forced)",
        Cjt188ValveCommand.OpenAutomatically => "open (automatic, vendor)",
        Cjt188ValveCommand.CloseAutomatically => "close (automatic, vendor)",
        Cjt188ValveCommand.Query => "query (vendor)",
        _ => "unknown",
    };

    private static string Hex(byte value) => value.ToString("X2", CultureInfo.InvariantCulture);

    private readonly record struct Part(int Start, int End, int WakeUpBytes, bool IsNoise);
}
