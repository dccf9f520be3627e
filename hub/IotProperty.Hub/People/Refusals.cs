using IotProperty.Hub.Audit;
using IotProperty.Hub.Hosting;

namespace IotProperty.Hub.People;

/// <summary>How a request that may not pass is answered: problem details for programs, the login page for people.</summary>
internal static class Refusals
{
    /// <summary>Whether the request comes from a program (or a script of a page) and wants a status, not a page.</summary>
    public static bool IsForPrograms(HttpRequest request) =>
        request.Path.StartsWithSegments("/api") || request.Path.StartsWithSegments("/live") || request.Path.StartsWithSegments("/metrics");

    /// <param name="context">Of the request.</param>
    /// <param name="whyNoToken">Why the token that it shows is refused; null: it shows none.</param>
    public static async Task NotLoggedInAsync(HttpContext context, string? whyNoToken = null)
    {
        if (whyNoToken is not null)
        {
            await TellAsync(context, AuditAction.TokenRefused, whyNoToken);
        }

        if (IsForPrograms(context.Request))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Results.Problem(
                statusCode: StatusCodes.Status401Unauthorized,
                title: "Not logged in",
                detail: "Send 'Authorization: Bearer TOKEN' with a token that is known and not expired (iotp-hub token create), or log in at /login.")
                .ExecuteAsync(context);
            return;
        }

        string login = "/login?returnUrl=" + Uri.EscapeDataString(context.Request.Path + context.Request.QueryString);
        if (context.Request.Headers.ContainsKey("HX-Request"))
        {
            // A part of a page is fetched: the whole page has to go to the login, not the part.
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers["HX-Redirect"] = "/login";
            return;
        }

        context.Response.Redirect(login);
    }

    /// <param name="context">Of the request.</param>
    /// <param name="atThisSite">The sender holds the permission, but not at the site that the request names.</param>
    public static Task NotAllowedAsync(HttpContext context, bool atThisSite = false) =>
        NotAllowedAsync(context, context.GetEndpoint()?.Metadata.GetMetadata<PermissionMetadata>(), atThisSite);

    /// <summary>The route let the sender in, and what the body asks for needs another permission at the site.</summary>
    public static Task NotAllowedAsync(HttpContext context, Permission needed) => NotAllowedAsync(context, new PermissionMetadata(needed), atThisSite: true);

    private static async Task NotAllowedAsync(HttpContext context, PermissionMetadata? needed, bool atThisSite)
    {
        await TellAsync(context, AuditAction.Refused, $"needs {needed}{(atThisSite ? " at this site" : "")}");
        string roles = needed is null ? Roles.Administrator : string.Join(", ", needed.Roles);
        if (!IsForPrograms(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        await Results.Problem(
            statusCode: StatusCodes.Status403Forbidden,
            title: "Not allowed",
            detail: $"This needs one of the roles: {roles}{(atThisSite ? ", at this site" : "")}; a token may hold fewer permissions than its role.").ExecuteAsync(context);
    }

    /// <summary>Puts a refusal on the audit log, within the bounds of <see cref="RefusalBook"/>.</summary>
    public static ValueTask TellAsync(HttpContext context, string action, string why)
    {
        Actor who = Acting.Current;
        bool isKnown = who.Kind != ActorKind.Stranger;

        // Not cancelled with the request: whoever hangs up at once is told of as well.
        return context.RequestServices.GetRequiredService<RefusalBook>().TellAsync(
            new RefusedRequest(action, isKnown ? $"{who.Kind} {who.Name}" : RequestRates.AddressOf(context), isKnown, who, $"{context.Request.Method} {context.Request.Path}", why),
            CancellationToken.None);
    }
}
