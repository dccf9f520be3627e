using IotProperty.Hub.Audit;
using IotProperty.Hub.Storage;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IotProperty.Hub.People;

/// <summary>
/// Logs people in and out, and keeps account of it. A password is checked before the transaction, for it takes a while; what follows from the check is decided
/// inside, one attempt of a person after the other, so that guesses made at once count each for itself. Scoped.
/// </summary>
internal sealed class LoginDesk(
    UserManager<Person> users, SignInManager<Person> signIn, IPasswordHasher<Person> hasher, PasswordDecoy decoy, PeopleContext context, LedgerDatabase database,
    AuditBook audit)
{
    /// <summary>Whether it succeeded; a person that is unknown or locked out is refused like a wrong password, in the same words and the same time.</summary>
    public async Task<bool> LogInAsync(string name, string password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(password);
        Person? person = await users.FindByNameAsync(name);
        string? hash = person?.PasswordHash;
        PasswordVerificationResult matched = hasher.VerifyHashedPassword(person ?? PasswordDecoy.Nobody, hash ?? decoy.Hash, password);
        string? renewed = hash is not null && matched == PasswordVerificationResult.SuccessRehashNeeded ? hasher.HashPassword(person!, password) : null;

        await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (person is null)
        {
            // Not what was typed: some people type their password here.
            await TellAsync(ActorKind.Stranger, "", AuditAction.LoginFailed, AuditOutcome.Refused, "unknown name", cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return false;
        }

        await database.LockAsync(context, PersonLock.LoginOf(person), cancellationToken);
        await context.Entry(person).ReloadAsync(cancellationToken);
        bool there = context.Entry(person).State != EntityState.Detached && hash is not null && person.PasswordHash == hash;
        bool succeeded = there && matched != PasswordVerificationResult.Failed && !await users.IsLockedOutAsync(person);
        if (succeeded)
        {
            person.PasswordHash = renewed ?? hash;
            PersonLock.Require(await users.ResetAccessFailedCountAsync(person));
            PersonLock.Require(await users.UpdateAsync(person));
            await TellAsync(ActorKind.Person, person.UserName!, AuditAction.LoggedIn, AuditOutcome.Done, "", cancellationToken);
        }
        else if (there)
        {
            await FailAsync(person, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        if (succeeded)
        {
            await signIn.SignInAsync(person, isPersistent: false);
        }

        return succeeded;
    }

    public async Task LogOutAsync(CancellationToken cancellationToken)
    {
        await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        Actor who = Acting.Current;
        await TellAsync(who.Kind, who.Name, AuditAction.LoggedOut, AuditOutcome.Done, "", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await signIn.SignOutAsync();
    }

    private async Task FailAsync(Person person, CancellationToken cancellationToken)
    {
        bool wasLockedOut = await users.IsLockedOutAsync(person);
        if (!wasLockedOut)
        {
            PersonLock.Require(await users.AccessFailedAsync(person));
        }

        await TellAsync(
            ActorKind.Stranger, person.UserName!, AuditAction.LoginFailed, AuditOutcome.Refused, wasLockedOut ? "locked out" : "wrong password", cancellationToken);
        if (!wasLockedOut && await users.IsLockedOutAsync(person))
        {
            string until = UtcText.Of(person.LockoutEnd!.Value.ToUnixTimeMilliseconds());
            await TellAsync(ActorKind.Stranger, person.UserName!, AuditAction.LockedOut, AuditOutcome.Done, $"until {until}", cancellationToken);
        }
    }

    private Task TellAsync(ActorKind kind, string name, string action, AuditOutcome outcome, string detail, CancellationToken cancellationToken) =>
        audit.AppendAsync(context, [new AuditNote(new Actor(kind, name, Acting.Current.Origin), action, "user", name, "", detail, outcome)], cancellationToken);
}

/// <summary>A password's hash that belongs to nobody: unknown names are checked against it, so that they take as long as known ones. Safe on any task.</summary>
internal sealed class PasswordDecoy(IServiceScopeFactory scopes)
{
    public static readonly Person Nobody = new();

    private readonly Lazy<string> _hash = new(() =>
    {
        using IServiceScope scope = scopes.CreateScope();
        return scope.ServiceProvider.GetRequiredService<IPasswordHasher<Person>>().HashPassword(Nobody, OneTimeSecret.NewPassword());
    });

    public string Hash => _hash.Value;
}
