using System.Collections.Immutable;

namespace IotProperty.Protocols.Mqtt;

public readonly record struct MqttUserProperty(string Name, string Value);

/// <summary>
/// The properties of §2.2.2.2. Null or empty means absent. One type serves all packets; which of them may stand in which packet is checked when a
/// packet is read and when it is written.
/// </summary>
public sealed record MqttProperties
{
    public static MqttProperties None { get; } = new();

    public byte? PayloadFormatIndicator { get; init; }

    public uint? MessageExpiryIntervalSeconds { get; init; }

    public string? ContentType { get; init; }

    public string? ResponseTopic { get; init; }

    public ReadOnlyMemory<byte>? CorrelationData { get; init; }

    /// <summary>1 to 268435455; at most one in SUBSCRIBE.</summary>
    public ImmutableArray<int> SubscriptionIdentifiers { get; init; } = [];

    /// <summary>0xFFFFFFFF means that the session does not expire.</summary>
    public uint? SessionExpiryIntervalSeconds { get; init; }

    public string? AssignedClientIdentifier { get; init; }

    public ushort? ServerKeepAliveSeconds { get; init; }

    public string? AuthenticationMethod { get; init; }

    public ReadOnlyMemory<byte>? AuthenticationData { get; init; }

    public bool? RequestProblemInformation { get; init; }

    public uint? WillDelayIntervalSeconds { get; init; }

    public bool? RequestResponseInformation { get; init; }

    public string? ResponseInformation { get; init; }

    public string? ServerReference { get; init; }

    /// <summary>For people.</summary>
    public string? ReasonString { get; init; }

    /// <summary>1 to 65535.</summary>
    public ushort? ReceiveMaximum { get; init; }

    public ushort? TopicAliasMaximum { get; init; }

    /// <summary>1 to 65535.</summary>
    public ushort? TopicAlias { get; init; }

    /// <summary>QoS 0 or 1; a server that offers QoS 2 leaves it out.</summary>
    public MqttQos? MaximumQos { get; init; }

    public bool? RetainAvailable { get; init; }

    public ImmutableArray<MqttUserProperty> UserProperties { get; init; } = [];

    /// <summary>Bytes of a whole packet; at least 1.</summary>
    public uint? MaximumPacketSize { get; init; }

    public bool? WildcardSubscriptionAvailable { get; init; }

    public bool? SubscriptionIdentifiersAvailable { get; init; }

    public bool? SharedSubscriptionAvailable { get; init; }
}
