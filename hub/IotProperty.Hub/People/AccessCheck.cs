using System.Security.Claims;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotProperty.Hub.People;

/// <summary>Whether what somebody was let in with still holds, by the database as it is now: so that what a command or another hub ends is over at the next request. Scoped.</summary>
internal sealed class AccessCheck(PeopleContext context, IOptions<IdentityOptions> options, TimeProvider time)
{
    public async Task<bool> StillHoldsAsync(ClaimsPrincipal who, CancellationToken cancellationToken)
    {
        if (who.FindFirstValue(ClaimTypes.NameIdentifier) is not { } id)
        {
            return false;
        }

        if (who.Identity?.AuthenticationType == ApiTokenHandler.SchemeName)
        {
            string tokenId = id[ApiTokenHandler.SubjectPrefix.Length..];
            ApiToken? token = await context.ApiTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Id == tokenId, cancellationToken);
            return token?.IsValid(time.GetUtcNow().ToUnixTimeMilliseconds()) == true;
        }

        // The stamp changes with the password and with whatever takes a right away.
        string? stamp = await context.Users.AsNoTracking().Where(p => p.Id == id).Select(p => p.SecurityStamp).SingleOrDefaultAsync(cancellationToken);
        return stamp is not null && who.FindFirstValue(options.Value.ClaimsIdentity.SecurityStampClaimType) == stamp;
    }
}
