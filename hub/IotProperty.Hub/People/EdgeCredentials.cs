using System.Text;
using System.Text.RegularExpressions;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Ingest.Broker;
using IotProperty.Hub.Registry;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.People;

/// <summary>
/// Issues and checks what edges show at the front door. Safe on any task. Every check reads the database, so a credential that a command issues or
/// renews beside the running hub counts at once.
/// </summary>
public sealed partial class EdgeCredentials(IDbContextFactory<PeopleContext> contexts, IPasswordHasher<EdgeCredential> hasher, AuditBook audit, TimeProvider time)
    : IEdgeCredentials, IEdgeRegister
{
    // An unknown user is checked against this, so that he waits as long as a wrong password does (where no slow hash from before is left).
    private static readonly EdgeCredential Nobody = new() { Site = "", PasswordHash = HashOf(OneTimeSecret.NewPassword()), IssuedMs = 0 };

    /// <summary>Gives the site's edge a user name and password. With <paramref name="renew"/> the old password ends.</summary>
    public async Task<Issued> IssueAsync(string site, bool renew, CancellationToken cancellationToken)
    {
        if (!SiteId().IsMatch(site))
        {
            return Issued.Refused($"{site}: not a site id — 1 to 40 of a-z, 0-9 and '-'");
        }

        string password = OneTimeSecret.NewPassword();
        string hash = HashOf(password);
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        EdgeCredential? present = await context.EdgeCredentials.FindAsync([site], cancellationToken);
        if (present is not null && !renew)
        {
            return Issued.Refused($"{site}: has an edge already — 'edge add {site} --renew' gives it a new password and ends the old one");
        }

        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (present is null)
        {
            context.EdgeCredentials.Add(new EdgeCredential { Site = site, PasswordHash = hash, IssuedMs = nowMs });
        }
        else
        {
            present.PasswordHash = hash;
            present.IssuedMs = nowMs;
        }

        // Buildings and assets can be registered from now on, before the edge first speaks.
        await SiteBook.EnsureAsync(context, site, cancellationToken);
        await context.SaveChangesAsync(cancellationToken);
        await audit.AppendAsync(context, present is null ? AuditAction.EdgeAdded : AuditAction.EdgeRenewed, "edge", site, site, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return Issued.To(new OneTimeSecret(site, password));
    }

    public async ValueTask<string?> AuthenticateAsync(string clientId, string user, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        EdgeCredential? found = await context.EdgeCredentials.AsNoTracking().SingleOrDefaultAsync(e => e.Site == user, cancellationToken);
        bool matches = await MatchesAsync(context, found ?? Nobody, Encoding.UTF8.GetString(password.Span), cancellationToken);
        return found is not null && matches && string.Equals(clientId, found.Site, StringComparison.Ordinal) ? found.Site : null;
    }

    /// <summary>Whether the site has an edge that may enter now: by password, or by a certificate that is good.</summary>
    public async ValueTask<bool> KnowsAsync(string site, CancellationToken cancellationToken)
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.EdgeCredentials.AsNoTracking().AnyAsync(edge => edge.Site == site, cancellationToken)
            || await context.EdgeCertificates.AsNoTracking().AnyAsync(c => c.Site == site && c.NotAfterMs > nowMs && c.RevokedMs == null, cancellationToken);
    }

    public static bool IsSiteId(string text) => SiteId().IsMatch(text);

    private static string HashOf(string password) => EdgeCredential.QuickHash + OneTimeSecret.HashOf(password);

    private async Task<bool> MatchesAsync(PeopleContext context, EdgeCredential edge, string shown, CancellationToken cancellationToken)
    {
        if (edge.PasswordHash.StartsWith(EdgeCredential.QuickHash, StringComparison.Ordinal))
        {
            return OneTimeSecret.Matches(shown, edge.PasswordHash[EdgeCredential.QuickHash.Length..]);
        }

        if (hasher.VerifyHashedPassword(edge, edge.PasswordHash, shown) == PasswordVerificationResult.Failed)
        {
            return false;
        }

        // Only where it is still the one that was shown: a renewal beside us stays.
        await context.EdgeCredentials.Where(e => e.Site == edge.Site && e.PasswordHash == edge.PasswordHash)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.PasswordHash, HashOf(shown)), cancellationToken);
        return true;
    }

    [GeneratedRegex("^[a-z0-9-]{1,40}\\z")]
    private static partial Regex SiteId();
}
