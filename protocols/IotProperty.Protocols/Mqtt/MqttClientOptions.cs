namespace IotProperty.Protocols.Mqtt;

/// <summary>What a client says in its CONNECT. Always a clean start: what must survive a connection lies in the outbox, not in an MQTT session.</summary>
public sealed record MqttClientOptions
{
    public required string ClientId { get; init; }

    public MqttVersion Version { get; init; } = MqttVersion.V5;

    public string? UserName { get; init; }

    /// <summary>Never logged.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    public MqttWill? Will { get; init; }

    /// <summary>0 turns keep-alive off; the server may overrule it.</summary>
    public ushort KeepAliveSeconds { get; init; } = 20;

    public uint SessionExpirySeconds { get; init; }

    /// <summary>
    /// How many QoS 1 messages the server may have on their way to the application without its acknowledgement. A server of MQTT 3.1.1 cannot be told; one that sends more is
    /// sent away all the same, and sends what was not acknowledged again on the next connection.
    /// </summary>
    public ushort ReceiveMaximum { get; init; } = 64;

    /// <summary>
    /// Whether a server that sends more than <see cref="ReceiveMaximum"/> is borne instead of sent away; mosquitto 2.0.11 is one. The shell then bounds what it holds
    /// by itself, for instance by taking what exceeds it at once.
    /// </summary>
    public bool BearsExcess { get; init; }

    public int MaximumPacketSize { get; init; } = (1024 * 1024) + 4096;

    /// <summary>How many topic aliases the server may use; 0 refuses them.</summary>
    public ushort TopicAliasMaximum { get; init; }

    /// <summary>The most publishes in flight, even where the server would take more: bounds memory.</summary>
    public ushort MaximumInFlight { get; init; } = 1024;
}
