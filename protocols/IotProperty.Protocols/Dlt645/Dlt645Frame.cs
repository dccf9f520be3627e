using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// One frame with the wake-up bytes in front of it: FE…, 68, address (6), 68, C, L, data, CS, 16 (DL/T 645-2007, §5.2; the same in DL/T 645-1997). Lives
/// as long as the bytes it was read from.
/// </summary>
/// <remarks>68, 16 and FE may stand anywhere between the first 68 and the end, so a frame is walked by its length and never searched for its last byte.</remarks>
public readonly ref struct Dlt645Frame
{
    /// <summary>L is at most 200 when reading (§5.2.5); 50 when writing, which is left to the meter to refuse.</summary>
    public const int MaxDataBytes = 200;

    /// <summary>More wake-up bytes in a row than this are noise. Seen in the field: up to 13.</summary>
    public const int MaxWakeUpBytes = 64;

    /// <summary>Both starts, address, C, L, CS and end.</summary>
    public const int OverheadBytes = 12;

    public const int MaxBytes = MaxWakeUpBytes + OverheadBytes + MaxDataBytes;

    private const byte WakeUp = 0xFE;
    private const byte Start = 0x68;
    private const byte End = 0x16;

    /// <summary>Added to each data byte modulo 256, so that no run of equal bits is long (§5.2.8).</summary>
    private const byte Coding = 0x33;

    // Places counted from the first 68.
    private const int AddressAt = 1;
    private const int SecondStartAt = 7;
    private const int ControlAt = 8;
    private const int LengthAt = 9;
    private const int DataAt = 10;

    /// <summary>Wake-up bytes in front.</summary>
    public int WakeUpBytes { get; private init; }

    public Dlt645MeterAddress Address { get; private init; }

    public Dlt645Control Control { get; private init; }

    /// <summary>The data field as it stands on the wire, +33h.</summary>
    public ReadOnlySpan<byte> CodedData { get; private init; }

    public byte Checksum { get; private init; }

    /// <summary>How many bytes the frame takes, wake-up bytes included.</summary>
    public int Length => WakeUpBytes + OverheadBytes + CodedData.Length;

    /// <summary>Looks for one frame at the start of <paramref name="bytes"/>.</summary>
    /// <param name="why">Why the bytes can never become a frame, or what is still missing; empty when done.</param>
    /// <param name="at">The byte at which that is seen.</param>
    public static ScanStatus Scan(ReadOnlySpan<byte> bytes, out Dlt645Frame frame, out string why, out int at)
    {
        frame = default;
        int start = bytes.IndexOfAnyExcept(WakeUp);
        start = start < 0 ? bytes.Length : start;
        if (start > MaxWakeUpBytes)
        {
            return Malformed("more than 64 wake-up bytes", MaxWakeUpBytes, out why, out at);
        }

        ReadOnlySpan<byte> body = bytes[start..];
        at = bytes.Length;
        if (body.IsEmpty)
        {
            why = start == 0 ? "there is no byte" : "there are only wake-up bytes";
            return ScanStatus.NeedMore;
        }

        if (body[0] != Start)
        {
            return Malformed("a frame starts with 68", start, out why, out at);
        }

        if (body.Length > SecondStartAt && body[SecondStartAt] != Start)
        {
            return Malformed("the second start byte is not 68", start + SecondStartAt, out why, out at);
        }

        why = "the frame is cut off";
        if (body.Length <= LengthAt)
        {
            return ScanStatus.NeedMore;
        }

        int dataBytes = body[LengthAt];
        if (dataBytes > MaxDataBytes)
        {
            return Malformed("the length is over 200", start + LengthAt, out why, out at);
        }

        int total = OverheadBytes + dataBytes;
        if (body.Length < total)
        {
            return ScanStatus.NeedMore;
        }

        if (body[total - 1] != End)
        {
            return Malformed("the end byte is not 16", start + total - 1, out why, out at);
        }

        byte checksum = body[total - 2];
        if (checksum != Sum(body[..(total - 2)]))
        {
            return Malformed("the checksum is wrong", start + total - 2, out why, out at);
        }

        why = "";
        at = 0;
        frame = new()
        {
            WakeUpBytes = start,
            Address = Dlt645MeterAddress.Read(body[AddressAt..]),
            Control = new Dlt645Control(body[ControlAt]),
            CodedData = body.Slice(DataAt, dataBytes),
            Checksum = checksum,
        };
        return ScanStatus.Done;
    }

    /// <summary>Looks for the first whole frame anywhere in <paramref name="bytes"/>, past noise, doubled starts and broken frames.</summary>
    /// <param name="silent">Whether the line has fallen silent behind these bytes: then a frame that would need more is noise, too.</param>
    /// <param name="start">How many bytes in front can be dropped for good.</param>
    /// <returns>Done, or NeedMore when no whole frame is there; never malformed.</returns>
    public static ScanStatus Seek(ReadOnlySpan<byte> bytes, bool silent, out int start, out Dlt645Frame frame)
    {
        start = 0;
        while (start < bytes.Length)
        {
            ScanStatus status = Scan(bytes[start..], out frame, out _, out _);
            if (status == ScanStatus.Done || (status == ScanStatus.NeedMore && !silent))
            {
                return status;
            }

            // Only wake-up bytes and starts can begin a frame; all others are passed over at once.
            int step = bytes[(start + 1)..].IndexOfAny(WakeUp, Start);
            start = step < 0 ? bytes.Length : start + 1 + step;
        }

        frame = default;
        return ScanStatus.NeedMore;
    }

    /// <summary>Writes a frame and returns its length in bytes.</summary>
    /// <param name="data">Not yet coded; at most 200 bytes; must not overlap <paramref name="destination"/>.</param>
    /// <param name="wakeUpBytes">0 to 64; masters send 4 (§5.2.1).</param>
    public static int Write(Span<byte> destination, Dlt645MeterAddress address, Dlt645Control control, ReadOnlySpan<byte> data, int wakeUpBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, MaxDataBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(wakeUpBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wakeUpBytes, MaxWakeUpBytes);
        destination[..wakeUpBytes].Fill(WakeUp);
        Span<byte> body = destination[wakeUpBytes..];
        body[0] = Start;
        address.Write(body[AddressAt..]);
        body[SecondStartAt] = Start;
        body[ControlAt] = control.Value;
        body[LengthAt] = (byte)data.Length;
        for (int i = 0; i < data.Length; i++)
        {
            body[DataAt + i] = unchecked((byte)(data[i] + Coding));
        }

        int checksumAt = DataAt + data.Length;
        body[checksumAt] = Sum(body[..checksumAt]);
        body[checksumAt + 1] = End;
        return wakeUpBytes + checksumAt + 2;
    }

    /// <summary>Takes the data field off the wire, -33h, and returns how many bytes it has.</summary>
    /// <param name="destination">Room for <see cref="MaxDataBytes"/>.</param>
    public int CopyData(Span<byte> destination)
    {
        for (int i = 0; i < CodedData.Length; i++)
        {
            destination[i] = unchecked((byte)(CodedData[i] - Coding));
        }

        return CodedData.Length;
    }

    /// <summary>The sum of all bytes from the first 68 on, modulo 256 (§5.2.6): wake-up bytes are not in it.</summary>
    private static byte Sum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte b in bytes)
        {
            sum = unchecked((byte)(sum + b));
        }

        return sum;
    }

    private static ScanStatus Malformed(string reason, int place, out string why, out int at)
    {
        why = reason;
        at = place;
        return ScanStatus.Malformed;
    }
}
