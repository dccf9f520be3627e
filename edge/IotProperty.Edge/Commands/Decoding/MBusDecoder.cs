using System.Text.Json;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary>Explains wired M-Bus: one frame, or a stretch of the line with several frames and idle zeros.</summary>
internal sealed class MBusDecoder : IFrameDecoder
{
    private const byte Idle = 0x00;

    public string Protocol => "mbus";

    public DecodeMistake? Decode(ReadOnlySpan<byte> frame, Utf8JsonWriter fields)
    {
        ScanStatus status = MBusFrame.Scan(frame, out MBusFrame first, out MBusMistake mistake);
        if (status != ScanStatus.Done)
        {
            return status == ScanStatus.NeedMore ? new DecodeMistake("the frame is cut short", frame.Length) : Mistake(mistake, 0);
        }

        return first.Length == frame.Length ? MBusFrameFields.Write(first, fields) : Stretch(frame, first, fields);
    }

    /// <summary>Several frames in a row: the first one tells what was sent where the line is an adapter's own.</summary>
    private static DecodeMistake? Stretch(ReadOnlySpan<byte> bytes, in MBusFrame first, Utf8JsonWriter fields)
    {
        if (first.Kind != MBusFrameKind.Acknowledge && MBusControl.IsFromMaster(first.Control))
        {
            fields.WriteString("client_sent", Convert.ToHexString(bytes[..first.Length]));
        }

        fields.WriteStartArray("frames");
        for (int at = 0; at < bytes.Length;)
        {
            fields.WriteStartObject();
            int idle = bytes[at..].IndexOfAnyExcept(Idle);
            if (idle != 0)
            {
                idle = idle < 0 ? bytes.Length - at : idle;
                WriteRole("noise, ignore", bytes.Slice(at, idle), fields);
                at += idle;
            }
            else
            {
                switch (MBusFrame.Scan(bytes[at..], out MBusFrame frame, out MBusMistake mistake))
                {
                    case ScanStatus.Malformed:
                        return Mistake(mistake with { Why = $"behind a whole frame: {mistake.Why}" }, at);
                    case ScanStatus.NeedMore:
                        return new DecodeMistake("behind a whole frame: the frame is cut short", bytes.Length);
                    default:
                        WriteRole(Role(frame, at == 0), bytes.Slice(at, frame.Length), fields);
                        if (MBusFrameFields.Write(frame, fields) is { } inside)
                        {
                            return inside with { Offset = at + inside.Offset };
                        }

                        at += frame.Length;
                        break;
                }
            }

            fields.WriteEndObject();
        }

        fields.WriteEndArray();
        return null;
    }

    private static string Role(in MBusFrame frame, bool isFirst) => frame.Kind switch
    {
        MBusFrameKind.Acknowledge => "ack",
        _ when !MBusControl.IsFromMaster(frame.Control) => "response",
        _ => isFirst ? "echo of own request, drop" : "request",
    };

    private static void WriteRole(string role, ReadOnlySpan<byte> bytes, Utf8JsonWriter fields)
    {
        fields.WriteString("role", role);
        fields.WriteString("hex", Convert.ToHexString(bytes));
    }

    private static DecodeMistake Mistake(MBusMistake mistake, int at) => new(mistake.Why, at + mistake.Offset);
}
