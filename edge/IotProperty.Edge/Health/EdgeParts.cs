using IotProperty.Edge.Access;
using IotProperty.Edge.Alarms;
using IotProperty.Edge.Control;
using IotProperty.Edge.Enrolment;
using IotProperty.Edge.Hosting;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Uplink;
using IotProperty.Tracing;

namespace IotProperty.Edge.Health;

/// <summary>What health and metrics look at. Every member tells its figures to callers on any task.</summary>
/// <param name="StoreRuns">Whether the store's task still runs.</param>
public sealed record EdgeParts(
    SiteConfiguration Site,
    string Version,
    EdgeClock Clock,
    IReadOnlyList<LineRunner> Lines,
    Func<UplinkSnapshot> Uplink,
    Func<AlarmCounters> Alarms,
    Func<AccessCounters> Access,
    Func<CommandSnapshot> Commands,
    ReadingService Readings,
    ClockWatch ClockWatch,
    Func<bool> StoreRuns)
{
    /// <summary>What became of the traces; null without them.</summary>
    internal TraceCounters? Traces { get; init; }

    /// <summary>Null where the edge has a password.</summary>
    public Func<CertificateSnapshot>? Certificate { get; init; }
}
