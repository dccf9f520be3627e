using System.Diagnostics;

namespace IotProperty.Hub.Live;

/// <summary>What changed, so that a page which shows it can fetch it anew. Carries no data: the page reads the store, so it never shows what is not committed.</summary>
public enum LiveKind : byte
{
    Telemetry,
    Alarm,
    WorkOrder,
    Access,
    Reading,
    Invoice,
    Edge,

    /// <summary>Too much changed to say: fetch everything anew. Site and id are empty.</summary>
    Everything,

    /// <summary>A command was ordered or answered.</summary>
    Command,
}

/// <param name="Kind">What changed.</param>
/// <param name="Site">Where.</param>
/// <param name="Id">The record that changed; empty when many did (telemetry).</param>
public readonly record struct LiveEvent(LiveKind Kind, string Site, string Id)
{
    /// <summary>The span that made the change, where it is recorded. No part of the news: the same news from two causes is one.</summary>
    public ActivityContext Cause { get; init; }

    public bool Equals(LiveEvent other) => Kind == other.Kind && Site == other.Site && Id == other.Id;

    public override int GetHashCode() => HashCode.Combine(Kind, Site, Id);
}

/// <summary>
/// From those who commit to those who watch. Safe on any task. Publishing never waits: a watcher that falls behind has its queue replaced by a request to
/// fetch everything anew.
/// </summary>
public interface ILiveFeed
{
    /// <summary>Called after the commit, never before.</summary>
    void Publish(LiveEvent change);

    /// <summary>Everything from now on, until the token is cancelled.</summary>
    IAsyncEnumerable<LiveEvent> WatchAsync(CancellationToken cancellationToken);
}
