using IotProperty.Hub.Access;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Overview;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Pages.Overview;

/// <summary>The site at a glance.</summary>
internal static class OverviewPages
{
    private const int MaxAlarms = 5;
    private const int MaxAccessEvents = 20;

    public static void MapOverview(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/", async (IRegistry registry, CancellationToken cancellationToken) =>
        {
            IReadOnlyList<Site> sites = await registry.SitesAsync(cancellationToken);
            return sites.Count == 1 ? Results.Redirect($"/sites/{sites[0].Id}") : Html.Page<SitesPage>(new { Sites = sites });
        }).Requires(Permission.WatchBuilding);
        pages.MapGet("/sites/{site}", (string site, HttpContext context, OverviewReader overview, IAlarmDesk alarms, IAccessLog access) =>
            ShowAsync<OverviewPage>(site, context, overview, alarms, access)).Requires(Permission.WatchBuilding);
        pages.MapGet("/sites/{site}/parts", (string site, HttpContext context, OverviewReader overview, IAlarmDesk alarms, IAccessLog access) =>
            ShowAsync<OverviewParts>(site, context, overview, alarms, access)).Requires(Permission.WatchBuilding);
    }

    private static async Task<IResult> ShowAsync<TComponent>(
        string siteId, HttpContext context, OverviewReader overview, IAlarmDesk alarms, IAccessLog access)
        where TComponent : Microsoft.AspNetCore.Components.IComponent
    {
        SiteOverview? site = await overview.ReadAsync(siteId, context.RequestAborted);
        if (site is null)
        {
            return ErrorPage.Result(StatusCodes.Status404NotFound);
        }

        Page<Alarm> active = await alarms.ListAsync(siteId, true, new PageRequest(null, MaxAlarms), context.RequestAborted);
        IReadOnlyList<AccessEventRecord> passages = context.User.May(Permission.SeeAccess, siteId)
            ? (await access.ListAsync(siteId, new PageRequest(null, MaxAccessEvents), context.RequestAborted)).Items
            : [];
        return Html.Page<TComponent>(new { Site = site, Alarms = active.Items, Passages = passages });
    }
}
