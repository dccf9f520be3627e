namespace IotProperty.Protocols.Mqtt;

/// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP, which share one shape (§3.4 to §3.7).</summary>
public readonly record struct MqttAcknowledgement(MqttPacketType Type, ushort PacketId, MqttReasonCode ReasonCode, MqttProperties Properties) : IMqttPacket
{
    MqttPacketType IMqttPacket.PacketType => Type;

    byte IMqttPacket.Flags => Type == MqttPacketType.Pubrel ? (byte)2 : (byte)0;

    public static bool TryRead(MqttPacketType type, ReadOnlyMemory<byte> body, out MqttAcknowledgement packet, out MqttFault fault, MqttVersion version = MqttVersion.V5)
    {
        MqttFieldReader reader = new(body, version);
        ushort packetId = reader.PacketId();

        // In MQTT 3.1.1 there is nothing behind the identifier (§3.4.2 there), and what stands there is left over.
        bool isLong = version != MqttVersion.V311 && reader.Remaining > 0;

        // Without a reason code it is success; without a property length there are no properties (§3.4.2.1, §3.4.2.2.1).
        MqttReasonCode code = isLong ? reader.ReasonCode(type) : MqttReasonCode.Success;
        MqttProperties properties = isLong && reader.Remaining > 0
            ? MqttPropertiesReader.Read(ref reader, MqttPropertySet.Acknowledgement)
            : MqttProperties.None;
        packet = new MqttAcknowledgement(type, packetId, code, properties);
        return reader.Finish(out fault);
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        bool plain = ReferenceEquals(Properties, MqttProperties.None);
        writer.TwoByteInteger(PacketId);
        bool isShort = plain && ReasonCode == MqttReasonCode.Success;
        MqttPropertiesWriter.Refuse(writer.Version == MqttVersion.V311 && !isShort, "acknowledgement", "with a reason code");
        if (isShort)
        {
            return;
        }

        writer.Byte((byte)ReasonCode);
        if (!plain)
        {
            MqttPropertiesWriter.Write(ref writer, Properties, MqttPropertySet.Acknowledgement);
        }
    }
}
