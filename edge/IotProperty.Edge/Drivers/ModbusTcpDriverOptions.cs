using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Drivers;

/// <summary>One Modbus TCP line.</summary>
/// <param name="Line">The line's id in the site's configuration; for logs.</param>
/// <param name="Host">A name or an address.</param>
public sealed record ModbusTcpDriverOptions(string Line, string Host, int Port)
{
    /// <summary>From sending a request to the last byte of its answer.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>For resolving the name and connecting together.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the driver leaves a line alone after its first failure; doubled with each further one.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The pause grows no further (its jitter may add a quarter). Short, because a line of a building carries safety points.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection idle for so long is asked whether the peer has closed it before it is written to.</summary>
    public TimeSpan SuspectAfterIdle { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After so many time-outs in a row without a single byte the connection is opened anew: behind a rebooted gateway it may be dead
    /// for ever without this end being told. Never because of one dead unit among living ones.
    /// </summary>
    public int SilentRequestsBeforeReconnect { get; init; } = 8;

    /// <summary>What is accepted from gateways that do not repeat the header as they should.</summary>
    public ModbusTolerance Tolerance { get; init; }

    /// <summary>
    /// The name under which the endpoint is locked, so that the daemon and an installer's tool never ask it at once; null to ask without a lock, as two drivers of one test may.
    /// </summary>
    public string? LockKey { get; init; }
}
