using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Cjt188;

/// <summary>
/// One frame: 68, meter type, address, control code, length, data, checksum, 16 (CJ/T 188-2004, §6.3). The wake-up bytes FE in front of it are not part of it.
/// Bytes 68, 16 and FE may stand anywhere inside, so a frame is walked by its length. Lives as long as the bytes it was read from.
/// </summary>
public readonly ref struct Cjt188Frame
{
    /// <summary>The data field of a reply; that of a write has at most 32h (§6.3.5).</summary>
    public const int MaxDataBytes = 0x64;

    public const int MaxBytes = HeaderBytes + MaxDataBytes + TrailerBytes;

    /// <summary>The shortest frame has no data.</summary>
    public const int MinBytes = HeaderBytes + TrailerBytes;

    /// <summary>Sent in front of a frame to wake the receiver: 2 to 4 by the standard, up to 13 were seen.</summary>
    public const byte WakeUp = 0xFE;

    private const byte Start = 0x68;
    private const byte End = 0x16;
    private const int TypeAt = 1;
    private const int AddressAt = 2;
    private const int ControlAt = 9;
    private const int LengthAt = 10;
    private const int HeaderBytes = 11;
    private const int TrailerBytes = 2;

    public byte MeterType { get; private init; }

    public Cjt188AddressField Address { get; private init; }

    public byte Control { get; private init; }

    public ReadOnlySpan<byte> Data { get; private init; }

    public byte Checksum { get; private init; }

    public Cjt188Function Function => Cjt188Control.Function(Control);

    public bool FromMeter => (Control & Cjt188Control.FromMeter) != 0;

    public bool IsError => (Control & Cjt188Control.Error) != 0;

    /// <summary>How many bytes the whole frame takes.</summary>
    public int Length => HeaderBytes + Data.Length + TrailerBytes;

    /// <summary>Looks for one frame at the start of <paramref name="bytes"/>, behind no wake-up bytes.</summary>
    /// <param name="why">Why the bytes can never become a frame; empty otherwise.</param>
    /// <param name="wrongAt">The byte at which that shows.</param>
    public static ScanStatus Scan(ReadOnlySpan<byte> bytes, out Cjt188Frame frame, out string why, out int wrongAt)
    {
        frame = default;
        why = "";
        wrongAt = 0;
        if (bytes.IsEmpty)
        {
            return ScanStatus.NeedMore;
        }

        if (bytes[0] != Start)
        {
            why = "the start byte is not 68";
            return ScanStatus.Malformed;
        }

        if (bytes.Length <= LengthAt)
        {
            return ScanStatus.NeedMore;
        }

        int dataBytes = bytes[LengthAt];
        if (dataBytes > MaxDataBytes)
        {
            why = "the length is over 64h";
            wrongAt = LengthAt;
            return ScanStatus.Malformed;
        }

        int sumAt = HeaderBytes + dataBytes;
        if (bytes.Length < sumAt + TrailerBytes)
        {
            return ScanStatus.NeedMore;
        }

        byte sum = Sum(bytes[..sumAt]);
        if (bytes[sumAt] != sum)
        {
            why = "the checksum is wrong";
            wrongAt = sumAt;
            return ScanStatus.Malformed;
        }

        if (bytes[sumAt + 1] != End)
        {
            why = "the end byte is not 16";
            wrongAt = sumAt + 1;
            return ScanStatus.Malformed;
        }

        frame = new()
        {
            MeterType = bytes[TypeAt],
            Address = Cjt188AddressField.Read(bytes[AddressAt..]),
            Control = bytes[ControlAt],
            Data = bytes.Slice(HeaderBytes, dataBytes),
            Checksum = sum,
        };
        return ScanStatus.Done;
    }

    /// <summary>Looks for the first whole frame anywhere in <paramref name="bytes"/>, past wake-up bytes, noise and broken frames.</summary>
    /// <param name="silent">Whether the line has fallen silent behind these bytes: then a frame that would need more is noise, too.</param>
    /// <param name="start">
    /// How many bytes in front can be dropped for good: everything before the frame found, or before the first byte that may still begin one.
    /// </param>
    /// <returns>Done, or NeedMore when no whole frame is there; never malformed.</returns>
    public static ScanStatus Seek(ReadOnlySpan<byte> bytes, bool silent, out int start, out Cjt188Frame frame)
    {
        for (start = 0; start < bytes.Length; start++)
        {
            int next = bytes[start..].IndexOf(Start);
            if (next < 0)
            {
                start = bytes.Length;
                break;
            }

            start += next;
            ScanStatus status = Scan(bytes[start..], out frame, out _, out _);
            if (status == ScanStatus.Done || (status == ScanStatus.NeedMore && !silent))
            {
                return status;
            }
        }

        frame = default;
        return ScanStatus.NeedMore;
    }

    /// <summary>Writes header and trailer around data that already lies behind the header, and returns the length of the frame.</summary>
    /// <param name="frame">Room for the frame; data at <see cref="DataAt"/>.</param>
    public static int Seal(Span<byte> frame, byte meterType, Cjt188AddressField address, byte control, int dataBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dataBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataBytes, MaxDataBytes);
        frame[0] = Start;
        frame[TypeAt] = meterType;
        address.Write(frame[AddressAt..]);
        frame[ControlAt] = control;
        frame[LengthAt] = (byte)dataBytes;
        int sumAt = HeaderBytes + dataBytes;
        frame[sumAt] = Sum(frame[..sumAt]);
        frame[sumAt + 1] = End;
        return sumAt + TrailerBytes;
    }

    /// <summary>Where the data field of a frame begins.</summary>
    public const int DataAt = HeaderBytes;

    /// <summary>§6.3.6: the sum of all bytes from 68 on, without carry.</summary>
    private static byte Sum(ReadOnlySpan<byte> bytes)
    {
        int sum = 0;
        foreach (byte b in bytes)
        {
            sum += b;
        }

        return (byte)(sum & 0xFF);
    }
}
