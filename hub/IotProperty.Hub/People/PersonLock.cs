using IotProperty.Hub.Storage;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>
/// What changes of people ask and hold inside their transaction, so that two of them, or one and a login, do not each decide on what the other is about to change.
/// Scoped, as the context.
/// </summary>
public sealed class PersonLock(UserManager<Person> users, PeopleContext context, LedgerDatabase database)
{
    /// <summary>Why a name is refused that nobody has.</summary>
    public static string Unknown(string name) => $"{name}: there is nobody of this name — 'user list' shows who may log in";

    /// <summary>The person as they are now, kept so until the transaction ends; null when there is none.</summary>
    public async Task<Person?> TakeAsync(string name, CancellationToken cancellationToken)
    {
        // All changes of people are one after the other: who the last administrator is depends on all of them.
        await database.LockAsync(context, "people", cancellationToken);
        if (await users.FindByNameAsync(name) is not { } person)
        {
            return null;
        }

        await database.LockAsync(context, LoginOf(person), cancellationToken);
        await context.Entry(person).ReloadAsync(cancellationToken);
        return context.Entry(person).State == EntityState.Detached ? null : person;
    }

    /// <summary>The lock under which the outcome of a login is decided.</summary>
    internal static string LoginOf(Person person) => "login:" + person.Id;

    /// <summary>Why these sites are refused, or null. A site is there once its edge was let in or has spoken.</summary>
    public async Task<string?> WhyNoSiteAsync(IReadOnlyList<string> sites, CancellationToken cancellationToken)
    {
        foreach (string site in sites.Where(site => site != RoleGrant.EverySite))
        {
            if (!await context.Database.SqlQuery<string>($"SELECT id AS \"Value\" FROM site WHERE id = {site}").AnyAsync(cancellationToken))
            {
                return $"--site {site}: there is no such site — 'edge add {site}' or 'edge invite {site}' makes it, or mend the spelling";
            }
        }

        return null;
    }

    public Task<bool> IsThereAnotherAdministratorAsync(Person than, CancellationToken cancellationToken) =>
        context.RoleGrants.AnyAsync(g => g.Role == Roles.Administrator && g.Site == RoleGrant.EverySite && g.PersonId != than.Id, cancellationToken);

    internal static void Require(IdentityResult result)
    {
        if (!result.Succeeded)
        {
            throw new InvalidOperationException(string.Join(" ", result.Errors.Select(error => error.Description)));
        }
    }
}
