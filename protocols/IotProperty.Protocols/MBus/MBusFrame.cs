using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.MBus;

/// <summary>The shapes of a frame on the wire.</summary>
public enum MBusFrameKind : byte
{
    /// <summary>One byte: the meter has taken what was sent.</summary>
    Acknowledge,

    /// <summary>C and A.</summary>
    Short,

    /// <summary>C, A, CI and up to 252 bytes of data; without data the standard calls it a control frame.</summary>
    Long,
}

/// <summary>
/// One frame of EN 13757-2, §5.5 (format class FT 1.2): E5, or 10 C A CS 16, or 68 L L 68 C A CI data CS 16. Lives as long as the bytes it was read
/// from.
/// </summary>
public readonly ref struct MBusFrame
{
    public const byte AcknowledgeByte = 0xE5;

    internal const byte ShortStart = 0x10;
    internal const byte LongStart = 0x68;
    internal const byte Stop = 0x16;
    internal const int ShortBytes = 5;

    /// <summary>68 L L 68 in front, CS 16 behind.</summary>
    internal const int LongEnvelope = 6;

    /// <summary>C, A and CI.</summary>
    internal const int MinCounted = 3;

    internal const int HeadBytes = 4;

    /// <summary>Where the data of a long frame begins.</summary>
    public const int DataOffset = HeadBytes + MinCounted;

    public MBusFrameKind Kind { get; private init; }

    /// <summary>The C field, <see cref="MBusControl"/>; 0 for an acknowledgement.</summary>
    public byte Control { get; private init; }

    /// <summary>The A field: the meter's primary address, whoever speaks; 0 for an acknowledgement.</summary>
    public byte Address { get; private init; }

    /// <summary>The CI field, <see cref="MBusControlInformation"/>; 0 unless the frame is long.</summary>
    public byte ControlInformation { get; private init; }

    /// <summary>What follows CI; empty unless the frame is long.</summary>
    public ReadOnlySpan<byte> Data { get; private init; }

    /// <summary>How many bytes the whole frame takes.</summary>
    public int Length { get; private init; }

    /// <summary>Looks for one frame at the start of <paramref name="bytes"/>.</summary>
    /// <param name="mistake">Why the bytes can never become a frame, and at which byte.</param>
    public static ScanStatus Scan(ReadOnlySpan<byte> bytes, out MBusFrame frame, out MBusMistake mistake)
    {
        frame = default;
        mistake = MBusMistake.None;
        if (bytes.IsEmpty)
        {
            return ScanStatus.NeedMore;
        }

        switch (bytes[0])
        {
            case AcknowledgeByte:
                frame = new() { Kind = MBusFrameKind.Acknowledge, Length = 1 };
                return ScanStatus.Done;
            case ShortStart:
                return ScanShort(bytes, out frame, out mistake);
            case LongStart:
                return ScanLong(bytes, out frame, out mistake);
            default:
                return Malformed("the first byte is neither E5, 10 nor 68", 0, out mistake);
        }
    }

    /// <summary>Looks for the first whole frame anywhere in <paramref name="bytes"/>, past noise and broken frames.</summary>
    /// <param name="silent">Whether the line has fallen silent behind these bytes: then a frame that would need more is noise, too.</param>
    /// <param name="start">How many bytes in front can be dropped for good: what lies before the frame, or before the first byte that may still begin one.</param>
    /// <returns>Done, or NeedMore when no whole frame is there; never malformed.</returns>
    public static ScanStatus Seek(ReadOnlySpan<byte> bytes, bool silent, out int start, out MBusFrame frame)
    {
        for (start = 0; start < bytes.Length; start++)
        {
            ScanStatus status = Scan(bytes[start..], out frame, out _);
            if (status == ScanStatus.Done || (status == ScanStatus.NeedMore && !silent))
            {
                return status;
            }
        }

        frame = default;
        return ScanStatus.NeedMore;
    }

    /// <summary>The sum of the counted bytes, modulo 256.</summary>
    internal static byte Checksum(ReadOnlySpan<byte> counted)
    {
        byte sum = 0;
        foreach (byte value in counted)
        {
            sum = unchecked((byte)(sum + value));
        }

        return sum;
    }

    private static ScanStatus ScanShort(ReadOnlySpan<byte> bytes, out MBusFrame frame, out MBusMistake mistake)
    {
        frame = default;
        mistake = MBusMistake.None;
        if (bytes.Length < ShortBytes)
        {
            return ScanStatus.NeedMore;
        }

        if (bytes[3] != Checksum(bytes.Slice(1, 2)))
        {
            return Malformed("the checksum is wrong", 3, out mistake);
        }

        if (bytes[4] != Stop)
        {
            return Malformed("the stop byte is not 16", 4, out mistake);
        }

        frame = new() { Kind = MBusFrameKind.Short, Control = bytes[1], Address = bytes[2], Length = ShortBytes };
        return ScanStatus.Done;
    }

    private static ScanStatus ScanLong(ReadOnlySpan<byte> bytes, out MBusFrame frame, out MBusMistake mistake)
    {
        frame = default;
        mistake = MBusMistake.None;
        if (bytes.Length > 1 && bytes[1] < MinCounted)
        {
            return Malformed("L is below 3", 1, out mistake);
        }

        if (bytes.Length > 2 && bytes[2] != bytes[1])
        {
            return Malformed("the two L differ", 2, out mistake);
        }

        if (bytes.Length > 3 && bytes[3] != LongStart)
        {
            return Malformed("the second start byte is not 68", 3, out mistake);
        }

        if (bytes.Length < HeadBytes || bytes.Length < bytes[1] + LongEnvelope)
        {
            return ScanStatus.NeedMore;
        }

        ReadOnlySpan<byte> counted = bytes.Slice(HeadBytes, bytes[1]);
        int checksumAt = HeadBytes + counted.Length;
        if (bytes[checksumAt] != Checksum(counted))
        {
            return Malformed("the checksum is wrong", checksumAt, out mistake);
        }

        if (bytes[checksumAt + 1] != Stop)
        {
            return Malformed("the stop byte is not 16", checksumAt + 1, out mistake);
        }

        frame = new()
        {
            Kind = MBusFrameKind.Long,
            Control = counted[0],
            Address = counted[1],
            ControlInformation = counted[2],
            Data = counted[MinCounted..],
            Length = counted.Length + LongEnvelope,
        };
        return ScanStatus.Done;
    }

    private static ScanStatus Malformed(string why, int offset, out MBusMistake mistake)
    {
        mistake = new MBusMistake(why, offset);
        return ScanStatus.Malformed;
    }
}
