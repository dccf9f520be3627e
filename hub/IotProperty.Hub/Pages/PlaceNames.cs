using IotProperty.Hub.Registry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages;

/// <summary>The names that pages give to sites, devices and points, as the edges declared them. Read once for a request.</summary>
public sealed class PlaceNames
{
    private readonly Dictionary<string, Site> _sites;
    private readonly Dictionary<string, SiteCatalogue> _catalogues;

    private PlaceNames(IReadOnlyList<Site> sites, IEnumerable<EdgeRecord> edges)
    {
        Sites = sites;
        _sites = sites.ToDictionary(site => site.Id);
        _catalogues = edges.Where(edge => edge.Catalogue is not null).ToDictionary(edge => edge.Site, edge => edge.Catalogue!);
    }

    public IReadOnlyList<Site> Sites { get; }

    /// <summary>Whether lists have to say which site a row is of.</summary>
    public bool HasSeveralSites => Sites.Count > 1;

    public static async Task<PlaceNames> ReadAsync(IRegistry registry, CancellationToken cancellationToken) =>
        new(await registry.SitesAsync(cancellationToken), await registry.EdgesAsync(cancellationToken));

    public Site? Find(string site) => _sites.GetValueOrDefault(site);

    public SiteTime Time(string site) => new(_sites.TryGetValue(site, out Site? found) ? found.TimeZone : "UTC");

    public string SiteName(string site) => _sites.TryGetValue(site, out Site? found) ? Words.Of(found.Name) : site;

    public IEnumerable<CatalogueDevice> Devices(string site) => _catalogues.TryGetValue(site, out SiteCatalogue? catalogue) ? catalogue.Devices : [];

    public CatalogueDevice? Device(string site, string device) => Devices(site).FirstOrDefault(d => d.Id == device);

    public CataloguePoint? Point(string site, PointRef point) => Device(site, point.Device)?.Points.FirstOrDefault(p => p.Id == point.Point);

    public IEnumerable<CatalogueRule> Rules(string site, PointRef point) =>
        _catalogues.TryGetValue(site, out SiteCatalogue? catalogue) ? catalogue.Rules.Where(rule => rule.Point == point) : [];

    public string DeviceName(string site, string device) => Device(site, device) is { } known ? Words.Of(known.Name) : device;

    public string PointName(string site, PointRef point) => Point(site, point) is { } known ? Words.Of(known.Name) : point.Point;
}
