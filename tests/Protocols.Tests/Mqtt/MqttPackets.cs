using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Protocols.Tests.Mqtt;

/// <summary>Any packet that our side could write, of all fifteen types, with any of the properties that it may carry.</summary>
internal static class MqttPackets
{
    private static readonly Gen<string> Text = Gen.Elements("", "a", "灯塔", "iotp/v1/riverside/state", "€ \uFEFF", new string('x', 200));
    private static readonly Gen<string> Topic = Gen.Elements("a", "a/b", "/", "iotp/v1/riverside/up/event", "灯/塔", "$SYS/x");
    private static readonly Gen<string> Filter = Gen.Elements("a", "+", "#", "a/+/b", "a/#", "$share/hub/iotp/v1/+/up/+");
    private static readonly Gen<ReadOnlyMemory<byte>> Bytes =
        ArbMap.Default.GeneratorFor<byte[]>().Select(b => (ReadOnlyMemory<byte>)(b ?? []));

    private static readonly Gen<ushort> PacketId = Gen.Choose(1, 65535).Select(i => (ushort)i);
    private static readonly Gen<uint> Four = Gen.Elements(0u, 1u, 3600u, uint.MaxValue);
    private static readonly Gen<ushort> Two = Gen.Elements((ushort)1, (ushort)20, ushort.MaxValue);
    private static readonly Gen<bool> Flag = Gen.Elements(true, false);
    private static readonly Gen<MqttQos> Qos = Gen.Elements(MqttQos.AtMostOnce, MqttQos.AtLeastOnce, MqttQos.ExactlyOnce);

    private static readonly Gen<ImmutableArray<MqttUserProperty>> User =
        Text.SelectMany(_ => Text, (name, value) => new MqttUserProperty(name, value)).ArrayOf().Resize(3).Select(a => a.ToImmutableArray());

    public static Gen<IMqttPacket> Any { get; } = Gen.OneOf(
        Connect(), Connack(), Publish(), Acknowledgement(), Subscribe(), Unsubscribe(), Suback(), Ping(), Disconnect(), Auth());

    private static Gen<T?> Maybe<T>(Gen<T> gen)
        where T : struct => Gen.OneOf(Gen.Constant<T?>(null), gen.Select(v => (T?)v));

    private static Gen<string?> MaybeText(Gen<string> gen) => Gen.OneOf(Gen.Constant<string?>(null), gen.Select(v => (string?)v));

    private static Gen<IMqttPacket> Connect() =>
        from clientId in Text
        from cleanStart in Flag
        from keepAlive in Two
        from user in MaybeText(Text)
        from password in Maybe(Bytes)
        from hasWill in Flag
        from will in Will()
        from expiry in Maybe(Four)
        from receive in Maybe(Two)
        from alias in Maybe(Two)
        from size in Maybe(Gen.Elements(1u, 1024u, uint.MaxValue))
        from problem in Maybe(Flag)
        from method in MaybeText(Text)
        from users in User
        select (IMqttPacket)new MqttConnect(clientId, cleanStart, keepAlive)
        {
            UserName = user,
            Password = password,
            Will = hasWill ? will : null,
            Properties = new MqttProperties
            {
                SessionExpiryIntervalSeconds = expiry,
                ReceiveMaximum = receive,
                TopicAliasMaximum = alias,
                MaximumPacketSize = size,
                RequestProblemInformation = problem,
                RequestResponseInformation = problem,
                AuthenticationMethod = method,
                AuthenticationData = method is null ? null : password,
                UserProperties = users,
            },
        };

    private static Gen<MqttWill> Will() =>
        from topic in Topic
        from payload in Bytes
        from qos in Qos
        from retain in Flag
        from delay in Maybe(Four)
        from content in MaybeText(Text)
        from correlation in Maybe(Bytes)
        select new MqttWill(topic, payload, qos, retain)
        {
            Properties = new MqttProperties
            {
                WillDelayIntervalSeconds = delay,
                MessageExpiryIntervalSeconds = delay,
                ContentType = content,
                CorrelationData = correlation,
                PayloadFormatIndicator = retain ? (byte)1 : null,
            },
        };

    private static Gen<IMqttPacket> Connack() =>
        from present in Flag
        from code in Code(MqttPacketType.Connack)
        from expiry in Maybe(Four)
        from two in Maybe(Two)
        from flag in Maybe(Flag)
        from text in MaybeText(Text)
        from users in User
        select (IMqttPacket)new MqttConnack(present && code == MqttReasonCode.Success, code)
        {
            Properties = new MqttProperties
            {
                SessionExpiryIntervalSeconds = expiry,
                ReceiveMaximum = two,
                ServerKeepAliveSeconds = two,
                TopicAliasMaximum = two,
                MaximumPacketSize = two,
                MaximumQos = flag is null ? null : flag.Value ? MqttQos.AtLeastOnce : MqttQos.AtMostOnce,
                RetainAvailable = flag,
                WildcardSubscriptionAvailable = flag,
                SubscriptionIdentifiersAvailable = flag,
                SharedSubscriptionAvailable = flag,
                AssignedClientIdentifier = text,
                ReasonString = text,
                ResponseInformation = text,
                ServerReference = text,
                UserProperties = users,
            },
        };

    private static Gen<IMqttPacket> Publish() =>
        from topic in Topic
        from payload in Bytes
        from qos in Qos
        from retain in Flag
        from duplicate in Flag
        from id in PacketId
        from alias in Maybe(Two)
        from response in MaybeText(Topic)
        from identifiers in Gen.Elements(1, 127, 128, MqttVariableByteInteger.MaxValue).ArrayOf().Resize(3)
        from users in User
        select (IMqttPacket)new MqttPublish(
            alias is null ? topic : "",
            payload,
            qos,
            retain,
            duplicate && qos != MqttQos.AtMostOnce,
            qos == MqttQos.AtMostOnce ? (ushort)0 : id,
            new MqttProperties { TopicAlias = alias, ResponseTopic = response, SubscriptionIdentifiers = [.. identifiers], UserProperties = users });

    private static Gen<IMqttPacket> Acknowledgement() =>
        from type in Gen.Elements(MqttPacketType.Puback, MqttPacketType.Pubrec, MqttPacketType.Pubrel, MqttPacketType.Pubcomp)
        from id in PacketId
        from code in Code(type)
        from properties in Reason()
        select (IMqttPacket)new MqttAcknowledgement(type, id, code, properties);

    private static Gen<IMqttPacket> Subscribe() =>
        from id in PacketId
        from filters in Filter.NonEmptyListOf()
        from qos in Qos
        from flag in Flag
        from handling in Gen.Elements(MqttRetainHandling.SendAtSubscribe, MqttRetainHandling.SendIfNew, MqttRetainHandling.DoNotSend)
        select (IMqttPacket)new MqttSubscribe(
            id, [.. filters.Select(f => new MqttSubscription(f, qos, flag && !MqttTopic.IsShared(f), flag, handling))])
        {
            Properties = new MqttProperties { SubscriptionIdentifiers = flag ? [268_435_455] : [] },
        };

    private static Gen<IMqttPacket> Unsubscribe() =>
        from id in PacketId
        from filters in Filter.NonEmptyListOf()
        from users in User
        select (IMqttPacket)new MqttUnsubscribe(id, [.. filters]) { Properties = new MqttProperties { UserProperties = users } };

    private static Gen<IMqttPacket> Suback() =>
        from type in Gen.Elements(MqttPacketType.Suback, MqttPacketType.Unsuback)
        from id in PacketId
        from codes in Code(type).NonEmptyListOf()
        from properties in Reason()
        select (IMqttPacket)new MqttSuback(type, id, [.. codes]) { Properties = properties };

    private static Gen<IMqttPacket> Ping() =>
        Gen.Elements(MqttPacketType.Pingreq, MqttPacketType.Pingresp).Select(t => (IMqttPacket)new MqttPing(t));

    private static Gen<IMqttPacket> Disconnect() =>
        from code in Code(MqttPacketType.Disconnect)
        from expiry in Maybe(Four)
        from text in MaybeText(Text)
        select (IMqttPacket)new MqttDisconnect(code)
        {
            Properties = new MqttProperties { SessionExpiryIntervalSeconds = expiry, ReasonString = text, ServerReference = text },
        };

    private static Gen<IMqttPacket> Auth() =>
        from code in Code(MqttPacketType.Auth)
        from text in Text
        from data in Maybe(Bytes)
        select (IMqttPacket)new MqttAuth(code)
        {
            Properties = new MqttProperties { AuthenticationMethod = text, AuthenticationData = data, ReasonString = text },
        };

    private static Gen<MqttProperties> Reason() =>
        from plain in Flag
        from text in MaybeText(Text)
        from users in User
        select plain ? MqttProperties.None : new MqttProperties { ReasonString = text, UserProperties = users };

    private static Gen<MqttReasonCode> Code(MqttPacketType type) =>
        Gen.Elements(Enum.GetValues<MqttReasonCode>().Where(c => MqttReasonCodes.IsAllowed(type, c)).ToArray());
}
