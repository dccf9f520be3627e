using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Commands.Decoding;

/// <summary>
/// Explains Modbus, RTU or TCP, one frame or several in a row. What the bytes are tells their CRC or their MBAP header; whether they ask or answer is told by
/// what they hold, and by the caller where both would do.
/// </summary>
internal sealed class ModbusDecoder : IFrameDecoder
{
    private const int ProtocolIdAt = 2;
    private const int MbapLengthAt = 4;
    private const int BytesBeforeLengthCounts = 6;
    private const int RtuPduAt = 1;

    public string Protocol => "modbus";

    public DecodeMistake? Decode(ReadOnlySpan<byte> frame, Utf8JsonWriter fields) => Decode(frame, null, fields);

    public DecodeMistake? Decode(ReadOnlySpan<byte> frame, FrameDirection? direction, Utf8JsonWriter fields)
    {
        ModbusDirection? asked = direction switch
        {
            FrameDirection.Request => ModbusDirection.Request,
            FrameDirection.Response => ModbusDirection.Reply,
            _ => null,
        };
        if (ModbusRtuFrame.IsSealed(frame))
        {
            return DecodeRtu(frame, asked, fields);
        }

        // A CRC that is right by chance is rare; an MBAP header that looks right is not: a register address of 0 is enough.
        if (FrameLength(frame, asked) > 0)
        {
            return DecodeRtuStream(frame, asked, fields);
        }

        if (ModbusTcpFrame.Scan(frame, out ModbusTcpFrame first, out _) == ScanStatus.Done)
        {
            return first.Length == frame.Length ? DecodeTcp(frame, asked, fields) : DecodeTcpStream(frame, asked, fields);
        }

        return LooksLikeTcp(frame) ? TcpMistake(frame) : RtuMistake(frame, asked);
    }

    private static DecodeMistake? DecodeRtu(ReadOnlySpan<byte> adu, ModbusDirection? asked, Utf8JsonWriter fields)
    {
        ReadOnlySpan<byte> pdu = adu[RtuPduAt..^ModbusCrc.Bytes];
        if (Direction(pdu, asked, RtuPduAt, out ModbusDirection direction) is { } mistake)
        {
            return mistake;
        }

        fields.WriteString("transport", "rtu");
        fields.WriteNumber("unit", adu[0]);
        ModbusFields.Write(pdu, direction, fields);
        if (adu[0] == ModbusRtuMasterSession.Broadcast && direction == ModbusDirection.Request)
        {
            fields.WriteBoolean("broadcast", true);
            fields.WriteBoolean("reply_expected", false);
        }

        ModbusFields.WriteLength(adu.Length, fields);
        fields.WriteString("crc", BinaryPrimitives.ReadUInt16LittleEndian(adu[^ModbusCrc.Bytes..]).ToString("X4", CultureInfo.InvariantCulture));
        return null;
    }

    private static DecodeMistake? DecodeTcp(ReadOnlySpan<byte> adu, ModbusDirection? asked, Utf8JsonWriter fields)
    {
        ModbusTcpFrame.Scan(adu, out ModbusTcpFrame frame, out _);
        if (Direction(frame.Pdu, asked, ModbusTcpFrame.HeaderBytes, out ModbusDirection direction) is { } mistake)
        {
            return mistake;
        }

        fields.WriteString("transport", "tcp");
        fields.WriteNumber("transaction_id", frame.Transaction);
        fields.WriteNumber("protocol_id", BinaryPrimitives.ReadUInt16BigEndian(adu[ProtocolIdAt..]));
        fields.WriteNumber("length", BinaryPrimitives.ReadUInt16BigEndian(adu[MbapLengthAt..]));
        fields.WriteNumber("unit", frame.Unit);
        ModbusFields.Write(frame.Pdu, direction, fields);
        ModbusFields.WriteLength(adu.Length, fields);
        return null;
    }

    private static DecodeMistake? DecodeTcpStream(ReadOnlySpan<byte> bytes, ModbusDirection? asked, Utf8JsonWriter fields)
    {
        fields.WriteString("transport", "tcp");
        fields.WriteStartArray("frames");
        for (int at = 0; at < bytes.Length;)
        {
            ReadOnlySpan<byte> rest = bytes[at..];
            ScanStatus status = ModbusTcpFrame.Scan(rest, out ModbusTcpFrame frame, out _);
            if (status != ScanStatus.Done)
            {
                DecodeMistake mistake = TcpMistake(rest);
                return mistake with { Offset = at + mistake.Offset };
            }

            ReadOnlySpan<byte> adu = rest[..frame.Length];
            fields.WriteStartObject();
            fields.WriteString("hex", Convert.ToHexString(adu));
            if (DecodeTcp(adu, asked, fields) is { } inside)
            {
                return inside with { Offset = at + inside.Offset };
            }

            fields.WriteEndObject();
            at += adu.Length;
        }

        fields.WriteEndArray();
        return null;
    }

    /// <summary>Several frames without a gap, such as a request and its answer, or an echo in front of one.</summary>
    private static DecodeMistake? DecodeRtuStream(ReadOnlySpan<byte> bytes, ModbusDirection? asked, Utf8JsonWriter fields)
    {
        fields.WriteString("transport", "rtu");
        fields.WriteStartArray("frames");
        for (int at = 0; at < bytes.Length;)
        {
            int length = FrameLength(bytes[at..], asked);
            if (length == 0)
            {
                return new DecodeMistake("these bytes behind a whole frame are none", at);
            }

            ReadOnlySpan<byte> adu = bytes.Slice(at, length);
            fields.WriteStartObject();
            fields.WriteString("hex", Convert.ToHexString(adu));
            if (DecodeRtu(adu, asked, fields) is { } inside)
            {
                return inside with { Offset = at + inside.Offset };
            }

            fields.WriteEndObject();
            at += length;
        }

        fields.WriteEndArray();
        return null;
    }

    /// <summary>How long the sound frame is that stands at the start; 0 when none does.</summary>
    private static int FrameLength(ReadOnlySpan<byte> bytes, ModbusDirection? asked)
    {
        foreach (ModbusDirection direction in Candidates(asked))
        {
            if (ModbusRtuFrame.Scan(bytes, direction, out ModbusRtuFrame frame, out _) == ScanStatus.Done
                && ModbusPduReading.IsSound(frame.Pdu, direction, out _))
            {
                return frame.Length;
            }
        }

        return 0;
    }

    private static ReadOnlySpan<ModbusDirection> Candidates(ModbusDirection? asked) =>
        asked is { } direction ? new[] { direction } : [ModbusDirection.Request, ModbusDirection.Reply];

    /// <summary>The direction that was asked for, or the one that the PDU itself tells; a mistake when its inside contradicts itself.</summary>
    private static DecodeMistake? Direction(ReadOnlySpan<byte> pdu, ModbusDirection? asked, int pduAt, out ModbusDirection direction)
    {
        direction = asked ?? ModbusPduReading.Guess(pdu) ?? ModbusDirection.Reply;
        if (ModbusPduReading.IsSound(pdu, direction, out string why))
        {
            return null;
        }

        bool isException = (pdu[0] & ModbusFunctions.ExceptionBit) != 0;
        int at = isException && direction == ModbusDirection.Reply ? Math.Min(2, pdu.Length - 1) : Math.Min(1, pdu.Length - 1);
        return new DecodeMistake(why, pduAt + at);
    }

    private static bool LooksLikeTcp(ReadOnlySpan<byte> bytes) =>
        (bytes.Length > MbapLengthAt && bytes[ProtocolIdAt] == 0 && bytes[ProtocolIdAt + 1] == 0 && bytes[MbapLengthAt] == 0)
        || (bytes.Length > BytesBeforeLengthCounts && BinaryPrimitives.ReadUInt16BigEndian(bytes[MbapLengthAt..]) == bytes.Length - BytesBeforeLengthCounts);

    private static DecodeMistake TcpMistake(ReadOnlySpan<byte> bytes)
    {
        if (ModbusTcpFrame.Scan(bytes, out _, out string why) == ScanStatus.Malformed)
        {
            bool protocol = bytes[ProtocolIdAt] != 0 || bytes[ProtocolIdAt + 1] != 0;
            return new DecodeMistake(why, protocol ? ProtocolIdAt : MbapLengthAt);
        }

        string what = bytes.Length < BytesBeforeLengthCounts
            ? "the MBAP header is cut short"
            : string.Create(CultureInfo.InvariantCulture, $"cut short: the MBAP length promises {bytes[MbapLengthAt + 1]} bytes behind it, {bytes.Length - BytesBeforeLengthCounts} are there");
        return new DecodeMistake(what, bytes.Length);
    }

    private static DecodeMistake RtuMistake(ReadOnlySpan<byte> bytes, ModbusDirection? asked)
    {
        if (bytes.Length < ModbusRtuFrame.MinBytes)
        {
            return new DecodeMistake("too short: the shortest frame has 4 bytes", bytes.Length);
        }

        if (bytes.Length > ModbusRtuFrame.MaxBytes)
        {
            return new DecodeMistake("longer than 256 bytes, and no frame stands at the beginning", ModbusRtuFrame.MaxBytes);
        }

        for (int stray = 1; stray <= bytes.Length - ModbusRtuFrame.MinBytes; stray++)
        {
            if (FrameLength(bytes[stray..], asked) > 0)
            {
                return new DecodeMistake(string.Create(CultureInfo.InvariantCulture, $"noise: a whole frame begins at byte {stray} only"), 0);
            }
        }

        bool needsMore = true;
        foreach (ModbusDirection direction in Candidates(asked))
        {
            needsMore &= ModbusRtuFrame.Scan(bytes, direction, out _, out _) == ScanStatus.NeedMore;
        }

        return needsMore ? new DecodeMistake("the frame is cut short", bytes.Length) : WrongCrc(bytes);
    }

    private static DecodeMistake WrongCrc(ReadOnlySpan<byte> bytes)
    {
        ushort right = ModbusCrc.Compute(bytes[..^ModbusCrc.Bytes]);
        ushort said = BinaryPrimitives.ReadUInt16LittleEndian(bytes[^ModbusCrc.Bytes..]);
        string swapped = said == BinaryPrimitives.ReverseEndianness(right) ? ": its bytes are swapped, the low one goes first" : "";
        return new DecodeMistake(
            string.Create(CultureInfo.InvariantCulture, $"the CRC is wrong: the frame says {said:X4}, its bytes give {right:X4}{swapped}"), bytes.Length - ModbusCrc.Bytes);
    }
}
