using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.Mqtt;

/// <summary>CONNACK, §3.2.</summary>
public sealed record MqttConnack(bool SessionPresent, MqttReasonCode ReasonCode) : IMqttPacket
{
    public MqttProperties Properties { get; init; } = MqttProperties.None;

    MqttPacketType IMqttPacket.PacketType => MqttPacketType.Connack;

    byte IMqttPacket.Flags => 0;

    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MqttConnack? packet, out MqttFault fault, MqttVersion version = MqttVersion.V5)
    {
        packet = null;
        MqttFieldReader reader = new(body, version);
        byte flags = reader.Byte();
        if (flags > 1)
        {
            reader.Fail(MqttFault.Malformed("reserved bits of the connect acknowledge flags are set [MQTT-3.2.2-1]"));
        }

        MqttReasonCode code = reader.ReasonCode(MqttPacketType.Connack);
        MqttProperties properties = MqttPropertiesReader.Read(ref reader, MqttPropertySet.Connack);
        if (flags == 1 && code != MqttReasonCode.Success)
        {
            reader.Fail(MqttFault.Protocol("Session Present with a failure [MQTT-3.2.2-6]"));
        }

        if (!reader.Finish(out fault))
        {
            return false;
        }

        packet = new MqttConnack(flags == 1, code) { Properties = properties };
        return true;
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        writer.Byte((byte)(SessionPresent ? 1 : 0));
        writer.Byte((byte)ReasonCode);
        MqttPropertiesWriter.Write(ref writer, Properties, MqttPropertySet.Connack);
    }
}
