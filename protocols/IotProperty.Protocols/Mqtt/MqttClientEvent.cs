using System.Collections.Immutable;

namespace IotProperty.Protocols.Mqtt;

public enum MqttClientEventKind : byte
{
    /// <summary>The buffer holds no whole packet: read more from the peer.</summary>
    NeedMore,

    /// <summary>A packet was dealt with and the application need not know.</summary>
    Handled,

    /// <summary>The server accepted the connection.</summary>
    Connected,

    /// <summary>An application message; at QoS 1 <see cref="MqttClientSession.Take"/> acknowledges it.</summary>
    Message,

    /// <summary>PUBACK for <see cref="MqttClientEvent.PacketId"/>.</summary>
    Published,

    /// <summary>SUBACK or UNSUBACK for <see cref="MqttClientEvent.PacketId"/>.</summary>
    Subscribed,

    /// <summary>The session is over: send what is in the output and close the connection.</summary>
    Ended,
}

/// <summary>What a step of <see cref="MqttClientSession"/> tells its shell.</summary>
public readonly record struct MqttClientEvent(MqttClientEventKind Kind)
{
    public ushort PacketId { get; init; }

    /// <summary>Of the acknowledgement, or why the session ended.</summary>
    public MqttReasonCode ReasonCode { get; init; }

    /// <summary>The peer's reason string or our own explanation; empty when there is none.</summary>
    public string Reason { get; init; } = "";

    /// <summary>One for each filter, at <see cref="MqttClientEventKind.Subscribed"/>.</summary>
    public ImmutableArray<MqttReasonCode> ReasonCodes { get; init; } = [];

    /// <summary>At <see cref="MqttClientEventKind.Message"/>; its topic is resolved from an alias already.</summary>
    public MqttPublish Publish { get; init; }
}
