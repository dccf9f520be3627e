using System.Security.Claims;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotProperty.Hub.People;

/// <summary>Turns a person into the principal of the login cookie, with a claim for each role.</summary>
public sealed class PersonClaims(UserManager<Person> users, PeopleContext context, IOptions<IdentityOptions> options)
    : UserClaimsPrincipalFactory<Person>(users, options)
{
    /// <summary>Present while the password is the one that the hub printed.</summary>
    public const string OneTimePassword = "iotp:one-time-password";

    /// <summary>A role at one site: <c>ROLE@SITE</c>. Roles at every site are ordinary role claims.</summary>
    public const string RoleAtSite = "iotp:role-at-site";

    /// <summary>A token's permission, where it does not hold all of its role's.</summary>
    public const string OnlyPermission = "iotp:only-permission";

    protected override async Task<ClaimsIdentity> GenerateClaimsAsync(Person user)
    {
        ClaimsIdentity identity = await base.GenerateClaimsAsync(user);

        // A grant for one site must never be taken for the role at all of them, so it is a claim of another kind.
        List<RoleGrant> grants = await context.RoleGrants.AsNoTracking().Where(g => g.PersonId == user.Id).ToListAsync();
        identity.AddClaims(grants.Select(g => g.Site == RoleGrant.EverySite ? new Claim(identity.RoleClaimType, g.Role) : new Claim(RoleAtSite, $"{g.Role}@{g.Site}")));
        if (user.HasOneTimePassword)
        {
            identity.AddClaim(new Claim(OneTimePassword, "true"));
        }

        return identity;
    }
}
