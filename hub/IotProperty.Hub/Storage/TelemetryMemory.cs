using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage;

/// <summary>
/// What the telemetry store keeps in memory: the points, their newest sample, and what is not sealed yet. All of it can be read back from the database,
/// which is what the store does after a failed write. Guarded by the store's lock; only its writer changes it.
/// </summary>
internal sealed class TelemetryMemory
{
    public Dictionary<string, TelemetrySite> Sites { get; } = new(StringComparer.Ordinal);

    public Dictionary<long, TelemetrySeries> SeriesById { get; } = [];

    /// <summary>Samples in all heads.</summary>
    public int Unsealed { get; set; }

    /// <summary>Blocks up to this id hold what was taken out of the heads; later ones may be committed already, but their samples are still in the heads.</summary>
    public long SealedThrough { get; set; }

    public TelemetrySite Add(long id, string name)
    {
        TelemetrySite site = new(id, name);
        Sites.Add(name, site);
        return site;
    }

    public TelemetrySeries Add(TelemetrySite site, long id, PointRef point)
    {
        TelemetrySeries series = new(id, point);
        site.Series.Add(point, series);
        SeriesById.Add(id, series);
        return series;
    }
}
