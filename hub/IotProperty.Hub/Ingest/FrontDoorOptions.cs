using System.Net;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

/// <summary>The limits of the front door.</summary>
public sealed record FrontDoorOptions
{
    /// <summary>All connections; the next one is told that the hub is busy.</summary>
    public int MaximumConnections { get; init; } = 16_384;

    /// <summary>Connections that have not been let in yet; bounds what strangers can hold.</summary>
    public int MaximumStrangers { get; init; } = 256;

    /// <summary>Of these, connections of one address (of IPv6: of one network of 64 bits). Edges behind one gateway share it for the moment of their CONNECT.</summary>
    public int MaximumStrangersOfAddress { get; init; } = 64;

    /// <summary>How many connections beyond a limit are heard and answered with ServerBusy at once; further ones are cut without a word.</summary>
    public int MaximumTurnedAway { get; init; } = 64;

    /// <summary>How long a connection beyond a limit may take to say its CONNECT before it is answered all the same.</summary>
    public TimeSpan TurnAwayPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many passwords are checked at once; a check takes a processor for about a tenth of a second.</summary>
    public int MaximumChecks { get; init; } = Environment.ProcessorCount;

    /// <summary>How many wait for their check, which must be less than an edge's patience of 5 s; the next one is told that the hub is busy.</summary>
    public int MaximumWaitingChecks { get; init; } = 32;

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
