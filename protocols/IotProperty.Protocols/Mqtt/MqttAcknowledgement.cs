namespace IotProperty.Protocols.Mqtt;

/// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP, which share one shape (§3.4 to §3.7).</summary>
public readonly record struct MqttAcknowledgement(MqttPacketType Type, ushort PacketId, MqttReasonCode ReasonCode, MqttProperties Properties) : IMqttPacket
{
    MqttPacketType IMqttPacket.PacketType => Type;

    byte IMqttPacket.Flags => Type == MqttPacketType.Pubrel ? (byte)2 : (byte)0;

    public static bool TryRead(MqttPacketType type, ReadOnlyMemory<byte> body, out MqttAcknowledgement packet, out MqttFault fault)
    {
        MqttFieldReader reader = new(body);
        ushort packetId = reader.PacketId();

        // Without a reason code it is success; without a property length there are no properties (§3.4.2.1, §3.4.2.2.1).
        MqttReasonCode code = reader.Remaining > 0 ? reader.ReasonCode(type) : MqttReasonCode.Success;
        MqttProperties properties = reader.Remaining > 0
            ? MqttPropertiesReader.Read(ref reader, MqttPropertySet.Acknowledgement)
            : MqttProperties.None;
        packet = new MqttAcknowledgement(type, packetId, code, properties);
        return reader.Finish(out fault);
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        bool plain = ReferenceEquals(Properties, MqttProperties.None);
        writer.TwoByteInteger(PacketId);
        if (plain && ReasonCode == MqttReasonCode.Success)
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
