namespace IotProperty.Hub.Hosting;

/// <summary>
/// What one client may take of a listener. Kestrel watches times with its own clock about once a second, so that each may be exceeded by that much.
/// The connections and the TLS handshake bound both listeners, everything else pages and API.
/// </summary>
public sealed record ListenerLimits
{
    /// <summary>Of each listener for itself. More than the front door lets in, so that it is the front door that answers an edge too many.</summary>
    public long MaxConnections { get; init; } = 20_000;

    /// <summary>From the TCP connection to the end of the TLS handshake.</summary>
    public TimeSpan HandshakePatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the first byte of a request to the end of its headers.</summary>
    public TimeSpan HeaderPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From an answer to the next request on the same connection, or from the connection to the first.</summary>
    public TimeSpan IdlePatience { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>After so long a body must have come with <see cref="MinBodyBytesPerSecond"/> on average.</summary>
    public TimeSpan BodyGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Slower bodies are refused, and connections whose reader is slower than this are cut.</summary>
    public double MinBodyBytesPerSecond { get; init; } = 240;

    /// <summary>Logins from one address, right or wrong.</summary>
    public int LoginsPerMinute { get; init; } = 30;

    /// <summary>Requests from one address with a token that is none.</summary>
    public int WrongTokensPerMinute { get; init; } = 60;

    /// <summary>Searches for residents of one person or token: enough at a gate, too few to try out a list of names.</summary>
    public int ResidentSearchesPerMinute { get; init; } = 20;

    /// <summary>Requests of one person or token, or of one address without either.</summary>
    public int RequestsPerMinute { get; init; } = 6000;

    public int MaxHeaderBytes { get; init; } = 16 * 1024;

    public int MaxHeaders { get; init; } = 64;

    public int MaxRequestLineBytes { get; init; } = 8 * 1024;

    public long MaxBodyBytes { get; init; } = 1024 * 1024;
}
