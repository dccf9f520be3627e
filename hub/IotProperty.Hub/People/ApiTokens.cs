using System.Buffers.Text;
using System.Security.Cryptography;
using IotProperty.Hub.Audit;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>Creates and recognises bearer tokens: <c>iotp_</c> and 43 characters of base64url, 256 random bits. Scoped.</summary>
public sealed class ApiTokens(PeopleContext context, PersonLock people, AuditBook audit, TimeProvider time)
{
    private const string Prefix = "iotp_";
    private const int SecretBytes = 32;
    private const int TokenChars = 5 + 43;

    private const long UseIsNotedEveryMs = 60_000;

    /// <param name="name">For people; may occur twice.</param>
    /// <param name="role">One of <see cref="Roles.All"/>.</param>
    /// <param name="expires">From then on it is refused.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <param name="sites">Null or empty: every site.</param>
    /// <param name="permissions">Null or empty: all that the role holds.</param>
    public async Task<OneTimeSecret> CreateAsync(
        string name, string role, DateTimeOffset expires, CancellationToken cancellationToken, IReadOnlyList<string>? sites = null, IReadOnlyList<Permission>? permissions = null) =>
        (await CreateAsync(name, role, expires, owner: null, sites, permissions, cancellationToken)).Secret!.Value;

    /// <summary>As the other, for a person who holds the role at all of these sites: the token ends when that is over. Refused when nobody of the name does.</summary>
    public async Task<Issued> CreateAsync(
        string name, string role, DateTimeOffset expires, string? owner, IReadOnlyList<string>? sites, IReadOnlyList<Permission>? permissions, CancellationToken cancellationToken)
    {
        string token = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        string id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        Person? person = owner is null ? null : await people.TakeAsync(owner, cancellationToken);
        if (owner is not null && person is null)
        {
            return Issued.Refused(PersonLock.Unknown(owner));
        }

        ApiToken made = new()
        {
            Id = id,
            Name = name,
            Role = role,
            Sites = sites is { Count: > 0 } ? string.Join(' ', sites) : RoleGrant.EverySite,
            Permissions = string.Join(' ', permissions ?? []),
            Owner = person?.UserName ?? "",
            Hash = OneTimeSecret.HashOf(token),
            CreatedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            ExpiresMs = expires.ToUnixTimeMilliseconds(),
        };
        if (person is not null && !made.IsWithin(await context.RoleGrants.AsNoTracking().Where(g => g.PersonId == person.Id).ToListAsync(cancellationToken)))
        {
            return Issued.Refused($"--owner {person.UserName}: is not {role} at {(made.Sites == RoleGrant.EverySite ? "every site" : made.Sites)} — a token cannot do more than its owner; 'user list' shows who is what");
        }

        context.ApiTokens.Add(made);
        await context.SaveChangesAsync(cancellationToken);
        await audit.AppendAsync(
            context, AuditAction.TokenCreated, "token", id, "", cancellationToken,
            $"{name}: {role} until {UtcText.Of(made.ExpiresMs)}{(made.Owner.Length > 0 ? $", of {made.Owner}" : "")}");
        await transaction.CommitAsync(cancellationToken);
        return Issued.To(new OneTimeSecret(name, token));
    }

    /// <summary>The token's record, or null when it is unknown or over.</summary>
    public async Task<ApiToken?> FindAsync(string token, CancellationToken cancellationToken) => (await RecogniseAsync(token, cancellationToken)).Token;

    /// <summary>
    /// The token's record, or why it is refused, in words for the audit log: its sender learns only that it is. Looking up a hash of 256 random bits tells an attacker's
    /// clock nothing.
    /// </summary>
    public async Task<(ApiToken? Token, string? Refusal)> RecogniseAsync(string token, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (token.Length != TokenChars || !token.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return (null, "not a token");
        }

        string hash = OneTimeSecret.HashOf(token);
        ApiToken? found = await context.ApiTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash, cancellationToken);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (found is null)
        {
            return (null, "unknown token");
        }

        if (!found.IsValid(nowMs))
        {
            return (null, $"the token {found.Name}#{found.Id[^8..]} {(found.RevokedMs is not null ? "was revoked" : "has expired")}");
        }

        if (found.LastUsedMs is not { } last || nowMs - last >= UseIsNotedEveryMs)
        {
            await context.ApiTokens.Where(t => t.Id == found.Id).ExecuteUpdateAsync(set => set.SetProperty(t => t.LastUsedMs, nowMs), cancellationToken);
        }

        return (found, null);
    }

    /// <summary>All that were ever made, the newest first.</summary>
    public async Task<IReadOnlyList<ApiToken>> ListAsync(CancellationToken cancellationToken) =>
        await context.ApiTokens.AsNoTracking().OrderByDescending(t => t.Id).ToListAsync(cancellationToken);

    /// <summary>Ends a token at once. False when there is none of the id that was not ended before.</summary>
    public async Task<bool> RevokeAsync(string id, CancellationToken cancellationToken)
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        int ended = await context.ApiTokens.Where(t => t.Id == id && t.RevokedMs == null)
            .ExecuteUpdateAsync(set => set.SetProperty(t => t.RevokedMs, nowMs), cancellationToken);
        if (ended == 0)
        {
            return false;
        }

        await audit.AppendAsync(context, AuditAction.TokenRevoked, "token", id, "", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Ends a person's tokens that go beyond the roles which are left to them. Inside the caller's transaction.</summary>
    public async Task EndThoseOfAsync(string owner, IReadOnlyCollection<RoleGrant> left, CancellationToken cancellationToken)
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        List<ApiToken> theirs = await context.ApiTokens.AsNoTracking().Where(t => t.Owner == owner && t.RevokedMs == null).OrderBy(t => t.Id).ToListAsync(cancellationToken);
        foreach (ApiToken token in theirs.Where(token => !token.IsWithin(left)))
        {
            await context.ApiTokens.Where(t => t.Id == token.Id).ExecuteUpdateAsync(set => set.SetProperty(t => t.RevokedMs, nowMs), cancellationToken);
            await audit.AppendAsync(context, AuditAction.TokenRevoked, "token", token.Id, "", cancellationToken, $"{token.Name}, of {owner}");
        }
    }

}
