using IotProperty.Hub.People;
using Microsoft.AspNetCore.Antiforgery;

namespace IotProperty.Hub.Hosting;

/// <summary>
/// Demands an antiforgery token of every request that changes something, unless it is carried by a bearer token or its route takes nothing from cookies: a browser
/// sends cookies along by itself, a bearer token never. One place for pages and API, the login included, so that no route can forget it.
/// </summary>
public sealed class CookieWriteGuard(RequestDelegate next, IAntiforgery antiforgery)
{
    public async Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        bool changesNothing = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method);
        if (changesNothing || context.GetEndpoint()?.Metadata.GetMetadata<NoCookieMetadata>() is not null || ApiTokenHandler.IsBearer(context.Request) || await antiforgery.IsRequestValidAsync(context))
        {
            await next(context);
            return;
        }

        await Results.Problem(
            statusCode: StatusCodes.Status400BadRequest,
            title: "Antiforgery token missing or old",
            detail: "Reload the page and send the form again. Programs use a bearer token instead of the login cookie.").ExecuteAsync(context);
    }
}
