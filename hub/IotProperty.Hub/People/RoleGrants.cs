using IotProperty.Hub.Audit;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>
/// Gives roles to people and takes them back, at every site or at one. A role that was given counts within a minute in open logins; one that was taken ends them at their
/// next request, and the person's tokens that were made from it. Scoped: one caller at a time.
/// </summary>
public sealed class RoleGrants(UserManager<Person> users, PeopleContext context, PersonLock people, ApiTokens tokens, AuditBook audit, TimeProvider time)
{
    public static bool IsWholeAdministrator(RoleGrant grant)
    {
        ArgumentNullException.ThrowIfNull(grant);
        return grant is { Role: Roles.Administrator, Site: RoleGrant.EverySite };
    }

    /// <param name="name">Whose.</param>
    /// <param name="role">One of <see cref="Roles.All"/>.</param>
    /// <param name="sites">Null or empty: every site.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Why not, or null.</returns>
    public async Task<string?> GrantAsync(string name, string role, IReadOnlyList<string>? sites, CancellationToken cancellationToken)
    {
        string[] at = SitesOf(sites);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (await people.TakeAsync(name, cancellationToken) is not { } person)
        {
            return PersonLock.Unknown(name);
        }

        if (await people.WhyNoSiteAsync(at, cancellationToken) is { } unknown)
        {
            return unknown;
        }

        List<RoleGrant> held = await HeldAsync(person, role, cancellationToken);
        if (at.FirstOrDefault(site => held.Any(g => g.Site == site || g.Site == RoleGrant.EverySite)) is { } already)
        {
            return $"{person.UserName}: is {role} at {Words(held.Any(g => g.Site == already) ? already : RoleGrant.EverySite)} already — leave it out";
        }

        context.RoleGrants.AddRange(at.Select(site => new RoleGrant { PersonId = person.Id, Role = role, Site = site }));
        person.ChangedMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        PersonLock.Require(await users.UpdateAsync(person));
        await AuditAsync(AuditAction.RoleGranted, person, role, at, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>As <see cref="GrantAsync"/>, the other way.</summary>
    public async Task<string?> RevokeAsync(string name, string role, IReadOnlyList<string>? sites, CancellationToken cancellationToken)
    {
        string[] at = SitesOf(sites);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (await people.TakeAsync(name, cancellationToken) is not { } person)
        {
            return PersonLock.Unknown(name);
        }

        List<RoleGrant> held = await HeldAsync(person, role, cancellationToken);
        if (at.FirstOrDefault(site => held.All(g => g.Site != site)) is { } missing)
        {
            return WhyNotHeld(person, role, missing, held);
        }

        RoleGrant[] taken = [.. held.Where(g => at.Contains(g.Site))];
        if (taken.Any(IsWholeAdministrator) && !await people.IsThereAnotherAdministratorAsync(person, cancellationToken))
        {
            return $"{person.UserName}: is the last administrator of the whole hub — give another person the role first: user grant NAME --role {Roles.Administrator}";
        }

        context.RoleGrants.RemoveRange(taken);
        person.ChangedMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        PersonLock.Require(await users.UpdateSecurityStampAsync(person));
        List<RoleGrant> left = await context.RoleGrants.AsNoTracking().Where(g => g.PersonId == person.Id).ToListAsync(cancellationToken);
        await tokens.EndThoseOfAsync(person.UserName!, left, cancellationToken);
        await AuditAsync(AuditAction.RoleRevoked, person, role, at, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    private static string[] SitesOf(IReadOnlyList<string>? sites) => [.. (sites is { Count: > 0 } ? sites : [RoleGrant.EverySite]).Distinct()];

    private static string Words(string site) => site == RoleGrant.EverySite ? "every site" : site;

    private static string WhyNotHeld(Person person, string role, string missing, List<RoleGrant> held)
    {
        string mend = held.Count == 0
            ? "'user list' shows who is what"
            : missing == RoleGrant.EverySite
                ? $"name where: --site {string.Join(" --site ", held.Select(g => g.Site))}"
                : held.Any(g => g.Site == RoleGrant.EverySite)
                    ? "it is held at every site: grant it at those that are to stay after revoking it without --site"
                    : $"it is held at {string.Join(", ", held.Select(g => g.Site))}";
        return $"{person.UserName}: is not {role} at {Words(missing)} by a grant of its own — {mend}";
    }

    private Task<List<RoleGrant>> HeldAsync(Person person, string role, CancellationToken cancellationToken) =>
        context.RoleGrants.Where(g => g.PersonId == person.Id && g.Role == role).OrderBy(g => g.Site).ToListAsync(cancellationToken);

    /// <summary>One entry for each site, so that the log can be read by site.</summary>
    private Task AuditAsync(string action, Person person, string role, IReadOnlyList<string> sites, CancellationToken cancellationToken) => audit.AppendAsync(
        context,
        [.. sites.Select(site => new AuditNote(Acting.Current, action, "user", person.UserName!, site == RoleGrant.EverySite ? "" : site, $"{role} at {site}"))],
        cancellationToken);
}
