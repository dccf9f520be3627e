using IotProperty.Hub.Registry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Overview;

/// <summary>How a site stands: every device of its catalogue with its newest values.</summary>
/// <param name="Site">The site.</param>
/// <param name="Edge">Its edge.</param>
/// <param name="Devices">In the catalogue's order, without the lines.</param>
/// <param name="Lines">The lines on which the devices are: what the edge says of its own polling.</param>
/// <param name="ActiveAlarms">How many alarms want attention, at most <see cref="OverviewReader.MaxAlarms"/>.</param>
/// <param name="AtMs">When this was put together, by the hub's clock; milliseconds since the Unix epoch, UTC.</param>
public sealed record SiteOverview(
    Site Site, EdgeHealth Edge, IReadOnlyList<DeviceOverview> Devices, IReadOnlyList<LineOverview> Lines, int ActiveAlarms, long AtMs);

/// <param name="Online">Connected by its own word, and heard of within <see cref="FreshnessRule.EdgeSilenceMs"/>.</param>
/// <param name="LastSeenMs">Its newest state or sample; null: never.</param>
/// <param name="Epoch">Its boot epoch.</param>
/// <param name="Version">Of its program.</param>
public sealed record EdgeHealth(bool Online, long? LastSeenMs, long Epoch, string Version);

/// <param name="Id">At the edge.</param>
/// <param name="Kind"><c>lift</c>, <c>fire-pump</c>, … as the profile says.</param>
/// <param name="Profile">The profile's id.</param>
/// <param name="Name">For people.</param>
/// <param name="Points">In the profile's order.</param>
/// <param name="Rules">The alarm rules that watch them.</param>
public sealed record DeviceOverview(
    string Id, string Kind, string Profile, LocalText Name, IReadOnlyList<PointOverview> Points, IReadOnlyList<CatalogueRule> Rules)
{
    /// <summary>The point, or null when the device has none of this name.</summary>
    public PointOverview? Point(string id) => Points.FirstOrDefault(point => point.Id == id);
}

/// <param name="Id">Within its device.</param>
/// <param name="Name">For people.</param>
/// <param name="Unit">Empty when it has none.</param>
/// <param name="Value">The newest value; null when there never was one.</param>
/// <param name="TimeMs">Its event time; null when there never was one.</param>
/// <param name="Quality">What the edge said of it; null when there never was one.</param>
/// <param name="Freshness">Whether it may be taken for how things are now.</param>
/// <param name="RangeLow">The least value that the profile allows; null when it sets no range.</param>
/// <param name="RangeHigh">The greatest one.</param>
public sealed record PointOverview(
    string Id, LocalText Name, string Unit, double? Value, long? TimeMs, Quality? Quality, Freshness Freshness, double? RangeLow, double? RangeHigh)
{
    /// <summary>The value, when it may be taken for how things are now.</summary>
    public double? Now => Freshness == Freshness.Fresh ? Value : null;
}
