using System.Net;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.SystemTests.Chaos.Faults;

namespace IotProperty.SystemTests.Chaos.Rig;

/// <summary>Everything beyond the edge's uplink: one hub alone, or replicas with their broker and databases.</summary>
public interface IHubSide : IAsyncDisposable
{
    /// <summary>What can be killed and held; the first is a hub.</summary>
    IReadOnlyList<ChaosPart> Parts { get; }

    /// <summary>The network between them, by name.</summary>
    IReadOnlyDictionary<string, FaultProxy> Links { get; }

    /// <summary>Where edges connect; may change when a part is started again, and then <see cref="UplinkMoved"/> tells.</summary>
    IPEndPoint Uplink { get; }

    /// <summary>Called with the new place after a start.</summary>
    Action<IPEndPoint>? UplinkMoved { get; set; }

    /// <summary>How long after the last fault the hubs may still put things right by themselves: what is missing then stays missing.</summary>
    TimeSpan SettlesWithin { get; }

    /// <summary>By how much of itself a stored value may differ from what was sent; 0 where the store keeps every bit.</summary>
    double RelativeError { get; }

    /// <summary>A client of a hub that runs now.</summary>
    HubApi Api { get; }

    /// <summary>Starts everything and lets the edge of a site in; returns its user name and password.</summary>
    Task<(string User, string Password)> StartAsync(string site, CancellationToken cancellationToken);
}
