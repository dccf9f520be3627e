using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.Mqtt;

/// <summary>UNSUBSCRIBE, §3.10.</summary>
public sealed record MqttUnsubscribe(ushort PacketId, ImmutableArray<string> Filters) : IMqttPacket
{
    public MqttProperties Properties { get; init; } = MqttProperties.None;

    MqttPacketType IMqttPacket.PacketType => MqttPacketType.Unsubscribe;

    byte IMqttPacket.Flags => 2;

    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MqttUnsubscribe? packet, out MqttFault fault)
    {
        packet = null;
        MqttFieldReader reader = new(body);
        ushort packetId = reader.PacketId();
        MqttProperties properties = MqttPropertiesReader.Read(ref reader, MqttPropertySet.Unsubscribe);
        if (reader.Fault.IsNone && reader.Remaining == 0)
        {
            reader.Fail(MqttFault.Protocol("UNSUBSCRIBE without a topic filter [MQTT-3.10.3-2]"));
        }

        ImmutableArray<string>.Builder filters = ImmutableArray.CreateBuilder<string>();
        while (reader.Remaining > 0)
        {
            string filter = reader.Utf8String();
            if (reader.Fault.IsNone && !MqttTopic.IsValidFilter(filter))
            {
                reader.Fail(MqttFault.Malformed("a topic filter is empty or places a wildcard wrongly [MQTT-4.7.1-1, MQTT-4.7.3-1]"));
            }

            filters.Add(filter);
        }

        if (!reader.Finish(out fault))
        {
            return false;
        }

        packet = new MqttUnsubscribe(packetId, filters.ToImmutable()) { Properties = properties };
        return true;
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        writer.TwoByteInteger(PacketId);
        MqttPropertiesWriter.Write(ref writer, Properties, MqttPropertySet.Unsubscribe);
        foreach (string filter in Filters)
        {
            writer.Utf8String(filter);
        }
    }
}
