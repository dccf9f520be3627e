using System.Buffers.Binary;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// One ADU of Modbus RTU: unit, PDU, CRC; 4 to 256 bytes (MODBUS over Serial Line V1.02, §2.5.1). Serves RTU over TCP as well, which has the same
/// bytes. Lives as long as the bytes it was read from.
/// </summary>
public readonly ref struct ModbusRtuFrame
{
    public const int MaxBytes = 256;

    /// <summary>Unit, function and CRC.</summary>
    public const int MinBytes = 4;

    private const int UnitBytes = 1;

    public byte Unit { get; private init; }

    public ReadOnlySpan<byte> Pdu { get; private init; }

    /// <summary>How many bytes the whole ADU takes.</summary>
    public int Length => UnitBytes + Pdu.Length + ModbusCrc.Bytes;

    /// <summary>Looks for one ADU at the start of <paramref name="bytes"/>.</summary>
    /// <param name="why">Why the bytes can never become an ADU; empty otherwise.</param>
    public static ScanStatus Scan(ReadOnlySpan<byte> bytes, ModbusDirection direction, out ModbusRtuFrame frame, out string why)
    {
        frame = default;
        why = "";
        if (bytes.Length <= UnitBytes)
        {
            return ScanStatus.NeedMore;
        }

        int pduBytes = ModbusPduLength.Of(bytes[UnitBytes..], direction);
        if (pduBytes == ModbusPduLength.UnknownFunction)
        {
            why = "no such function, so no known length";
            return ScanStatus.Malformed;
        }

        if (pduBytes == ModbusPduLength.NotYetKnown)
        {
            return ScanStatus.NeedMore;
        }

        int total = UnitBytes + pduBytes + ModbusCrc.Bytes;
        if (total > MaxBytes)
        {
            why = "longer than 256 bytes";
            return ScanStatus.Malformed;
        }

        if (bytes.Length < total)
        {
            return ScanStatus.NeedMore;
        }

        ushort said = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(total - ModbusCrc.Bytes)..]);
        if (said != ModbusCrc.Compute(bytes[..(total - ModbusCrc.Bytes)]))
        {
            why = "the CRC is wrong";
            return ScanStatus.Malformed;
        }

        frame = new() { Unit = bytes[0], Pdu = bytes.Slice(UnitBytes, pduBytes) };
        return ScanStatus.Done;
    }

    /// <summary>
    /// Looks for the first whole ADU anywhere in <paramref name="bytes"/>, past noise and broken frames.
    /// </summary>
    /// <param name="silent">Whether the line has fallen silent behind these bytes: then a frame that would need more is noise, too.</param>
    /// <param name="start">
    /// How many bytes in front can be dropped for good: everything before the frame found, or before the first byte that may still begin one.
    /// </param>
    /// <returns>Done, or NeedMore when no whole frame is there; never malformed.</returns>
    public static ScanStatus Seek(ReadOnlySpan<byte> bytes, ModbusDirection direction, bool silent, out int start, out ModbusRtuFrame frame)
    {
        for (start = 0; start < bytes.Length; start++)
        {
            ScanStatus status = Scan(bytes[start..], direction, out frame, out _);
            if (status == ScanStatus.Done || (status == ScanStatus.NeedMore && !silent))
            {
                return status;
            }
        }

        frame = default;
        return ScanStatus.NeedMore;
    }

    /// <summary>Whether <paramref name="adu"/> as a whole ends with its own CRC and has an ADU's length.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> adu) =>
        adu.Length is >= MinBytes and <= MaxBytes
        && BinaryPrimitives.ReadUInt16LittleEndian(adu[^ModbusCrc.Bytes..]) == ModbusCrc.Compute(adu[..^ModbusCrc.Bytes]);

    /// <summary>Writes unit and CRC around a PDU that already lies at offset 1, and returns the length of the ADU.</summary>
    public static int Seal(Span<byte> adu, byte unit, int pduBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pduBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pduBytes, ModbusLimits.MaxPduBytes);
        adu[0] = unit;
        int crcAt = UnitBytes + pduBytes;
        BinaryPrimitives.WriteUInt16LittleEndian(adu[crcAt..], ModbusCrc.Compute(adu[..crcAt]));
        return crcAt + ModbusCrc.Bytes;
    }
}
