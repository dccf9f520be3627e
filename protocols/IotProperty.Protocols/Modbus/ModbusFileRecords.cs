using System.Buffers.Binary;

namespace IotProperty.Protocols.Modbus;

/// <summary>One group of a file request or reply.</summary>
public readonly ref struct ModbusFileRecord
{
    /// <summary>1 to 65535; 0 in the reply of function 20, which does not repeat it.</summary>
    public ushort File { get; init; }

    /// <summary>The first record, 0 to 9999; 0 in the reply of function 20.</summary>
    public ushort Record { get; init; }

    /// <summary>How many registers.</summary>
    public ushort Length { get; init; }

    /// <summary>The registers as they are on the wire; empty in the request of function 20.</summary>
    public ReadOnlySpan<byte> Data { get; init; }
}

/// <summary>
/// Functions 20 and 21, read and write file record (MODBUS Application Protocol V1.1b3, §6.14 and §6.15). Enumerates the groups. Lives as long as the bytes it
/// was read from.
/// </summary>
public readonly ref struct ModbusFileRecords
{
    /// <summary>The only reference type there is.</summary>
    private const byte ReferenceType = 6;

    private const int HeaderBytes = 2;

    private readonly ReadOnlySpan<byte> _groups;
    private readonly GroupKind _kind;

    private ModbusFileRecords(ReadOnlySpan<byte> groups, GroupKind kind)
    {
        _groups = groups;
        _kind = kind;
    }

    private enum GroupKind : byte
    {
        /// <summary>Reference type, file, record, length.</summary>
        Request,

        /// <summary>Length in bytes, reference type, registers.</summary>
        ReadReply,

        /// <summary>As the request, and the registers.</summary>
        Write,
    }

    /// <param name="why">Why not; empty when the PDU was read.</param>
    public static bool TryRead(ReadOnlySpan<byte> pdu, ModbusDirection direction, out ModbusFileRecords records, out string why)
    {
        records = default;
        why = "";
        if (pdu.Length < HeaderBytes || (ModbusFunction)pdu[0] is not (ModbusFunction.ReadFileRecord or ModbusFunction.WriteFileRecord))
        {
            why = "this is no file record function";
            return false;
        }

        if (pdu[1] != pdu.Length - HeaderBytes)
        {
            why = "the byte count differs from the bytes that follow it";
            return false;
        }

        GroupKind kind = (ModbusFunction)pdu[0] == ModbusFunction.WriteFileRecord ? GroupKind.Write
            : direction == ModbusDirection.Request ? GroupKind.Request : GroupKind.ReadReply;
        ReadOnlySpan<byte> rest = pdu[HeaderBytes..];
        while (!rest.IsEmpty)
        {
            int length = GroupLength(rest, kind);
            if (length == 0 || length > rest.Length)
            {
                why = "a group of the file records does not fit its own length or reference type";
                return false;
            }

            rest = rest[length..];
        }

        records = new ModbusFileRecords(pdu[HeaderBytes..], kind);
        return true;
    }

    public Enumerator GetEnumerator() => new(_groups, (byte)_kind);

    /// <summary>The length of the first group in bytes; 0 when it can be none.</summary>
    private static int GroupLength(ReadOnlySpan<byte> rest, GroupKind kind)
    {
        const int describedBytes = 7;
        if (kind == GroupKind.ReadReply)
        {
            // The length counts the reference type and the registers.
            return rest.Length >= 2 && rest[0] % 2 == 1 && rest[1] == ReferenceType ? 1 + rest[0] : 0;
        }

        if (rest.Length < describedBytes || rest[0] != ReferenceType)
        {
            return 0;
        }

        return kind == GroupKind.Request ? describedBytes : describedBytes + (BinaryPrimitives.ReadUInt16BigEndian(rest[5..]) * 2);
    }

    /// <summary>Walks the groups; their lengths were checked when they were read.</summary>
    public ref struct Enumerator
    {
        private readonly GroupKind _kind;
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> groups, byte kind)
        {
            _rest = groups;
            _kind = (GroupKind)kind;
        }

        public ModbusFileRecord Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            int length = GroupLength(_rest, _kind);
            ReadOnlySpan<byte> group = _rest[..length];
            _rest = _rest[length..];
            Current = _kind == GroupKind.ReadReply
                ? new ModbusFileRecord { Length = (ushort)((length - 2) / 2), Data = group[2..] }
                : new ModbusFileRecord
                {
                    File = BinaryPrimitives.ReadUInt16BigEndian(group[1..]),
                    Record = BinaryPrimitives.ReadUInt16BigEndian(group[3..]),
                    Length = BinaryPrimitives.ReadUInt16BigEndian(group[5..]),
                    Data = group[7..],
                };
            return true;
        }
    }
}
