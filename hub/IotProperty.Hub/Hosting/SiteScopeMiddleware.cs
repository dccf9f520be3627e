using IotProperty.Hub.People;

namespace IotProperty.Hub.Hosting;

/// <summary>
/// After authorisation: narrows what the request sees of the ledger to the sites at which its sender holds the permission of the route, and refuses a request that names
/// another site in its path or query. A site that does not exist is refused like one of others, so that nobody learns which there are.
/// </summary>
internal sealed class SiteScopeMiddleware(RequestDelegate next)
{
    private const string Site = "site";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<PermissionMetadata>() is { } needed && context.User.Identity?.IsAuthenticated == true)
        {
            SiteScope scope = context.User.ScopeOf(needed);
            SiteScope.Enter(scope);
            if (NamedSites(context).Any(site => !scope.Holds(site)))
            {
                await Refusals.NotAllowedAsync(context, atThisSite: true);
                return;
            }
        }

        await next(context);
    }

    private static IEnumerable<string> NamedSites(HttpContext context)
    {
        IEnumerable<string?> named = context.Request.Query[Site];
        return named.Append(context.GetRouteValue(Site) as string).OfType<string>().Where(site => site.Length > 0);
    }
}
