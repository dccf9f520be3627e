namespace IotProperty.Edge.Drivers;

/// <summary>One half-duplex bus.</summary>
/// <param name="Line">The line's id in the site's configuration; for logs.</param>
/// <param name="Baud">Bits a second on the wire, also where a TCP serial server stands in front of it.</param>
/// <param name="BitsPerCharacter">Start, data, parity and stop bits together: 11 for 8E1, 10 for 8N1.</param>
public sealed record BusLineOptions(string Line, int Baud, int BitsPerCharacter)
{
    /// <summary>From the last byte of a request to the first byte of its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long after a request its answer may still come, in time-outs. What could be mistaken for such an answer waits as long.</summary>
    public int LateTimeouts { get; init; } = 2;

    /// <summary>How long the driver leaves a line alone after its first failure; doubled with each further one.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The pause grows no further (its jitter may add a quarter).</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A channel idle for so long is asked whether its peer has closed it before it is written to.</summary>
    public TimeSpan SuspectAfterIdle { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After so many requests in a row without a single byte the channel is opened anew: the connection to a rebooted serial server may be dead for ever without
    /// this end being told. 0 where there is nothing in between.
    /// </summary>
    public int SilentRequestsBeforeReopen { get; init; }

    /// <summary>How long the wire needs for so many bytes.</summary>
    public TimeSpan WireTime(int bytes) => BusTiming.Characters(bytes, Baud, BitsPerCharacter);
}
