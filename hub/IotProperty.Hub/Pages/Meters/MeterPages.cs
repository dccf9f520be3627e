using IotProperty.Hub.Billing;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Meters;

/// <summary>The meters and their readings.</summary>
internal static class MeterPages
{
    private const int ReadingsLength = 200;
    private const long LongestLookBackMs = 31L * 24 * 3600 * 1000;

    private static readonly PageRequest Many = new(null, PageRequest.MaxLimit);

    public static void MapMeters(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/meters", ListAsync).Requires(Permission.SeeMeters);
        pages.MapGet("/meters/{site}/{device}/{register}", ShowAsync).Requires(Permission.SeeMeters);
    }

    private static async Task<IResult> ListAsync(IBillingDesk billing, IRegistry registry, CancellationToken cancellationToken)
    {
        PlaceNames names = await PlaceNames.ReadAsync(registry, cancellationToken);
        Dictionary<(string, string, string), string> units = await UnitNumbersAsync(billing, registry, cancellationToken);
        List<MeterRow> rows = [];
        foreach (Site site in names.Sites)
        {
            IReadOnlyList<StoredReading> newest = await billing.LatestReadingsAsync(site.Id, cancellationToken);
            rows.AddRange(RowsOf(site.Id, names, newest, units));
        }

        return Html.Page<MeterListPage>(new { Rows = (IReadOnlyList<MeterRow>)rows, Names = names });
    }

    /// <summary>The declared meters in the order of the site's files, then those that are read no more.</summary>
    private static IEnumerable<MeterRow> RowsOf(
        string site, PlaceNames names, IReadOnlyList<StoredReading> newest, Dictionary<(string, string, string), string> units)
    {
        ILookup<string, StoredReading> byDevice = newest.OrderBy(reading => reading.Register, StringComparer.Ordinal).ToLookup(reading => reading.Device);
        MeterRow RowOf(StoredReading reading, CatalogueDevice? device) =>
            new(site, reading.Device, device, reading, units.GetValueOrDefault((site, reading.Device, reading.Register)));

        foreach (CatalogueDevice device in names.Devices(site))
        {
            if (byDevice.Contains(device.Id))
            {
                foreach (StoredReading reading in byDevice[device.Id])
                {
                    yield return RowOf(reading, device);
                }
            }
            else if (device.Kind.EndsWith("-meter", StringComparison.Ordinal))
            {
                yield return new MeterRow(site, device.Id, device, null, null);
            }
        }

        foreach (StoredReading reading in newest.Where(reading => names.Device(site, reading.Device) is null))
        {
            yield return RowOf(reading, null);
        }
    }

    private static async Task<IResult> ShowAsync(
        string site, string device, string register, IBillingDesk billing, IRegistry registry, TimeProvider time, CancellationToken cancellationToken)
    {
        PlaceNames names = await PlaceNames.ReadAsync(registry, cancellationToken);
        if (names.Find(site) is null)
        {
            return ErrorPage.Result(StatusCodes.Status404NotFound);
        }

        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        IReadOnlyList<StoredReading> readings = await NewestAsync(billing, site, device, register, nowMs, cancellationToken);
        Dictionary<(string, string, string), string> units = await UnitNumbersAsync(billing, registry, cancellationToken);
        string? unit = units.GetValueOrDefault((site, device, register));
        return Html.Page<MeterPage>(new { Site = site, Device = device, Register = register, Names = names, Readings = readings, UnitNumber = unit });
    }

    /// <summary>Newest first. The desk reads forward, so this looks back in growing steps.</summary>
    private static async Task<IReadOnlyList<StoredReading>> NewestAsync(
        IBillingDesk billing, string site, string device, string register, long nowMs, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredReading> found = [];
        for (long spanMs = 10 * 60_000; spanMs <= LongestLookBackMs && found.Count < ReadingsLength; spanMs *= 12)
        {
            found = (await billing.ReadingsAsync(site, device, register, nowMs - spanMs, nowMs + 60_000, Many, cancellationToken)).Items;
        }

        return [.. found.TakeLast(ReadingsLength).Reverse()];
    }

    private static async Task<Dictionary<(string Site, string Device, string Register), string>> UnitNumbersAsync(
        IBillingDesk billing, IRegistry registry, CancellationToken cancellationToken)
    {
        Dictionary<string, string> numbers = (await registry.UnitsAsync(null, Many, cancellationToken)).Items.ToDictionary(unit => unit.Id, unit => unit.Number);
        Dictionary<string, string> points = (await billing.ServicePointsAsync(null, Many, cancellationToken)).Items.ToDictionary(point => point.Id, point => point.Unit);
        Dictionary<(string, string, string), string> found = [];
        foreach (MeterInstallation installation in (await billing.InstallationsAsync(null, Many, cancellationToken)).Items.Where(i => i.ToMs is null))
        {
            if (points.TryGetValue(installation.ServicePoint, out string? unit) && numbers.TryGetValue(unit, out string? number))
            {
                found[(installation.Site, installation.Device, installation.Register)] = number;
            }
        }

        return found;
    }
}
