namespace IotProperty.Edge.Health;

/// <summary>
/// What one client may take of the health server: little, for a monitor asks a few times a minute, and the edge has better uses for its memory. Times are watched about
/// once a second.
/// </summary>
public sealed record HealthLimits
{
    /// <summary>Further ones are closed at once.</summary>
    public int MaxConnections { get; init; } = 32;

    public int MaxHeaderBytes { get; init; } = 8 * 1024;

    public int MaxHeaders { get; init; } = 32;

    public int MaxRequestLineBytes { get; init; } = 2 * 1024;

    /// <summary>From the first byte of a request to the end of its headers.</summary>
    public TimeSpan HeaderPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From an answer to the next request on the same connection, or from the connection to the first. Longer than the usual minute between two scrapes.</summary>
    public TimeSpan IdlePatience { get; init; } = TimeSpan.FromSeconds(75);
}
