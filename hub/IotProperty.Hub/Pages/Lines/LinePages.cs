using IotProperty.Hub.Overview;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Pages.Lines;

/// <summary>How the edges' lines keep up; follows the live stream.</summary>
internal static class LinePages
{
    public static void MapLines(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/lines", (OverviewReader overview, IRegistry registry, CancellationToken cancellationToken) =>
            ShowAsync<LinesPage>(overview, registry, cancellationToken)).Requires(Permission.WatchBuilding);
        pages.MapGet("/lines/parts", (OverviewReader overview, IRegistry registry, CancellationToken cancellationToken) =>
            ShowAsync<LineParts>(overview, registry, cancellationToken)).Requires(Permission.WatchBuilding);
    }

    private static async Task<IResult> ShowAsync<TComponent>(OverviewReader overview, IRegistry registry, CancellationToken cancellationToken)
        where TComponent : Microsoft.AspNetCore.Components.IComponent
    {
        List<SiteOverview> sites = [];
        foreach (Site site in await registry.SitesAsync(cancellationToken))
        {
            if (await overview.ReadAsync(site.Id, cancellationToken) is { } known)
            {
                sites.Add(known);
            }
        }

        return Html.Page<TComponent>(new { Sites = (IReadOnlyList<SiteOverview>)sites });
    }
}
