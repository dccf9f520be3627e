namespace IotProperty.SystemTests.Chaos.Faults;

/// <summary>What is wrong with the network between two programs.</summary>
public abstract record LinkFault
{
    private LinkFault()
    {
    }

    /// <summary>Nothing.</summary>
    public sealed record None : LinkFault;

    /// <summary>Every connection is reset, and nobody listens any more.</summary>
    public sealed record Refuse : LinkFault;

    /// <summary>Connections open and stay open, and what is sent is swallowed in both directions, as behind a firewall that forgot them. Reset when it ends.</summary>
    public sealed record BlackHole : LinkFault;

    /// <summary>Connections open and stay open; what is sent waits and arrives when it ends, as on a route that is away for a while.</summary>
    public sealed record Stall : LinkFault;

    /// <summary>What the caller sends arrives; what comes back waits and arrives when it ends.</summary>
    public sealed record HoldReplies : LinkFault;

    /// <summary>What is sent arrives so much later, give or take half of it.</summary>
    public sealed record Delay(int Ms) : LinkFault;

    /// <summary>No more than so many bytes a second pass in each direction of a connection.</summary>
    public sealed record Throttle(int BytesPerSecond) : LinkFault;

    /// <summary>After so many more bytes, in the midst of whatever they belong to, every connection is reset; new ones are fine.</summary>
    public sealed record CutAfter(long Bytes) : LinkFault;
}
