namespace IotProperty.Protocols.Mqtt;

/// <summary>The property identifiers of table 2-4.</summary>
internal enum MqttPropertyId
{
    PayloadFormatIndicator = 0x01,
    MessageExpiryInterval = 0x02,
    ContentType = 0x03,
    ResponseTopic = 0x08,
    CorrelationData = 0x09,
    SubscriptionIdentifier = 0x0B,
    SessionExpiryInterval = 0x11,
    AssignedClientIdentifier = 0x12,
    ServerKeepAlive = 0x13,
    AuthenticationMethod = 0x15,
    AuthenticationData = 0x16,
    RequestProblemInformation = 0x17,
    WillDelayInterval = 0x18,
    RequestResponseInformation = 0x19,
    ResponseInformation = 0x1A,
    ServerReference = 0x1C,
    ReasonString = 0x1F,
    ReceiveMaximum = 0x21,
    TopicAliasMaximum = 0x22,
    TopicAlias = 0x23,
    MaximumQos = 0x24,
    RetainAvailable = 0x25,
    UserProperty = 0x26,
    MaximumPacketSize = 0x27,
    WildcardSubscriptionAvailable = 0x28,
    SubscriptionIdentifierAvailable = 0x29,
    SharedSubscriptionAvailable = 0x2A,
}

/// <summary>Which properties may stand where: one column of table 2-4, a bit for each identifier.</summary>
internal readonly record struct MqttPropertySet(string Place, ulong Mask)
{
    public static readonly MqttPropertySet Connect = Of(
        "CONNECT",
        MqttPropertyId.SessionExpiryInterval,
        MqttPropertyId.AuthenticationMethod,
        MqttPropertyId.AuthenticationData,
        MqttPropertyId.RequestProblemInformation,
        MqttPropertyId.RequestResponseInformation,
        MqttPropertyId.ReceiveMaximum,
        MqttPropertyId.TopicAliasMaximum,
        MqttPropertyId.MaximumPacketSize);

    public static readonly MqttPropertySet Will = Of(
        "the will",
        MqttPropertyId.PayloadFormatIndicator,
        MqttPropertyId.MessageExpiryInterval,
        MqttPropertyId.ContentType,
        MqttPropertyId.ResponseTopic,
        MqttPropertyId.CorrelationData,
        MqttPropertyId.WillDelayInterval);

    public static readonly MqttPropertySet Connack = Of(
        "CONNACK",
        MqttPropertyId.SessionExpiryInterval,
        MqttPropertyId.AssignedClientIdentifier,
        MqttPropertyId.ServerKeepAlive,
        MqttPropertyId.AuthenticationMethod,
        MqttPropertyId.AuthenticationData,
        MqttPropertyId.ResponseInformation,
        MqttPropertyId.ServerReference,
        MqttPropertyId.ReasonString,
        MqttPropertyId.ReceiveMaximum,
        MqttPropertyId.TopicAliasMaximum,
        MqttPropertyId.MaximumQos,
        MqttPropertyId.RetainAvailable,
        MqttPropertyId.MaximumPacketSize,
        MqttPropertyId.WildcardSubscriptionAvailable,
        MqttPropertyId.SubscriptionIdentifierAvailable,
        MqttPropertyId.SharedSubscriptionAvailable);

    public static readonly MqttPropertySet Publish = Of(
        "PUBLISH",
        MqttPropertyId.PayloadFormatIndicator,
        MqttPropertyId.MessageExpiryInterval,
        MqttPropertyId.ContentType,
        MqttPropertyId.ResponseTopic,
        MqttPropertyId.CorrelationData,
        MqttPropertyId.SubscriptionIdentifier,
        MqttPropertyId.TopicAlias);

    /// <summary>PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.</summary>
    public static readonly MqttPropertySet Acknowledgement = Of("an acknowledgement", MqttPropertyId.ReasonString);

    public static readonly MqttPropertySet Subscribe = Of("SUBSCRIBE", MqttPropertyId.SubscriptionIdentifier);

    public static readonly MqttPropertySet Unsubscribe = Of("UNSUBSCRIBE");

    public static readonly MqttPropertySet Disconnect = Of(
        "DISCONNECT", MqttPropertyId.SessionExpiryInterval, MqttPropertyId.ServerReference, MqttPropertyId.ReasonString);

    public static readonly MqttPropertySet Auth = Of(
        "AUTH", MqttPropertyId.AuthenticationMethod, MqttPropertyId.AuthenticationData, MqttPropertyId.ReasonString);

    public bool Holds(MqttPropertyId id) => (Mask & Bit(id)) != 0;

    public static ulong Bit(MqttPropertyId id) => 1UL << (int)id;

    // User properties may stand everywhere.
    private static MqttPropertySet Of(string place, params ReadOnlySpan<MqttPropertyId> ids)
    {
        ulong mask = Bit(MqttPropertyId.UserProperty);
        foreach (MqttPropertyId id in ids)
        {
            mask |= Bit(id);
        }

        return new MqttPropertySet(place, mask);
    }
}
