using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Uplink;

/// <summary>What an MQTT connection to hub or broker needs to be opened.</summary>
/// <param name="Will">Published by the server when the connection ends without a DISCONNECT; QoS 1, retained.</param>
public sealed record MqttLinkOptions(string Host, int Port, bool Tls, string ClientId, string User, string Password, MqttLinkMessage? Will)
{
    public MqttVersion Version { get; init; } = MqttVersion.V5;

    /// <summary>With <see cref="Tls"/>: whose certificate the server must show, and the name that it is asked for (SNI); null is <see cref="Host"/>.</summary>
    public string? ServerName { get; init; }

    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many messages the peer may have on their way to us; one that sends more breaks the protocol and ends the connection.</summary>
    public ushort ReceiveMaximum { get; init; } = 64;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>With <see cref="Tls"/>: the only roots that are trusted; null trusts those of the machine.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    /// <summary>With <see cref="Tls"/>: the certificate to show; then an empty user is not sent. Null: none.</summary>
    public SslStreamCertificateContext? ClientCertificate { get; init; }
}

/// <summary>An application message, as it came or as it shall go; QoS 1.</summary>
public readonly record struct MqttLinkMessage(string Topic, ReadOnlyMemory<byte> Payload, bool Retain)
{
    /// <summary>Which batch it carries, for peers that tell it beside the payload; null where it carries none.</summary>
    public BatchNumber? Number { get; init; }
}

/// <summary>Whether the peer took a publish: its reason code (MQTT 5.0 §3.4.2.1) and, where it gave one, its reason string.</summary>
public readonly record struct MqttPublishResult(byte ReasonCode, string Reason)
{
    public bool Accepted => ReasonCode < 0x80;

    /// <summary>What becomes of the batch, where the answer to its publish is the last word about it; null where a receipt follows as a message, which is the rule.</summary>
    public ReceiptStatus? Receipt { get; init; }
}

/// <summary>
/// One MQTT connection, QoS 1 both ways, clean start. Safe for callers on any task. It does not reconnect: when it ends, <see cref="Closed"/>
/// completes with the first reason and every pending call ends with <see cref="MqttLinkClosedException"/>; the uplink opens another.
/// </summary>
public interface IMqttLink : IAsyncDisposable
{
    /// <summary>
    /// Completes at PUBACK. Waits while the peer's receive maximum is used up. The payload must stay unchanged until then. Cancellation gives up waiting, not
    /// the message: it may arrive all the same. What follows the await runs on the connection's own reader, so it must not block.
    /// </summary>
    ValueTask<MqttPublishResult> PublishAsync(MqttLinkMessage message, CancellationToken cancellationToken);

    /// <summary>Completes at SUBACK; throws <see cref="MqttLinkClosedException"/> when the peer refuses the filter.</summary>
    ValueTask SubscribeAsync(string filter, CancellationToken cancellationToken);

    /// <summary>
    /// What the peer published to us, in order; bounded: reading a message acknowledges it, so a slow reader slows the peer through the receive maximum.
    /// Ends when the connection does.
    /// </summary>
    ChannelReader<MqttLinkMessage> Messages { get; }

    /// <summary>Completes when the connection has ended, with the first reason, for people.</summary>
    Task<string> Closed { get; }

    /// <summary>Whether this side ends, or has ended, the connection only in order to open another at once; that is no failure.</summary>
    bool IsRenewing => false;
}

/// <summary>Opens connections; the seam at which another MQTT library or a test double stands in.</summary>
public interface IMqttConnector
{
    /// <summary>Throws <see cref="MqttLinkClosedException"/> with the reason when the peer is away or refuses.</summary>
    Task<IMqttLink> ConnectAsync(MqttLinkOptions options, CancellationToken cancellationToken);
}

/// <summary>The connection is gone or was refused; the message says why.</summary>
public sealed class MqttLinkClosedException(string reason, MqttReasonCode code = MqttReasonCode.UnspecifiedError) : IOException(reason)
{
    /// <summary>The reason code with which the peer refused; <see cref="MqttReasonCode.UnspecifiedError"/> where there is none.</summary>
    public MqttReasonCode Code { get; } = code;
}
