using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Mqtt;

/// <summary>
/// Reads the data representations of §1.5 one after the other. The first mistake is kept; after it every read yields a default value, so a packet
/// is read in a straight line and asked once at the end.
/// </summary>
internal ref struct MqttFieldReader(ReadOnlyMemory<byte> body, MqttVersion version = MqttVersion.V5)
{
    private readonly ReadOnlyMemory<byte> _body = body;
    private readonly ReadOnlySpan<byte> _bytes = body.Span;
    private int _at;

    /// <summary>Of the connection that the packet came on.</summary>
    public MqttVersion Version { get; } = version;

    public MqttFault Fault { get; private set; } = MqttFault.None;

    public readonly int Remaining => _bytes.Length - _at;

    public void Fail(MqttFault fault)
    {
        if (Fault.IsNone)
        {
            Fault = fault;
        }

        _at = _bytes.Length;
    }

    /// <summary>Ends a packet: what is left over makes it malformed.</summary>
    public bool Finish(out MqttFault fault)
    {
        if (Remaining > 0)
        {
            Fail(MqttFault.Malformed($"{Remaining} bytes are left over at the end of the packet"));
        }

        fault = Fault;
        return fault.IsNone;
    }

    public byte Byte() => Need(1) ? _bytes[_at++] : (byte)0;

    public ushort TwoByteInteger()
    {
        if (!Need(2))
        {
            return 0;
        }

        ushort value = BinaryPrimitives.ReadUInt16BigEndian(_bytes[_at..]);
        _at += 2;
        return value;
    }

    public uint FourByteInteger()
    {
        if (!Need(4))
        {
            return 0;
        }

        uint value = BinaryPrimitives.ReadUInt32BigEndian(_bytes[_at..]);
        _at += 4;
        return value;
    }

    public int VariableByteInteger()
    {
        ScanStatus status = MqttVariableByteInteger.Read(_bytes[_at..], out int value, out int size);
        if (status != ScanStatus.Done)
        {
            Fail(MqttFault.Malformed("a Variable Byte Integer is cut off, too long or not in its shortest form [MQTT-1.5.5-1]"));
            return 0;
        }

        _at += size;
        return value;
    }

    public ReadOnlyMemory<byte> BinaryData()
    {
        int length = TwoByteInteger();
        return Bytes(length);
    }

    public string Utf8String()
    {
        ReadOnlySpan<byte> bytes = BinaryData().Span;
        if (!Utf8.IsValid(bytes))
        {
            Fail(MqttFault.Malformed("a string is not well-formed UTF-8 [MQTT-1.5.4-1]"));
            return "";
        }

        if (bytes.Contains((byte)0))
        {
            Fail(MqttFault.Malformed("a string holds U+0000 [MQTT-1.5.4-2]"));
            return "";
        }

        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>A packet identifier, which is never 0 (§2.2.1).</summary>
    public ushort PacketId()
    {
        ushort id = TwoByteInteger();
        if (id == 0)
        {
            Fail(MqttFault.Protocol("the packet identifier is 0 [MQTT-2.2.1-3]"));
        }

        return id;
    }

    public MqttReasonCode ReasonCode(MqttPacketType type)
    {
        byte value = Byte();
        if (Version == MqttVersion.V311)
        {
            return ReturnCode(type, value);
        }

        var code = (MqttReasonCode)value;
        if (Fault.IsNone && !MqttReasonCodes.IsAllowed(type, code))
        {
            Fail(MqttFault.Protocol($"{type} carries reason code 0x{(byte)code:X2}, which it may not"));
        }

        return code;
    }

    /// <summary>A return code of MQTT 3.1.1, told as the reason code of the same meaning.</summary>
    private MqttReasonCode ReturnCode(MqttPacketType type, byte value)
    {
        if (!MqttReasonCodes.TryFromReturnCode(type, value, out MqttReasonCode code))
        {
            Fail(MqttFault.Protocol($"{type} carries return code {value}, which MQTT 3.1.1 reserves (§3.2.2.3, §3.9.3)"));
        }

        return code;
    }

    /// <summary>The rest of the packet.</summary>
    public ReadOnlyMemory<byte> Rest() => Bytes(Remaining);

    /// <summary>The next <paramref name="length"/> bytes as a reader of their own.</summary>
    public MqttFieldReader Part(int length) => new(Bytes(length));

    private ReadOnlyMemory<byte> Bytes(int length)
    {
        if (!Need(length))
        {
            return default;
        }

        ReadOnlyMemory<byte> bytes = _body.Slice(_at, length);
        _at += length;
        return bytes;
    }

    private bool Need(int count)
    {
        if (Remaining >= count)
        {
            return Fault.IsNone;
        }

        Fail(MqttFault.Malformed("the packet ends inside a field"));
        return false;
    }
}
