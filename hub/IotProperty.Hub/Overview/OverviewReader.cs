using IotProperty.Hub.Alarms;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Overview;

/// <summary>Puts a site's overview together from what is committed. Scoped.</summary>
public sealed class OverviewReader(IRegistry registry, ITelemetryStore telemetry, IAlarmDesk alarms, TimeProvider time)
{
    public const int MaxAlarms = 1000;

    /// <summary>Null when there is no such site.</summary>
    public async Task<SiteOverview?> ReadAsync(string siteId, CancellationToken cancellationToken)
    {
        Site? site = await registry.FindSiteAsync(siteId, cancellationToken);
        if (site is null)
        {
            return null;
        }

        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        EdgeRecord? edge = await registry.FindEdgeAsync(siteId, cancellationToken);
        Page<Alarm> active = await alarms.ListAsync(siteId, true, new PageRequest(null, MaxAlarms), cancellationToken);
        Dictionary<PointRef, StoredSample> latest = (await telemetry.LatestAsync(siteId, cancellationToken)).ToDictionary(l => l.Point, l => l.Sample);

        // An edge whose hub was killed stays online by its last word; only what it brings tells whether it is there.
        long newestMs = latest.Values.Select(sample => sample.TimeMs).DefaultIfEmpty(0).Max();
        long? heardMs = edge?.LastSeenMs is { } stateMs ? Math.Max(stateMs, newestMs) : newestMs > 0 ? newestMs : null;
        bool online = FreshnessRule.EdgeIsOnline(edge?.Online == true, heardMs, nowMs);
        DeviceOverview[] all = [.. (edge?.Catalogue?.Devices.AsEnumerable() ?? []).Select(device => OverviewOf(device, edge!.Catalogue!.Rules, latest, online, nowMs))];
        DeviceOverview[] devices = [.. all.Where(device => device.Kind != LineOverview.Kind)];
        return new SiteOverview(
            site,
            new EdgeHealth(online, heardMs, edge?.Epoch ?? 0, edge?.Version ?? ""),
            devices,
            [.. all.Where(device => device.Kind == LineOverview.Kind).Select(line => LineOverview.Of(line, devices))],
            active.Items.Count,
            nowMs);
    }

    private static DeviceOverview OverviewOf(
        CatalogueDevice device, IEnumerable<CatalogueRule> rules, Dictionary<PointRef, StoredSample> latest, bool online, long nowMs) => new(
        device.Id,
        device.Kind,
        device.Profile,
        device.Name,
        [
            .. device.Points.Select(point =>
            {
                StoredSample? sample = latest.TryGetValue(new PointRef(device.Id, point.Id), out StoredSample known) ? known : null;
                double? value = sample is { Value: var v } && !double.IsNaN(v) ? v : null;
                return new PointOverview(
                    point.Id, point.Name, point.Unit, value, sample?.TimeMs, sample?.Quality, FreshnessRule.Of(sample, online, nowMs, point.MaxSilenceMs), point.RangeLow, point.RangeHigh);
            }),
        ],
        [.. rules.Where(rule => rule.Point.Device == device.Id)]);
}
