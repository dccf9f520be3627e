using System.Security.Claims;
using IotProperty.Hub.Audit;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Hosting;

/// <summary>Says, after authentication and before anything else, on whose behalf the rest of the request runs.</summary>
internal sealed class ActingMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Acting.As(ActorOf(context));
        await next(context);
    }

    private static Actor ActorOf(HttpContext context)
    {
        string origin = context.Connection.RemoteIpAddress?.ToString() ?? "";
        if (context.User.Identity is not { IsAuthenticated: true, Name: { } name } identity)
        {
            return new Actor(ActorKind.Stranger, "", origin);
        }

        // Tokens may bear the same name; the end of the id tells them apart.
        return identity.AuthenticationType == ApiTokenHandler.SchemeName
            ? new Actor(ActorKind.Token, $"{name}#{context.User.FindFirstValue(ClaimTypes.NameIdentifier)![^8..]}", origin)
            : new Actor(ActorKind.Person, name, origin);
    }
}
