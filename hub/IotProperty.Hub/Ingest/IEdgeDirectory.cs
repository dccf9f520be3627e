using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>What the hub knows of its edges from their state messages. Safe for callers on any task.</summary>
public interface IEdgeDirectory
{
    /// <summary>
    /// Takes a state message or will in the order of arrival and keeps the newest: one of an older epoch than the known one changes nothing and
    /// returns false. A will carries no catalogue; the known one is kept. Returns whether anything changed that a page could show.
    /// </summary>
    ValueTask<bool> TakeStateAsync(EdgeState state, CancellationToken cancellationToken);

    /// <summary>Notes that something just came from the site's edge, so that silence can be told from absence. Costs no disk access.</summary>
    void Heard(string site);
}
