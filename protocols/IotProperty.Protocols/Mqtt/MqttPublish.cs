namespace IotProperty.Protocols.Mqtt;

/// <summary>PUBLISH, §3.3.</summary>
/// <param name="Topic">Empty only together with a Topic Alias.</param>
/// <param name="Payload">When read, part of the buffer that was read from: copy it before that buffer is used again.</param>
/// <param name="Qos">Delivery promise.</param>
/// <param name="Retain">§3.3.1.3.</param>
/// <param name="Duplicate">Whether this is a repeated delivery of the same packet identifier.</param>
/// <param name="PacketId">0 at QoS 0, otherwise 1 to 65535.</param>
/// <param name="Properties">Never null in a packet that was read.</param>
public readonly record struct MqttPublish(
    string Topic, ReadOnlyMemory<byte> Payload, MqttQos Qos, bool Retain, bool Duplicate, ushort PacketId, MqttProperties Properties) : IMqttPacket
{
    MqttPacketType IMqttPacket.PacketType => MqttPacketType.Publish;

    byte IMqttPacket.Flags => (byte)((Duplicate ? 8 : 0) | ((byte)Qos << 1) | (Retain ? 1 : 0));

    public static bool TryRead(in MqttFixedHeader header, ReadOnlyMemory<byte> body, out MqttPublish packet, out MqttFault fault, MqttVersion version = MqttVersion.V5)
    {
        var qos = (MqttQos)((header.Flags >> 1) & 3);
        MqttFieldReader reader = new(body, version);
        string topic = reader.Utf8String();
        ushort packetId = qos == MqttQos.AtMostOnce ? (ushort)0 : reader.PacketId();
        MqttProperties properties = MqttPropertiesReader.Read(ref reader, MqttPropertySet.Publish);
        if (reader.Fault.IsNone)
        {
            CheckTopic(ref reader, topic, properties);
        }

        ReadOnlyMemory<byte> payload = reader.Rest();
        packet = new MqttPublish(topic, payload, qos, (header.Flags & 1) != 0, (header.Flags & 8) != 0, packetId, properties);
        return reader.Finish(out fault);
    }

    private static void CheckTopic(ref MqttFieldReader reader, string topic, MqttProperties properties)
    {
        if (topic.Length == 0)
        {
            if (properties.TopicAlias is null)
            {
                reader.Fail(MqttFault.Protocol("an empty topic name without a Topic Alias (§3.3.2.1) [MQTT-4.7.3-1]"));
            }
        }
        else if (!MqttTopic.IsValidName(topic))
        {
            reader.Fail(MqttFault.Malformed("the topic name holds a wildcard [MQTT-3.3.2-2]"));
        }
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        writer.Utf8String(Topic);
        if (Qos != MqttQos.AtMostOnce)
        {
            writer.TwoByteInteger(PacketId);
        }

        MqttPropertiesWriter.Write(ref writer, Properties, MqttPropertySet.Publish);
        writer.Bytes(Payload.Span);
    }
}
