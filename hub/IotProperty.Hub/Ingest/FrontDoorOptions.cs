using System.Net;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

/// <summary>The limits of the front door.</summary>
public sealed record FrontDoorOptions
{
    /// <summary>All connections; the next one is closed at once.</summary>
    public int MaximumConnections { get; init; } = 16_384;

    /// <summary>Connections that have not been let in yet; bounds what strangers can hold.</summary>
    public int MaximumStrangers { get; init; } = 256;

    /// <summary>From the TCP connection to an accepted CONNECT.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many batches of one lane of one connection are in work at once.</summary>
    public int LaneConcurrency { get; init; } = 16;

    /// <summary>What each session grants. Its receive maximum is three times <see cref="LaneConcurrency"/>, so that no lane takes another's place.</summary>
    public MqttServerLimits Session { get; init; } = new() { ReceiveMaximum = 48 };

    /// <summary>Whether an endpoint may be served without TLS: only where nobody else can listen in.</summary>
    public static bool MayBePlain(EndPoint endpoint) => endpoint switch
    {
        IPEndPoint ip => IPAddress.IsLoopback(ip.Address),
        System.Net.Sockets.UnixDomainSocketEndPoint => true,
        _ => false,
    };
}
