using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.Mqtt;

/// <summary>DISCONNECT, §3.14.</summary>
public sealed record MqttDisconnect(MqttReasonCode ReasonCode) : IMqttPacket
{
    public MqttProperties Properties { get; init; } = MqttProperties.None;

    MqttPacketType IMqttPacket.PacketType => MqttPacketType.Disconnect;

    byte IMqttPacket.Flags => 0;

    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MqttDisconnect? packet, out MqttFault fault)
    {
        packet = null;
        MqttFieldReader reader = new(body);

        // An empty body is a normal disconnection (§3.14.2.1).
        MqttReasonCode code = reader.Remaining > 0 ? reader.ReasonCode(MqttPacketType.Disconnect) : MqttReasonCode.Success;
        MqttProperties properties = reader.Remaining > 0
            ? MqttPropertiesReader.Read(ref reader, MqttPropertySet.Disconnect)
            : MqttProperties.None;
        if (!reader.Finish(out fault))
        {
            return false;
        }

        packet = new MqttDisconnect(code) { Properties = properties };
        return true;
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        bool plain = ReferenceEquals(Properties, MqttProperties.None);
        bool isShort = plain && ReasonCode == MqttReasonCode.Success;
        MqttPropertiesWriter.Refuse(writer.Version == MqttVersion.V311 && !isShort, "DISCONNECT", "with a reason code");
        if (isShort)
        {
            return;
        }

        writer.Byte((byte)ReasonCode);
        if (!plain)
        {
            MqttPropertiesWriter.Write(ref writer, Properties, MqttPropertySet.Disconnect);
        }
    }
}
