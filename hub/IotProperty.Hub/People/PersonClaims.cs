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

    protected override async Task<ClaimsIdentity> GenerateClaimsAsync(Person user)
    {
        ClaimsIdentity identity = await base.GenerateClaimsAsync(user);

        // The policies ask for a role at every site; a grant for one site must never be taken for that.
        List<string> roles = await context.RoleGrants.Where(g => g.PersonId == user.Id && g.Site == RoleGrant.EverySite).Select(g => g.Role).Distinct().ToListAsync();
        identity.AddClaims(roles.Select(role => new Claim(identity.RoleClaimType, role)));
        if (user.HasOneTimePassword)
        {
            identity.AddClaim(new Claim(OneTimePassword, "true"));
        }

        return identity;
    }
}
