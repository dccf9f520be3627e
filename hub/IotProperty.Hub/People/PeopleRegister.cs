using IotProperty.Hub.Audit;
using IotProperty.Hub.Storage;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>Adds people and their roles. Scoped: one caller at a time.</summary>
public sealed class PeopleRegister(UserManager<Person> users, PeopleContext context, LedgerDatabase database, AuditBook audit)
{
    public const string FirstUser = "administrator";

    /// <summary>Adds a person with one role, at some sites or (null, or none named) at all, and a password to be changed.</summary>
    public async Task<Issued> AddAsync(string name, string role, CancellationToken cancellationToken, IReadOnlyList<string>? sites = null)
    {
        if (!Roles.All.Contains(role))
        {
            return Issued.Refused($"{role}: not a role — one of {string.Join(", ", Roles.All)}");
        }

        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        Issued issued = await InsertAsync(name, role, sites is { Count: > 0 } ? sites : [RoleGrant.EverySite], cancellationToken);
        if (issued.Secret is not null)
        {
            await transaction.CommitAsync(cancellationToken);
        }

        return issued;
    }

    /// <summary>On a hub that nobody can log in to, adds the administrator; otherwise does nothing. Of hubs that start at once on one database, one does it.</summary>
    public async Task<OneTimeSecret?> EnsureAdministratorAsync(CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await database.LockAsync(context, "first-administrator", cancellationToken);
        if (await context.Users.AnyAsync(cancellationToken))
        {
            return null;
        }

        Issued issued = await InsertAsync(FirstUser, Roles.Administrator, [RoleGrant.EverySite], cancellationToken);
        OneTimeSecret secret = issued.Secret ?? throw new InvalidOperationException(issued.Refusal);
        await transaction.CommitAsync(cancellationToken);
        return secret;
    }

    /// <summary>Changes one's own password. Returns what is wrong with it, or null.</summary>
    public async Task<IReadOnlyList<IdentityError>> ChangePasswordAsync(Person person, string current, string next, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(person);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        IdentityResult changed = await users.ChangePasswordAsync(person, current, next);
        if (!changed.Succeeded)
        {
            return [.. changed.Errors];
        }

        person.HasOneTimePassword = false;
        IdentityResult saved = await users.UpdateAsync(person);
        if (saved.Succeeded)
        {
            await audit.AppendAsync(context, AuditAction.PasswordChanged, "user", person.UserName!, "", cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return [.. saved.Errors];
    }

    /// <summary>Inside the caller's transaction.</summary>
    private async Task<Issued> InsertAsync(string name, string role, IReadOnlyList<string> sites, CancellationToken cancellationToken)
    {
        string password = OneTimeSecret.NewPassword();
        Person person = new() { UserName = name, HasOneTimePassword = true };
        IdentityResult created = await users.CreateAsync(person, password);
        if (!created.Succeeded)
        {
            return Issued.Refused($"{name}: {string.Join(" ", created.Errors.Select(e => e.Description))}");
        }

        context.RoleGrants.AddRange(sites.Distinct().Select(site => new RoleGrant { PersonId = person.Id, Role = role, Site = site }));
        await context.SaveChangesAsync(cancellationToken);
        await audit.AppendAsync(context, AuditAction.PersonAdded, "user", name, "", cancellationToken, $"{role} at {string.Join(" ", sites)}");
        return Issued.To(new OneTimeSecret(name, password));
    }
}
