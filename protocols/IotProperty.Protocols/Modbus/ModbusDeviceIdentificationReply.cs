namespace IotProperty.Protocols.Modbus;

/// <summary>One object of a device's identification.</summary>
public readonly ref struct ModbusIdentificationObject(byte id, ReadOnlySpan<byte> value)
{
    public byte Id { get; } = id;

    /// <summary>ASCII, as the specification wants it; makers write what they like.</summary>
    public ReadOnlySpan<byte> Value { get; } = value;
}

/// <summary>
/// The reply of function 43, MEI type 14 (MODBUS Application Protocol V1.1b3, §6.21): one part of a device's identification. Enumerates its objects. Lives as
/// long as the bytes it was read from.
/// </summary>
public readonly ref struct ModbusDeviceIdentificationReply
{
    /// <summary>Function, MEI type, code, conformity, more follows, next object, number of objects.</summary>
    internal const int HeaderBytes = 7;

    internal const byte More = 0xFF;

    private readonly ReadOnlySpan<byte> _objects;

    private ModbusDeviceIdentificationReply(ReadOnlySpan<byte> pdu)
    {
        Code = (ModbusIdentificationCode)pdu[2];
        Conformity = pdu[3];
        MoreFollows = pdu[4] == More;
        NextObject = pdu[5];
        Count = pdu[6];
        _objects = pdu[HeaderBytes..];
    }

    public ModbusIdentificationCode Code { get; }

    public byte Conformity { get; }

    public bool MoreFollows { get; }

    /// <summary>Where the next part begins; 0 in the last one.</summary>
    public byte NextObject { get; }

    public int Count { get; }

    /// <param name="why">Why not; empty when the reply was read.</param>
    public static bool TryRead(ReadOnlySpan<byte> pdu, out ModbusDeviceIdentificationReply reply, out string why)
    {
        reply = default;
        why = "";
        if (pdu.Length < HeaderBytes)
        {
            why = "a device identification has seven bytes at least";
        }
        else if (pdu[0] != (byte)ModbusFunction.EncapsulatedInterface || pdu[1] != ModbusDeviceIdentity.MeiType)
        {
            why = "this is no device identification";
        }
        else if (pdu[4] is not (0 or More))
        {
            why = "whether more follows is neither 00 nor FF";
        }
        else if (ModbusPduLength.Of(pdu, ModbusDirection.Reply) != pdu.Length)
        {
            why = "the objects' lengths differ from the bytes that follow";
        }
        else
        {
            reply = new ModbusDeviceIdentificationReply(pdu);
        }

        return why.Length == 0;
    }

    public Enumerator GetEnumerator() => new(_objects);

    /// <summary>Walks the objects; their lengths were checked when the reply was read.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> rest)
    {
        private const int LengthAt = 1;
        private const int ValueAt = 2;

        private ReadOnlySpan<byte> _rest = rest;

        public ModbusIdentificationObject Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            int length = _rest[LengthAt];
            Current = new ModbusIdentificationObject(_rest[0], _rest.Slice(ValueAt, length));
            _rest = _rest[(ValueAt + length)..];
            return true;
        }
    }
}
