using System.Collections.Immutable;

namespace IotProperty.Protocols.Mqtt;

internal static class MqttPropertiesReader
{
    /// <summary>Reads a property length and the properties. An identifier out of place is malformed, a repeated one a protocol error (§2.2.2.2). In MQTT 3.1.1 there are none.</summary>
    public static MqttProperties Read(ref MqttFieldReader reader, MqttPropertySet allowed)
    {
        if (reader.Version == MqttVersion.V311)
        {
            return MqttProperties.None;
        }

        int length = reader.VariableByteInteger();
        if (length == 0)
        {
            return MqttProperties.None;
        }

        MqttFieldReader part = reader.Part(length);
        if (!reader.Fault.IsNone)
        {
            return MqttProperties.None;
        }

        MqttProperties properties = new();
        ulong seen = 0;
        ImmutableArray<MqttUserProperty>.Builder? user = null;
        ImmutableArray<int>.Builder? subscriptionIdentifiers = null;
        while (part.Remaining > 0)
        {
            var id = (MqttPropertyId)part.VariableByteInteger();
            if (!CheckIdentifier(ref part, id, allowed, ref seen))
            {
                break;
            }

            switch (id)
            {
                case MqttPropertyId.UserProperty:
                    (user ??= ImmutableArray.CreateBuilder<MqttUserProperty>()).Add(new(part.Utf8String(), part.Utf8String()));
                    break;
                case MqttPropertyId.SubscriptionIdentifier:
                    (subscriptionIdentifiers ??= ImmutableArray.CreateBuilder<int>()).Add(NotZero(ref part, part.VariableByteInteger(), id));
                    break;
                default:
                    properties = ReadOne(ref part, id, properties);
                    break;
            }
        }

        if (!part.Fault.IsNone)
        {
            reader.Fail(part.Fault);
            return MqttProperties.None;
        }

        return user is null && subscriptionIdentifiers is null
            ? properties
            : properties with
            {
                UserProperties = user?.ToImmutable() ?? [],
                SubscriptionIdentifiers = subscriptionIdentifiers?.ToImmutable() ?? [],
            };
    }

    private static bool CheckIdentifier(ref MqttFieldReader part, MqttPropertyId id, MqttPropertySet allowed, ref ulong seen)
    {
        if ((int)id is < 1 or > 63 || !allowed.Holds(id))
        {
            part.Fail(MqttFault.Malformed($"property 0x{(int)id:X2} may not stand in {allowed.Place} (§2.2.2.2)"));
            return false;
        }

        ulong bit = MqttPropertySet.Bit(id);
        bool repeatable = id == MqttPropertyId.UserProperty
            || (id == MqttPropertyId.SubscriptionIdentifier && allowed == MqttPropertySet.Publish);
        if ((seen & bit) != 0 && !repeatable)
        {
            part.Fail(MqttFault.Protocol($"property {id} stands twice in {allowed.Place}"));
            return false;
        }

        seen |= bit;
        return part.Fault.IsNone;
    }

    private static MqttProperties ReadOne(ref MqttFieldReader part, MqttPropertyId id, MqttProperties properties) => id switch
    {
        MqttPropertyId.PayloadFormatIndicator => properties with { PayloadFormatIndicator = Flag(ref part, id) ? (byte)1 : (byte)0 },
        MqttPropertyId.MessageExpiryInterval => properties with { MessageExpiryIntervalSeconds = part.FourByteInteger() },
        MqttPropertyId.ContentType => properties with { ContentType = part.Utf8String() },
        MqttPropertyId.ResponseTopic => properties with { ResponseTopic = TopicName(ref part) },
        MqttPropertyId.CorrelationData => properties with { CorrelationData = part.BinaryData().ToArray() },
        MqttPropertyId.SessionExpiryInterval => properties with { SessionExpiryIntervalSeconds = part.FourByteInteger() },
        MqttPropertyId.AssignedClientIdentifier => properties with { AssignedClientIdentifier = part.Utf8String() },
        MqttPropertyId.ServerKeepAlive => properties with { ServerKeepAliveSeconds = part.TwoByteInteger() },
        MqttPropertyId.AuthenticationMethod => properties with { AuthenticationMethod = part.Utf8String() },
        MqttPropertyId.AuthenticationData => properties with { AuthenticationData = part.BinaryData().ToArray() },
        MqttPropertyId.RequestProblemInformation => properties with { RequestProblemInformation = Flag(ref part, id) },
        MqttPropertyId.WillDelayInterval => properties with { WillDelayIntervalSeconds = part.FourByteInteger() },
        MqttPropertyId.RequestResponseInformation => properties with { RequestResponseInformation = Flag(ref part, id) },
        MqttPropertyId.ResponseInformation => properties with { ResponseInformation = part.Utf8String() },
        MqttPropertyId.ServerReference => properties with { ServerReference = part.Utf8String() },
        MqttPropertyId.ReasonString => properties with { ReasonString = part.Utf8String() },
        MqttPropertyId.ReceiveMaximum => properties with { ReceiveMaximum = (ushort)NotZero(ref part, part.TwoByteInteger(), id) },
        MqttPropertyId.TopicAliasMaximum => properties with { TopicAliasMaximum = part.TwoByteInteger() },
        MqttPropertyId.TopicAlias => properties with { TopicAlias = TopicAlias(ref part) },
        MqttPropertyId.MaximumQos => properties with { MaximumQos = Flag(ref part, id) ? MqttQos.AtLeastOnce : MqttQos.AtMostOnce },
        MqttPropertyId.RetainAvailable => properties with { RetainAvailable = Flag(ref part, id) },
        MqttPropertyId.MaximumPacketSize => properties with { MaximumPacketSize = (uint)NotZero(ref part, part.FourByteInteger(), id) },
        MqttPropertyId.WildcardSubscriptionAvailable => properties with { WildcardSubscriptionAvailable = Flag(ref part, id) },
        MqttPropertyId.SubscriptionIdentifierAvailable => properties with { SubscriptionIdentifiersAvailable = Flag(ref part, id) },
        MqttPropertyId.SharedSubscriptionAvailable => properties with { SharedSubscriptionAvailable = Flag(ref part, id) },
        _ => throw new ArgumentOutOfRangeException(nameof(id), id, "a property without a reader"),
    };

    private static bool Flag(ref MqttFieldReader part, MqttPropertyId id)
    {
        byte value = part.Byte();
        if (value > 1)
        {
            part.Fail(MqttFault.Protocol($"property {id} is {value}, must be 0 or 1"));
        }

        return value == 1;
    }

    private static long NotZero(ref MqttFieldReader part, long value, MqttPropertyId id)
    {
        if (value == 0)
        {
            part.Fail(MqttFault.Protocol($"property {id} is 0"));
        }

        return value;
    }

    private static int NotZero(ref MqttFieldReader part, int value, MqttPropertyId id) => (int)NotZero(ref part, (long)value, id);

    private static ushort TopicAlias(ref MqttFieldReader part)
    {
        ushort value = part.TwoByteInteger();
        if (value == 0)
        {
            part.Fail(new MqttFault(MqttReasonCode.TopicAliasInvalid, "Topic Alias 0 is not permitted [MQTT-3.3.2-8]"));
        }

        return value;
    }

    private static string TopicName(ref MqttFieldReader part)
    {
        string topic = part.Utf8String();
        if (part.Fault.IsNone && !MqttTopic.IsValidName(topic))
        {
            part.Fail(MqttFault.Malformed("the Response Topic is empty or holds a wildcard [MQTT-3.3.2-14]"));
        }

        return topic;
    }
}
