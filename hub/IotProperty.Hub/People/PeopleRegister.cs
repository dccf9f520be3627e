using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>Adds people and their roles. Scoped: one caller at a time.</summary>
public sealed class PeopleRegister(UserManager<Person> users, PeopleContext context)
{
    public const string FirstUser = "administrator";

    /// <summary>Adds a person with one role at every site, and a password to be changed.</summary>
    public async Task<Issued> AddAsync(string name, string role, CancellationToken cancellationToken)
    {
        if (!Roles.All.Contains(role))
        {
            return Issued.Refused($"{role}: not a role — one of {string.Join(", ", Roles.All)}");
        }

        string password = OneTimeSecret.NewPassword();
        Person person = new() { UserName = name, HasOneTimePassword = true };
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        IdentityResult created = await users.CreateAsync(person, password);
        if (!created.Succeeded)
        {
            return Issued.Refused($"{name}: {string.Join(" ", created.Errors.Select(e => e.Description))}");
        }

        context.RoleGrants.Add(new RoleGrant { PersonId = person.Id, Role = role });
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return Issued.To(new OneTimeSecret(name, password));
    }

    /// <summary>On a hub that nobody can log in to, adds the administrator; otherwise does nothing.</summary>
    public async Task<OneTimeSecret?> EnsureAdministratorAsync(CancellationToken cancellationToken)
    {
        if (await context.Users.AnyAsync(cancellationToken))
        {
            return null;
        }

        Issued issued = await AddAsync(FirstUser, Roles.Administrator, cancellationToken);
        return issued.Secret ?? throw new InvalidOperationException(issued.Refusal);
    }

    /// <summary>Changes one's own password. Returns what is wrong with it, or null.</summary>
    public async Task<IReadOnlyList<IdentityError>> ChangePasswordAsync(Person person, string current, string next)
    {
        ArgumentNullException.ThrowIfNull(person);
        IdentityResult changed = await users.ChangePasswordAsync(person, current, next);
        if (!changed.Succeeded)
        {
            return [.. changed.Errors];
        }

        person.HasOneTimePassword = false;
        IdentityResult saved = await users.UpdateAsync(person);
        return [.. saved.Errors];
    }
}
