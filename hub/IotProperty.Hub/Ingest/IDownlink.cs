using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

/// <summary>How a message to an edge ended.</summary>
public enum DownlinkOutcome : byte
{
    /// <summary>The edge has taken it.</summary>
    Acknowledged,

    /// <summary>The edge is connected and refused it; see <see cref="DownlinkResult.ReasonCode"/>.</summary>
    Refused,

    /// <summary>No edge of this site is connected here, or it has not subscribed to the topic.</summary>
    NotConnected,

    /// <summary>The connection ended before the acknowledgement: the edge may or may not have it.</summary>
    ConnectionLost,

    /// <summary>The edge has too many unacknowledged messages, or the message is larger than it takes; nothing was sent.</summary>
    NotSent,
}

public readonly record struct DownlinkResult(DownlinkOutcome Outcome, MqttReasonCode ReasonCode);

/// <summary>The way from the hub to one edge. Safe for callers on any task.</summary>
public interface IDownlink
{
    /// <summary>
    /// Publishes at QoS 1 and completes with the edge's acknowledgement or with the reason why there is none. Cancellation gives up waiting, not the
    /// message. The payload must stay unchanged until then.
    /// </summary>
    ValueTask<DownlinkResult> PublishAsync(string site, string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);
}
