using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.Mqtt;

/// <summary>What a server sends of its retained messages when a subscription is made, §3.8.3.1.</summary>
public enum MqttRetainHandling : byte
{
    SendAtSubscribe = 0,
    SendIfNew = 1,
    DoNotSend = 2,
}

/// <summary>One topic filter of a SUBSCRIBE with its options, §3.8.3.1.</summary>
public readonly record struct MqttSubscription(
    string Filter,
    MqttQos MaximumQos,
    bool NoLocal = false,
    bool RetainAsPublished = false,
    MqttRetainHandling RetainHandling = MqttRetainHandling.SendAtSubscribe);

/// <summary>SUBSCRIBE, §3.8.</summary>
public sealed record MqttSubscribe(ushort PacketId, ImmutableArray<MqttSubscription> Subscriptions) : IMqttPacket
{
    public MqttProperties Properties { get; init; } = MqttProperties.None;

    MqttPacketType IMqttPacket.PacketType => MqttPacketType.Subscribe;

    byte IMqttPacket.Flags => 2;

    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MqttSubscribe? packet, out MqttFault fault)
    {
        packet = null;
        MqttFieldReader reader = new(body);
        ushort packetId = reader.PacketId();
        MqttProperties properties = MqttPropertiesReader.Read(ref reader, MqttPropertySet.Subscribe);
        if (reader.Fault.IsNone && reader.Remaining == 0)
        {
            reader.Fail(MqttFault.Protocol("SUBSCRIBE without a topic filter [MQTT-3.8.3-2]"));
        }

        ImmutableArray<MqttSubscription>.Builder subscriptions = ImmutableArray.CreateBuilder<MqttSubscription>();
        while (reader.Remaining > 0)
        {
            subscriptions.Add(ReadSubscription(ref reader));
        }

        if (!reader.Finish(out fault))
        {
            return false;
        }

        packet = new MqttSubscribe(packetId, subscriptions.ToImmutable()) { Properties = properties };
        return true;
    }

    private static MqttSubscription ReadSubscription(ref MqttFieldReader reader)
    {
        string filter = reader.Utf8String();
        byte options = reader.Byte();
        if (!reader.Fault.IsNone)
        {
            return default;
        }

        bool noLocal = (options & 4) != 0;
        if (!MqttTopic.IsValidFilter(filter))
        {
            reader.Fail(MqttFault.Malformed("a topic filter is empty or places a wildcard wrongly [MQTT-4.7.1-1, MQTT-4.7.3-1]"));
        }
        else if ((options & 0xC0) != 0)
        {
            reader.Fail(MqttFault.Malformed("reserved bits of the subscription options are set [MQTT-3.8.3-5]"));
        }
        else if ((options & 3) == 3)
        {
            reader.Fail(MqttFault.Protocol("the subscription asks for QoS 3 (§3.8.3.1)"));
        }
        else if ((options & 0x30) == 0x30)
        {
            reader.Fail(MqttFault.Protocol("Retain Handling 3 does not exist (§3.8.3.1)"));
        }
        else if (noLocal && MqttTopic.IsShared(filter))
        {
            reader.Fail(MqttFault.Protocol("No Local on a shared subscription [MQTT-3.8.3-4]"));
        }

        return new MqttSubscription(filter, (MqttQos)(options & 3), noLocal, (options & 8) != 0, (MqttRetainHandling)((options >> 4) & 3));
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        writer.TwoByteInteger(PacketId);
        MqttPropertiesWriter.Write(ref writer, Properties, MqttPropertySet.Subscribe);
        foreach (MqttSubscription subscription in Subscriptions)
        {
            MqttPropertiesWriter.Refuse(
                writer.Version == MqttVersion.V311 && subscription != new MqttSubscription(subscription.Filter, subscription.MaximumQos), "SUBSCRIBE", "with options beside the QoS");
            writer.Utf8String(subscription.Filter);
            writer.Byte((byte)((byte)subscription.MaximumQos
                | (subscription.NoLocal ? 4 : 0)
                | (subscription.RetainAsPublished ? 8 : 0)
                | ((byte)subscription.RetainHandling << 4)));
        }
    }
}
