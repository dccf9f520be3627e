namespace IotProperty.Protocols.Uplink;

/// <summary>
/// How long a client waits before it connects again: a random part of a longest pause that doubles with each failure, so that the many clients of one server that
/// restarts come back spread over the whole time and not in lockstep. Used by one task; knows no clock and no randomness of its own.
/// </summary>
/// <param name="first">The longest pause after a connection that had settled.</param>
/// <param name="longest">Where the doubling ends.</param>
/// <param name="settled">A useful connection that lasted so long was a good one: the next pause is a first one.</param>
public sealed class ReconnectPause(TimeSpan first, TimeSpan longest, TimeSpan settled)
{
    private const int MaxDoublings = 30;
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);

    private int _doublings = -1;

    /// <summary>The next pause.</summary>
    /// <param name="useful">Whether the connection did what it is for.</param>
    /// <param name="lasted">From its beginning to its end.</param>
    /// <param name="random">Evenly from [0, 1).</param>
    public TimeSpan Next(bool useful, TimeSpan lasted, double random)
    {
        // A short connection proves nothing, even when it was useful: a server that dies under its clients' return is not called back sooner for it. It is not
        // held against the server either.
        _doublings = useful && lasted >= settled ? 0 : useful ? Math.Max(_doublings, 0) : Math.Min(_doublings + 1, MaxDoublings);
        double longestMs = Math.Min(longest.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, _doublings));
        return TimeSpan.FromMilliseconds(Shortest.TotalMilliseconds + (random * Math.Max(0, longestMs - Shortest.TotalMilliseconds)));
    }
}
