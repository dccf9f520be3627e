namespace IotProperty.Protocols.Mqtt;

/// <summary>What a server session grants and declares in its CONNACK.</summary>
public sealed record MqttServerLimits
{
    /// <summary>How many QoS 1 publishes of the client may be in work at once.</summary>
    public ushort ReceiveMaximum { get; init; } = 48;

    /// <summary>Bytes of a whole packet. The default holds the longest uplink payload (1 MiB) with topic and properties.</summary>
    public int MaximumPacketSize { get; init; } = (1024 * 1024) + 4096;

    /// <summary>A longer keep-alive, or none at all, is overruled with this one (Server Keep Alive, §3.2.2.3.14).</summary>
    public ushort MaximumKeepAliveSeconds { get; init; } = 300;

    /// <summary>A longer Session Expiry Interval is cut down to this one (§3.2.2.3.2).</summary>
    public uint MaximumSessionExpirySeconds { get; init; } = 3600;

    /// <summary>How many of our QoS 1 publishes may be in flight, even where the client would take more.</summary>
    public ushort MaximumInFlight { get; init; } = 64;

    public int MaximumSubscriptions { get; init; } = 8;

    /// <summary>Characters of a topic or filter.</summary>
    public int MaximumTopicLength { get; init; } = 256;
}
