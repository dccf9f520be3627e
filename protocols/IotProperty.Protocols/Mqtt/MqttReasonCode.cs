namespace IotProperty.Protocols.Mqtt;

/// <summary>All reason codes of MQTT 5.0, table 2-6. Values from 0x80 on are failures.</summary>
public enum MqttReasonCode : byte
{
    /// <summary>Also "normal disconnection" in DISCONNECT and "granted QoS 0" in SUBACK.</summary>
    Success = 0x00,
    GrantedQos1 = 0x01,
    GrantedQos2 = 0x02,
    DisconnectWithWillMessage = 0x04,
    NoMatchingSubscribers = 0x10,
    NoSubscriptionExisted = 0x11,
    ContinueAuthentication = 0x18,
    ReAuthenticate = 0x19,
    UnspecifiedError = 0x80,
    MalformedPacket = 0x81,
    ProtocolError = 0x82,
    ImplementationSpecificError = 0x83,
    UnsupportedProtocolVersion = 0x84,
    ClientIdentifierNotValid = 0x85,
    BadUserNameOrPassword = 0x86,
    NotAuthorized = 0x87,
    ServerUnavailable = 0x88,
    ServerBusy = 0x89,
    Banned = 0x8A,
    ServerShuttingDown = 0x8B,
    BadAuthenticationMethod = 0x8C,
    KeepAliveTimeout = 0x8D,
    SessionTakenOver = 0x8E,
    TopicFilterInvalid = 0x8F,
    TopicNameInvalid = 0x90,
    PacketIdentifierInUse = 0x91,
    PacketIdentifierNotFound = 0x92,
    ReceiveMaximumExceeded = 0x93,
    TopicAliasInvalid = 0x94,
    PacketTooLarge = 0x95,
    MessageRateTooHigh = 0x96,
    QuotaExceeded = 0x97,
    AdministrativeAction = 0x98,
    PayloadFormatInvalid = 0x99,
    RetainNotSupported = 0x9A,
    QosNotSupported = 0x9B,
    UseAnotherServer = 0x9C,
    ServerMoved = 0x9D,
    SharedSubscriptionsNotSupported = 0x9E,
    ConnectionRateExceeded = 0x9F,
    MaximumConnectTime = 0xA0,
    SubscriptionIdentifiersNotSupported = 0xA1,
    WildcardSubscriptionsNotSupported = 0xA2,
}

/// <summary>Which reason codes each packet may carry.</summary>
public static class MqttReasonCodes
{
    // §3.2.2.2, table 3-1.
    private static ReadOnlySpan<byte> Connack =>
        [0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F];

    // §3.4.2.1 and §3.5.2.1.
    private static ReadOnlySpan<byte> Puback => [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];

    // §3.6.2.1 and §3.7.2.1.
    private static ReadOnlySpan<byte> Pubrel => [0x00, 0x92];

    // §3.9.3.
    private static ReadOnlySpan<byte> Suback => [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2];

    // §3.11.3.
    private static ReadOnlySpan<byte> Unsuback => [0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91];

    // §3.14.2.1, table 3-10.
    private static ReadOnlySpan<byte> Disconnect =>
    [
        0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C,
        0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
    ];

    // §3.15.2.1.
    private static ReadOnlySpan<byte> Auth => [0x00, 0x18, 0x19];

    /// <summary>Whether a packet of this type may carry this code.</summary>
    public static bool IsAllowed(MqttPacketType type, MqttReasonCode code) => (type switch
    {
        MqttPacketType.Connack => Connack,
        MqttPacketType.Puback or MqttPacketType.Pubrec => Puback,
        MqttPacketType.Pubrel or MqttPacketType.Pubcomp => Pubrel,
        MqttPacketType.Suback => Suback,
        MqttPacketType.Unsuback => Unsuback,
        MqttPacketType.Disconnect => Disconnect,
        MqttPacketType.Auth => Auth,
        _ => [],
    }).Contains((byte)code);

    /// <summary>What a return code of MQTT 3.1.1 means (CONNACK: table 3.1 in §3.2.2.3; SUBACK: §3.9.3). False for a reserved one.</summary>
    public static bool TryFromReturnCode(MqttPacketType type, byte value, out MqttReasonCode code)
    {
        code = (type, value) switch
        {
            (MqttPacketType.Connack, 0) => MqttReasonCode.Success,
            (MqttPacketType.Connack, 1) => MqttReasonCode.UnsupportedProtocolVersion,
            (MqttPacketType.Connack, 2) => MqttReasonCode.ClientIdentifierNotValid,
            (MqttPacketType.Connack, 3) => MqttReasonCode.ServerUnavailable,
            (MqttPacketType.Connack, 4) => MqttReasonCode.BadUserNameOrPassword,
            (MqttPacketType.Connack, 5) => MqttReasonCode.NotAuthorized,
            (MqttPacketType.Suback, 0 or 1 or 2 or 0x80) => (MqttReasonCode)value,
            _ => MqttReasonCode.ProtocolError,
        };
        return code != MqttReasonCode.ProtocolError;
    }

    /// <summary>Whether the code tells of a failure.</summary>
    public static bool IsFailure(this MqttReasonCode code) => (byte)code >= 0x80;
}
