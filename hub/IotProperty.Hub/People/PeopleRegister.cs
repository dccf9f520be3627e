using IotProperty.Hub.Audit;
using IotProperty.Hub.Storage;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>
/// Who may log in: adds and removes people, sets their passwords, opens what guesses have closed. What takes something away ends the person's logins at their next
/// request. Scoped: one caller at a time; callers in other scopes and processes take turns.
/// </summary>
public sealed class PeopleRegister(
    UserManager<Person> users, IPasswordHasher<Person> hasher, PeopleContext context, PersonLock people, ApiTokens tokens, FirstPasswordFile firstPassword, LedgerDatabase database,
    AuditBook audit, TimeProvider time)
{
    public const string FirstUser = "administrator";

    /// <summary>Everybody, by name.</summary>
    public async Task<IReadOnlyList<PersonRecord>> ListAsync(CancellationToken cancellationToken)
    {
        ILookup<string, RoleGrant> grants = (await context.RoleGrants.AsNoTracking().OrderBy(g => g.Role).ThenBy(g => g.Site).ToListAsync(cancellationToken)).ToLookup(g => g.PersonId);
        List<Person> all = await context.Users.AsNoTracking().OrderBy(p => p.NormalizedUserName).ToListAsync(cancellationToken);
        return [.. all.Select(p => new PersonRecord(p.UserName!, [.. grants[p.Id]], IsLockedOut(p) ? p.LockoutEnd : null, p.HasOneTimePassword, p.ChangedMs))];
    }

    /// <summary>Adds a person with one role, at some sites or (null, or none named) at all, and a password to be changed.</summary>
    public async Task<Issued> AddAsync(string name, string role, CancellationToken cancellationToken, IReadOnlyList<string>? sites = null)
    {
        if (!Roles.All.Contains(role))
        {
            return Issued.Refused($"{role}: not a role — one of {string.Join(", ", Roles.All)}");
        }

        string[] at = [.. (sites is { Count: > 0 } ? sites : [RoleGrant.EverySite]).Distinct()];
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (await people.WhyNoSiteAsync(at, cancellationToken) is { } unknown)
        {
            return Issued.Refused(unknown);
        }

        Issued issued = await InsertAsync(name, role, at, cancellationToken);
        if (issued.Secret is not null)
        {
            await transaction.CommitAsync(cancellationToken);
        }

        return issued;
    }

    /// <summary>
    /// On a hub that nobody can log in to, adds the administrator and leaves the password in <see cref="FirstPasswordFile"/>; otherwise only takes a file away whose password
    /// was changed at another hub. Of hubs that start at once on one database, one does it.
    /// </summary>
    public async Task<OneTimeSecret?> EnsureAdministratorAsync(CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await database.LockAsync(context, "first-administrator", cancellationToken);
        if (await context.Users.AnyAsync(cancellationToken))
        {
            if (await users.FindByNameAsync(FirstUser) is not { HasOneTimePassword: true })
            {
                firstPassword.Remove();
            }

            return null;
        }

        Issued issued = await InsertAsync(FirstUser, Roles.Administrator, [RoleGrant.EverySite], cancellationToken);
        OneTimeSecret secret = issued.Secret ?? throw new InvalidOperationException(issued.Refusal);

        // Before the commit: a password that is in force and stands nowhere would shut everybody out.
        firstPassword.Write(secret);
        await transaction.CommitAsync(cancellationToken);
        return secret;
    }

    /// <summary>Changes one's own password. Returns what is wrong with it, or nothing.</summary>
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
        person.ChangedMs = NowMs;
        IdentityResult saved = await users.UpdateAsync(person);
        if (saved.Succeeded)
        {
            await audit.AppendAsync(context, AuditAction.PasswordChanged, "user", person.UserName!, "", cancellationToken, ForgetFirstPassword(person));
            await transaction.CommitAsync(cancellationToken);
        }

        return [.. saved.Errors];
    }

    /// <summary>Gives the person a new password, to be changed at the next login. Logins end, a lockout too; tokens stay in force.</summary>
    public async Task<Issued> ResetPasswordAsync(string name, CancellationToken cancellationToken)
    {
        // Before the transaction, for it takes a while.
        string password = OneTimeSecret.NewPassword();
        string hash = hasher.HashPassword(PasswordDecoy.Nobody, password);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (await people.TakeAsync(name, cancellationToken) is not { } person)
        {
            return Issued.Refused(PersonLock.Unknown(name));
        }

        person.PasswordHash = hash;
        person.HasOneTimePassword = true;
        await ReopenAsync(person);
        await audit.AppendAsync(context, AuditAction.PasswordReset, "user", person.UserName!, "", cancellationToken, ForgetFirstPassword(person));
        await transaction.CommitAsync(cancellationToken);
        return Issued.To(new OneTimeSecret(person.UserName!, password));
    }

    /// <summary>Lets a person that is locked out after wrong passwords try again. Returns why not, or null.</summary>
    public async Task<string?> UnlockAsync(string name, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (await people.TakeAsync(name, cancellationToken) is not { } person)
        {
            return PersonLock.Unknown(name);
        }

        if (!IsLockedOut(person))
        {
            return $"{person.UserName}: is not locked out — 'user list' shows who is; 'user reset-password {person.UserName}' gives a new password";
        }

        person.LockoutEnd = null;
        person.AccessFailedCount = 0;
        PersonLock.Require(await users.UpdateAsync(person));
        await audit.AppendAsync(context, AuditAction.Unlocked, "user", person.UserName!, "", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>
    /// Takes a person out, with their logins and their tokens; what they did keeps their name. Returns why not, or null.
    /// </summary>
    public async Task<string?> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (await people.TakeAsync(name, cancellationToken) is not { } person)
        {
            return PersonLock.Unknown(name);
        }

        List<RoleGrant> held = await context.RoleGrants.Where(g => g.PersonId == person.Id).OrderBy(g => g.Role).ThenBy(g => g.Site).ToListAsync(cancellationToken);
        if (held.Any(RoleGrants.IsWholeAdministrator) && !await people.IsThereAnotherAdministratorAsync(person, cancellationToken))
        {
            return $"{person.UserName}: is the last administrator of the whole hub — make another first: user add NAME --role {Roles.Administrator}";
        }

        await tokens.EndThoseOfAsync(person.UserName!, left: [], cancellationToken);
        PersonLock.Require(await users.DeleteAsync(person));
        await audit.AppendAsync(
            context, AuditAction.PersonRemoved, "user", person.UserName!, "", cancellationToken, string.Join("; ", held.Select(g => $"{g.Role} at {g.Site}").Append(ForgetFirstPassword(person)).Where(detail => detail.Length > 0)));
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    private bool IsLockedOut(Person person) => person.LockoutEnd > time.GetUtcNow();

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Inside the caller's transaction.</summary>
    private async Task<Issued> InsertAsync(string name, string role, IReadOnlyList<string> sites, CancellationToken cancellationToken)
    {
        string password = OneTimeSecret.NewPassword();
        Person person = new() { UserName = name, HasOneTimePassword = true, ChangedMs = NowMs };
        IdentityResult created = await users.CreateAsync(person, password);
        if (!created.Succeeded)
        {
            return Issued.Refused($"{name}: {string.Join(" ", created.Errors.Select(e => e.Description))}");
        }

        context.RoleGrants.AddRange(sites.Select(site => new RoleGrant { PersonId = person.Id, Role = role, Site = site }));
        await context.SaveChangesAsync(cancellationToken);
        await audit.AppendAsync(context, AuditAction.PersonAdded, "user", name, "", cancellationToken, $"{role} at {string.Join(" ", sites)}");
        return Issued.To(new OneTimeSecret(name, password));
    }

    /// <summary>Takes the file away whose password is over. Returns what the audit log is to tell of it.</summary>
    private string ForgetFirstPassword(Person person) =>
        string.Equals(person.UserName, FirstUser, StringComparison.OrdinalIgnoreCase) && firstPassword.Remove() ? "the file with the one-time password was removed" : "";

    /// <summary>A new stamp ends every login that was made with the old one.</summary>
    private async Task ReopenAsync(Person person)
    {
        person.LockoutEnd = null;
        person.AccessFailedCount = 0;
        person.ChangedMs = NowMs;
        PersonLock.Require(await users.UpdateSecurityStampAsync(person));
    }
}

/// <summary>Somebody who may log in, for those who administer.</summary>
/// <param name="Name">The login name.</param>
/// <param name="Grants">By role, then site.</param>
/// <param name="LockedOutUntil">Null: not locked out now.</param>
/// <param name="HasOneTimePassword">The password is still the one that the hub made.</param>
/// <param name="ChangedMs">When password or roles last changed; milliseconds since the Unix epoch, UTC. Null: not since the audit log began.</param>
public sealed record PersonRecord(string Name, IReadOnlyList<RoleGrant> Grants, DateTimeOffset? LockedOutUntil, bool HasOneTimePassword, long? ChangedMs);
