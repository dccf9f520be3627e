using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace IotProperty.Hub.People;

/// <summary>Takes <c>Authorization: Bearer …</c>.</summary>
public sealed class ApiTokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ApiTokens tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "bearer-token";

    /// <summary>Before a token's id, where a person's principal has their id.</summary>
    public const string SubjectPrefix = "token:";

    private const string BearerPrefix = "Bearer ";

    public static bool IsBearer(HttpRequest request) =>
        request.Headers.Authorization.ToString().StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!IsBearer(Request))
        {
            return AuthenticateResult.NoResult();
        }

        string text = Request.Headers.Authorization.ToString()[BearerPrefix.Length..].Trim();
        (ApiToken? token, string? refusal) = await tokens.RecogniseAsync(text, Context.RequestAborted);
        if (token is null)
        {
            return AuthenticateResult.Fail(refusal!);
        }

        ClaimsIdentity identity = new([new Claim(ClaimTypes.NameIdentifier, SubjectPrefix + token.Id), new Claim(ClaimTypes.Name, token.Name)], SchemeName);
        identity.AddClaims(token.Sites == RoleGrant.EverySite
            ? [new Claim(ClaimTypes.Role, token.Role)]
            : token.Sites.Split(' ').Select(site => new Claim(PersonClaims.RoleAtSite, $"{token.Role}@{site}")));
        identity.AddClaims(token.Permissions.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => new Claim(PersonClaims.OnlyPermission, name)));
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties) =>
        await Refusals.NotLoggedInAsync(Context, (await HandleAuthenticateOnceSafeAsync()).Failure?.Message);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Refusals.NotAllowedAsync(Context);
}
