using System.Buffers.Binary;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// One ADU of Modbus TCP: the 7-byte MBAP header (transaction, protocol 0, length of what follows, unit) and the PDU
/// (MODBUS Messaging on TCP/IP V1.0b, §3.1.3). Lives as long as the bytes it was read from.
/// </summary>
public readonly ref struct ModbusTcpFrame
{
    public const int HeaderBytes = 7;

    public const int MaxBytes = HeaderBytes + ModbusLimits.MaxPduBytes;

    // The length field counts the unit and the PDU.
    private const int LengthOffset = 4;
    private const int BytesBeforeLengthCounts = 6;
    private const int MinLength = 2;
    private const int MaxLength = 1 + ModbusLimits.MaxPduBytes;

    /// <summary>Chosen by the master, repeated by the server.</summary>
    public ushort Transaction { get; private init; }

    public byte Unit { get; private init; }

    public ReadOnlySpan<byte> Pdu { get; private init; }

    /// <summary>How many bytes the whole ADU takes.</summary>
    public int Length => HeaderBytes + Pdu.Length;

    /// <summary>Looks for one ADU at the start of <paramref name="bytes"/>; a wrong header is seen as soon as its field has arrived.</summary>
    /// <param name="why">Why the bytes can never become an ADU; empty otherwise.</param>
    public static ScanStatus Scan(ReadOnlySpan<byte> bytes, out ModbusTcpFrame frame, out string why)
    {
        frame = default;
        why = "";
        if ((bytes.Length > 2 && bytes[2] != 0) || (bytes.Length > 3 && bytes[3] != 0))
        {
            why = "the protocol identifier is not 0: this is no Modbus TCP, perhaps RTU without its gateway";
            return ScanStatus.Malformed;
        }

        if (bytes.Length > LengthOffset && bytes[LengthOffset] != 0)
        {
            why = "the MBAP length is over 254";
            return ScanStatus.Malformed;
        }

        if (bytes.Length < BytesBeforeLengthCounts)
        {
            return ScanStatus.NeedMore;
        }

        int length = bytes[LengthOffset + 1];
        if (length is < MinLength or > MaxLength)
        {
            why = length < MinLength ? "the MBAP length is under 2: no function code" : "the MBAP length is over 254";
            return ScanStatus.Malformed;
        }

        int total = BytesBeforeLengthCounts + length;
        if (bytes.Length < total)
        {
            return ScanStatus.NeedMore;
        }

        frame = new()
        {
            Transaction = BinaryPrimitives.ReadUInt16BigEndian(bytes),
            Unit = bytes[6],
            Pdu = bytes[HeaderBytes..total],
        };
        return ScanStatus.Done;
    }

    /// <summary>Writes the header in front of a PDU that already lies at offset 7, and returns the length of the ADU.</summary>
    public static int WriteHeader(Span<byte> adu, ushort transaction, byte unit, int pduBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pduBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pduBytes, ModbusLimits.MaxPduBytes);
        BinaryPrimitives.WriteUInt16BigEndian(adu, transaction);
        BinaryPrimitives.WriteUInt16BigEndian(adu[2..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(adu[LengthOffset..], (ushort)(pduBytes + 1));
        adu[6] = unit;
        return HeaderBytes + pduBytes;
    }
}
