using System.Net;
using IotProperty.Hub.Hosting.Configuration;
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

    /// <summary>How many passwords are checked at once; a check takes a processor for about a tenth of a second, and half of them are for those who are in already.</summary>
    public int MaximumChecks { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>So many wrong passwords of one address a second are checked in the long run; further ones are told that the hub is busy, which costs it nothing.</summary>
    public double WrongPasswordsPerSecond { get; init; } = 0.5;

    /// <summary>So many at once after a rest: a building's edges with a mistaken configuration, or one person with a bad memory.</summary>
    public double WrongPasswordsAtOnce { get; init; } = 10;

    /// <summary>How many wait for their check, which must be less than an edge's patience of 5 s; the next one is told that the hub is busy.</summary>
    public int MaximumWaitingChecks { get; init; } = 32;

    /// <summary>From the TCP connection to an accepted CONNECT.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many batches of one lane of one connection are in work at once.</summary>
    public int LaneConcurrency { get; init; } = 16;

    /// <summary>
    /// So much of each lane a site may send in the long run, payload bytes a second; what comes faster waits, and so does its edge, whose window fills up. Some 170,000
    /// samples a second, several times what an edge can read back from its disk.
    /// </summary>
    public double SiteBytesPerSecond { get; init; } = 512 * 1024;

    /// <summary>So much it may send at once after a rest.</summary>
    public double SiteBurstBytes { get; init; } = 512 * 1024;

    /// <summary>What a batch counts for beside its bytes: a key, a receipt, its part of a synced commit.</summary>
    public int BatchCostBytes { get; init; } = 1024;

    /// <summary>What each session grants. Its receive maximum is three times <see cref="LaneConcurrency"/>, so that no lane takes another's place.</summary>
    public MqttServerLimits Session { get; init; } = new() { ReceiveMaximum = 48 };

    /// <summary>Who may enter with user name and password instead of a certificate.</summary>
    public PasswordEntry Passwords { get; init; }

    /// <summary>Whether an endpoint may be served without TLS: only where nobody else can listen in.</summary>
    public static bool MayBePlain(EndPoint endpoint) => endpoint switch
    {
        IPEndPoint ip => IPAddress.IsLoopback(ip.Address),
        System.Net.Sockets.UnixDomainSocketEndPoint => true,
        _ => false,
    };
}
