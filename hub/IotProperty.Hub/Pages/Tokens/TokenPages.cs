using IotProperty.Hub.People;

namespace IotProperty.Hub.Pages.Tokens;

/// <summary>The tokens of programs: what each may do, until when, when it was used, and the button that ends it. They are made on the command line.</summary>
internal static class TokenPages
{
    public static void MapTokens(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/tokens", async (ApiTokens tokens, TimeProvider time, CancellationToken cancellationToken) =>
            Html.Page<TokenListPage>(new { Tokens = await tokens.ListAsync(cancellationToken), NowMs = time.GetUtcNow().ToUnixTimeMilliseconds() }))
            .Requires(Permission.ManageAccess);
        pages.MapPost("/tokens/{id}/revoke", async (string id, ApiTokens tokens, CancellationToken cancellationToken) =>
            await tokens.RevokeAsync(id, cancellationToken) ? Html.SeeOther("/tokens") : ErrorPage.Result(StatusCodes.Status404NotFound))
            .Requires(Permission.ManageAccess);
    }
}
