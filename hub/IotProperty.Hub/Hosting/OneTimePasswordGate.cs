using IotProperty.Hub.Pages;
using IotProperty.Hub.People;
using Microsoft.AspNetCore.Authorization;

namespace IotProperty.Hub.Hosting;

/// <summary>
/// Opens to whoever is logged in with a one-time password nothing but the page where they choose their own: others may have read the one that was printed.
/// </summary>
internal sealed class OneTimePasswordGate(RequestDelegate next)
{
    private const string Where = "/account";

    public Task InvokeAsync(HttpContext context)
    {
        if (!context.User.HasClaim(claim => claim.Type == PersonClaims.OneTimePassword)
            || context.GetEndpoint() is not { } endpoint
            || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
            || endpoint.Metadata.GetMetadata<OpenWithOneTimePassword>() is not null)
        {
            return next(context);
        }

        if (Refusals.IsForPrograms(context.Request))
        {
            return Results.Problem(
                statusCode: StatusCodes.Status403Forbidden, title: "One-time password", detail: $"Choose a password of your own at {Where} first; programs use a token.")
                .ExecuteAsync(context);
        }

        if (context.Request.Headers.ContainsKey("HX-Request"))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            context.Response.Headers["HX-Redirect"] = Where;
            return Task.CompletedTask;
        }

        return Html.SeeOther(Where).ExecuteAsync(context);
    }
}

/// <summary>On a route that serves somebody who still has to choose a password.</summary>
internal sealed class OpenWithOneTimePassword;
