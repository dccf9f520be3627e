using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Trends;

/// <summary>One point over time. The curve is drawn in the browser from the API; the newest samples stand below it as a table.</summary>
internal static class TrendPages
{
    private const int TableLength = 20;
    private const int MaxSamplesAtOnce = 20_000;

    /// <summary>The choices of span, in minutes.</summary>
    public static readonly int[] Spans = [15, 60, 6 * 60, 24 * 60, 7 * 24 * 60];

    private static readonly int[] LookBackMinutes = [2, 60, 24 * 60];

    public static void MapTrends(this IEndpointRouteBuilder pages) =>
        pages.MapGet("/trend", async (
            string site, string point, int? minutes, HttpContext context, IRegistry registry, ITelemetryStore telemetry, TimeProvider time) =>
        {
            PlaceNames names = await PlaceNames.ReadAsync(registry, context.RequestAborted);
            if (names.Find(site) is null || point.Split('/') is not [var device, var name])
            {
                return ErrorPage.Result(StatusCodes.Status404NotFound);
            }

            int span = Spans.Contains(minutes ?? 0) ? minutes!.Value : Spans[0];
            PointRef wanted = new(device, name);
            long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            IReadOnlyList<StoredSample> newest = await NewestAsync(telemetry, site, wanted, nowMs, context.RequestAborted);
            return Html.Page<TrendPage>(new { Site = site, Point = wanted, Minutes = span, Names = names, Newest = newest });
        }).Requires(Permission.WatchBuilding);

    /// <summary>Newest first. Looks back in growing steps, because the store reads forward.</summary>
    private static async Task<IReadOnlyList<StoredSample>> NewestAsync(
        ITelemetryStore telemetry, string site, PointRef point, long nowMs, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredSample> found = [];
        foreach (int minutes in LookBackMinutes)
        {
            found = await telemetry.RangeAsync(site, point, nowMs - (minutes * 60_000L), nowMs + 60_000, MaxSamplesAtOnce, cancellationToken);
            if (found.Count >= TableLength)
            {
                break;
            }
        }

        return [.. found.TakeLast(TableLength).Reverse()];
    }
}
