using IotProperty.Hub.People;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Pages.Reconciliation;

/// <summary>What the edge recorded against what the hub received, hour by hour; and the same as a file.</summary>
internal static class ReconciliationPages
{
    public static void MapReconciliationPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/reconciliation", ShowAsync).Requires(Permission.WatchBuilding);
        pages.MapGet("/reconciliation.csv", DownloadAsync).Requires(Permission.WatchBuilding);
    }

    private static async Task<IResult> ShowAsync(string? site, string? from, string? to, HttpContext context, IRegistry registry, ReconciliationDesk desk, TimeProvider time)
    {
        PlaceNames names = await PlaceNames.ReadAsync(registry, context.RequestAborted);
        if (names.Sites.Count == 0)
        {
            return Html.Page<ReconciliationPage>(new { Names = names });
        }

        (ReconciliationQuery query, string? problem, int status) = Read(site, from, to, names, time);
        if (problem is not null)
        {
            return Html.Page<ReconciliationPage>(new { Names = names, Query = query, Problem = problem }, status);
        }

        SiteReconciliation found = await desk.CompareAsync(query.Site, query.Period.FromMs, query.Period.ToMs, context.RequestAborted);
        return Html.Page<ReconciliationPage>(new { Names = names, Query = query, Found = found });
    }

    private static async Task<IResult> DownloadAsync(
        string? site, string? from, string? to, HttpContext context, IRegistry registry, ReconciliationDesk desk, TimeProvider time)
    {
        PlaceNames names = await PlaceNames.ReadAsync(registry, context.RequestAborted);
        if (names.Sites.Count == 0)
        {
            return ErrorPage.Result(StatusCodes.Status404NotFound);
        }

        (ReconciliationQuery query, string? problem, int status) = Read(site, from, to, names, time);
        if (problem is not null)
        {
            return Html.Page<ReconciliationPage>(new { Names = names, Query = query, Problem = problem }, status);
        }

        SiteReconciliation found = await desk.CompareAsync(query.Site, query.Period.FromMs, query.Period.ToMs, context.RequestAborted);
        SiteTime zone = names.Time(query.Site);
        string name = $"reconciliation-{query.Site}-{zone.Day(query.Period.FromMs)}-{zone.Day(query.Period.ToMs - 1)}.csv";
        return Results.Stream(body => ReconciliationCsv.WriteAsync(body, found, context.RequestAborted), "text/csv; charset=utf-8", name);
    }

    private static (ReconciliationQuery Query, string? Problem, int Status) Read(string? site, string? from, string? to, PlaceNames names, TimeProvider time)
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        string known = string.IsNullOrEmpty(site) || names.Find(site) is null ? names.Sites[0].Id : site;
        ReconciliationPeriod period = ReconciliationPeriod.Read(from, to, names.Time(known), nowMs, out string? problem);
        if (!string.IsNullOrEmpty(site) && known != site)
        {
            string shown = site.Length <= 80 ? site : site[..80] + "…";
            return (new ReconciliationQuery(known, period, nowMs), Words.T("reconciliation.no-site", "site", shown), StatusCodes.Status404NotFound);
        }

        return (new ReconciliationQuery(known, period, nowMs), problem, problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }
}

/// <summary>What the page was asked for.</summary>
/// <param name="Site">The id of a site that is known.</param>
/// <param name="Period">Its hours.</param>
/// <param name="NowMs">The hub's clock; milliseconds since the Unix epoch, UTC.</param>
public sealed record ReconciliationQuery(string Site, ReconciliationPeriod Period, long NowMs);
