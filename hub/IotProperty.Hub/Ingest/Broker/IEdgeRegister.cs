namespace IotProperty.Hub.Ingest.Broker;

/// <summary>
/// Which sites have an edge. Behind a broker it is the broker that checks who an edge is; the hub still takes nothing of a site that it has given no edge.
/// </summary>
public interface IEdgeRegister
{
    /// <summary>Whether an edge was ever added for this site (<c>iotp-hub edge add</c>).</summary>
    ValueTask<bool> KnowsAsync(string site, CancellationToken cancellationToken);
}
