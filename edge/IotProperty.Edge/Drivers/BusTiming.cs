namespace IotProperty.Edge.Drivers;

/// <summary>When a protocol may speak on a bus and how long it listens; from the protocol's specification and the line's speed.</summary>
public sealed record BusTiming
{
    /// <summary>The silence in front of a request, since the last byte that anybody sent.</summary>
    public required TimeSpan Silence { get; init; }

    /// <summary>The silence that ends a disturbance: after a time-out or noise the line is listened to until it was silent for so long.</summary>
    public required TimeSpan Recovery { get; init; }

    /// <summary>The longest pause inside an answer; after it, what is not yet a frame is noise.</summary>
    public required TimeSpan Gap { get; init; }

    /// <summary>How often a request is sent again, unchanged, when nothing sound came. 0 where the next poll follows soon; broadcasts are never sent again.</summary>
    public int Retries { get; init; }

    /// <summary>How long a line needs for <paramref name="characters"/> characters.</summary>
    /// <param name="bitsPerCharacter">Start, data, parity and stop bits together.</param>
    public static TimeSpan Characters(double characters, int baud, int bitsPerCharacter) =>
        TimeSpan.FromTicks((long)Math.Ceiling(characters * bitsPerCharacter * TimeSpan.TicksPerSecond / baud));
}
