using System.Collections.Immutable;
using IotProperty.Edge.Control;
using IotProperty.Edge.Polling;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>What a site tells the hub about itself.</summary>
public static class SiteCatalogues
{
    /// <summary>The devices, points and rules of a site, in the order of its files, and a device for each line that the edge reports on.</summary>
    public static SiteCatalogue Of(SiteConfiguration site)
    {
        ArgumentNullException.ThrowIfNull(site);
        // Hundreds of devices share a few profiles, and their points are told once.
        Dictionary<DeviceProfile, ImmutableArray<CataloguePoint>> points = new(ReferenceEqualityComparer.Instance);
        foreach (DeviceProfile profile in site.Devices.Select(device => device.Profile).Distinct(ReferenceEqualityComparer.Instance).Cast<DeviceProfile>())
        {
            points.Add(profile, [.. profile.Points.Where(point => !point.Place.IsText).Select(point => new CataloguePoint(point.Id, point.Unit, point.Name, point.Range?.Low, point.Range?.High, point.MaxSilenceMs))]);
        }

        return new SiteCatalogue(
            site.Name,
            site.TimeZone.Id,
            [
                .. site.Devices.Select(device => new CatalogueDevice(
                    device.Id,
                    DeviceKinds.Name(device.Profile.Kind),
                    device.Profile.Id,
                    device.Name,
                    points[device.Profile],
                    CommandRights.Of(site, device))),
                .. site.DiagnosticsEverySeconds == 0 ? [] : site.Lines.Select(line => LineDiagnostics.Catalogue(line, site.DiagnosticsEverySeconds)),
            ],
            [.. site.Alarms.Select(rule => new CatalogueRule(rule.Id, rule.Point, rule.Name, DirectionOf(rule.Direction), rule.Warning, rule.Alarm))]);
    }

    private static RuleDirection DirectionOf(AlarmDirection direction) => direction switch
    {
        AlarmDirection.Below => RuleDirection.Below,
        AlarmDirection.Above => RuleDirection.Above,
        AlarmDirection.Equals => RuleDirection.Equals,
        _ => throw new ArgumentOutOfRangeException(nameof(direction), direction, "not a direction"),
    };
}
