namespace IotProperty.Protocols.Mqtt;

public enum MqttServerEventKind : byte
{
    /// <summary>The buffer holds no whole packet: read more from the peer.</summary>
    NeedMore,

    /// <summary>A packet was dealt with and the shell need not know.</summary>
    Handled,

    /// <summary>A valid CONNECT: answer with <see cref="MqttServerSession.Accept"/> or <see cref="MqttServerSession.Refuse"/>.</summary>
    Connect,

    /// <summary>An application message; at QoS 1 answer with <see cref="MqttServerSession.Acknowledge"/>.</summary>
    Message,

    /// <summary>Answer with <see cref="MqttServerSession.Grant"/>.</summary>
    Subscribe,

    /// <summary>The client acknowledged our publish <see cref="MqttServerEvent.PacketId"/>.</summary>
    Published,

    /// <summary>The session's connection is over: send what is in the output, close, and look at <see cref="MqttServerSession.WillToPublish"/>.</summary>
    Ended,
}

/// <summary>What a step of <see cref="MqttServerSession"/> tells its shell.</summary>
public readonly record struct MqttServerEvent(MqttServerEventKind Kind)
{
    public ushort PacketId { get; init; }

    public MqttReasonCode ReasonCode { get; init; }

    public string Reason { get; init; } = "";

    /// <summary>At <see cref="MqttServerEventKind.Ended"/>: the client's own DISCONNECT said so; nothing was refused.</summary>
    public bool ByClient { get; init; }

    /// <summary>At <see cref="MqttServerEventKind.Message"/>.</summary>
    public MqttPublish Publish { get; init; }

    /// <summary>At <see cref="MqttServerEventKind.Subscribe"/>.</summary>
    public MqttSubscribe? Subscribe { get; init; }
}
