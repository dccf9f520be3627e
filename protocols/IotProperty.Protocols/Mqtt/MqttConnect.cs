using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.Mqtt;

/// <summary>The will of a CONNECT, §3.1.2.5 and §3.1.3.2 to 3.1.3.4.</summary>
public sealed record MqttWill(string Topic, ReadOnlyMemory<byte> Payload, MqttQos Qos, bool Retain)
{
    public MqttProperties Properties { get; init; } = MqttProperties.None;
}

/// <summary>CONNECT, §3.1.</summary>
/// <param name="ClientId">May be empty: the server then assigns one or refuses (§3.1.3.1).</param>
/// <param name="CleanStart">Whether an existing session is thrown away.</param>
/// <param name="KeepAliveSeconds">0 turns keep-alive off.</param>
public sealed record MqttConnect(string ClientId, bool CleanStart, ushort KeepAliveSeconds) : IMqttPacket
{
    /// <summary>What <see cref="TryRead"/> reads, §3.1.2.2.</summary>
    public const byte ProtocolVersion = (byte)MqttVersion.V5;

    private const byte CleanStartFlag = 0x02;
    private const byte WillFlag = 0x04;
    private const byte WillRetainFlag = 0x20;
    private const byte PasswordFlag = 0x40;
    private const byte UserNameFlag = 0x80;

    public string? UserName { get; init; }

    /// <summary>Never logged.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    public MqttWill? Will { get; init; }

    public MqttProperties Properties { get; init; } = MqttProperties.None;

    MqttPacketType IMqttPacket.PacketType => MqttPacketType.Connect;

    byte IMqttPacket.Flags => 0;

    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MqttConnect? packet, out MqttFault fault)
    {
        packet = null;
        MqttFieldReader reader = new(body);
        byte flags = ReadProtocolAndFlags(ref reader);
        ushort keepAlive = reader.TwoByteInteger();
        MqttProperties properties = MqttPropertiesReader.Read(ref reader, MqttPropertySet.Connect);
        string clientId = reader.Utf8String();
        MqttWill? will = (flags & WillFlag) != 0 ? ReadWill(ref reader, flags) : null;
        string? userName = (flags & UserNameFlag) != 0 ? reader.Utf8String() : null;
        ReadOnlyMemory<byte>? password = (flags & PasswordFlag) != 0 ? (ReadOnlyMemory<byte>?)reader.BinaryData().ToArray() : null;
        if (properties.AuthenticationData is not null && properties.AuthenticationMethod is null)
        {
            reader.Fail(MqttFault.Protocol("Authentication Data without Authentication Method (§3.1.2.11.10)"));
        }

        if (!reader.Finish(out fault))
        {
            return false;
        }

        packet = new MqttConnect(clientId, (flags & CleanStartFlag) != 0, keepAlive)
        {
            UserName = userName,
            Password = password,
            Will = will,
            Properties = properties,
        };
        return true;
    }

    private static byte ReadProtocolAndFlags(ref MqttFieldReader reader)
    {
        ReadOnlySpan<byte> name = reader.BinaryData().Span;
        if (reader.Fault.IsNone && !name.SequenceEqual("MQTT"u8))
        {
            reader.Fail(new MqttFault(MqttReasonCode.UnsupportedProtocolVersion, "the protocol name is not MQTT [MQTT-3.1.2-1]"));
        }

        byte version = reader.Byte();
        if (reader.Fault.IsNone && version != ProtocolVersion)
        {
            reader.Fail(new MqttFault(MqttReasonCode.UnsupportedProtocolVersion, $"protocol version {version} is not 5 [MQTT-3.1.2-2]"));
        }

        byte flags = reader.Byte();
        int willQos = (flags >> 3) & 3;
        if ((flags & 1) != 0)
        {
            reader.Fail(MqttFault.Malformed("the reserved bit of the connect flags is set [MQTT-3.1.2-3]"));
        }
        else if (willQos == 3)
        {
            reader.Fail(MqttFault.Malformed("the will has QoS 3 [MQTT-3.1.2-12]"));
        }
        else if ((flags & WillFlag) == 0 && (willQos != 0 || (flags & WillRetainFlag) != 0))
        {
            reader.Fail(MqttFault.Malformed("will QoS or will retain without a will [MQTT-3.1.2-11, MQTT-3.1.2-13]"));
        }

        return flags;
    }

    private static MqttWill ReadWill(ref MqttFieldReader reader, byte flags)
    {
        MqttProperties properties = MqttPropertiesReader.Read(ref reader, MqttPropertySet.Will);
        string topic = reader.Utf8String();
        if (reader.Fault.IsNone && !MqttTopic.IsValidName(topic))
        {
            reader.Fail(MqttFault.Malformed("the will topic is empty or holds a wildcard [MQTT-4.7.3-1]"));
        }

        return new MqttWill(topic, reader.BinaryData().ToArray(), (MqttQos)((flags >> 3) & 3), (flags & WillRetainFlag) != 0) { Properties = properties };
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        int flags = (CleanStart ? CleanStartFlag : 0) | (UserName is null ? 0 : UserNameFlag) | (Password is null ? 0 : PasswordFlag);
        if (Will is not null)
        {
            flags |= WillFlag | ((byte)Will.Qos << 3) | (Will.Retain ? WillRetainFlag : 0);
        }

        MqttPropertiesWriter.Refuse(writer.Version == MqttVersion.V311 && UserName is null && Password is not null, "CONNECT", "with a password and no user name [MQTT-3.1.2-22]");
        writer.BinaryData("MQTT"u8);
        writer.Byte((byte)writer.Version);
        writer.Byte((byte)flags);
        writer.TwoByteInteger(KeepAliveSeconds);
        MqttPropertiesWriter.Write(ref writer, Properties, MqttPropertySet.Connect);
        writer.Utf8String(ClientId);
        if (Will is not null)
        {
            MqttPropertiesWriter.Write(ref writer, Will.Properties, MqttPropertySet.Will);
            writer.Utf8String(Will.Topic);
            writer.BinaryData(Will.Payload.Span);
        }

        if (UserName is not null)
        {
            writer.Utf8String(UserName);
        }

        if (Password is { } password)
        {
            writer.BinaryData(password.Span);
        }
    }
}
