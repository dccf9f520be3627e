using IotProperty.Hub.Audit;
using IotProperty.Hub.People;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Enrolment;

/// <summary>What ends with a revocation.</summary>
/// <param name="Certificates">Now revoked, and good until now.</param>
/// <param name="Password">Whether the site had a password, which is ended too.</param>
/// <param name="Invitations">How many open codes are ended.</param>
public sealed record Revocation(IReadOnlyList<EdgeCertificate> Certificates, bool Password, int Invitations);

/// <summary>The certificates that were issued, and their ends. Safe on any task and in several processes on one ledger.</summary>
public sealed class EdgeCertificates(IDbContextFactory<PeopleContext> contexts, AuthoritySource source, AuditBook audit, TimeProvider time)
{
    /// <summary>How long a list of revoked certificates is good when nobody says otherwise: a broker that finds only an older one lets nobody in.</summary>
    public static readonly TimeSpan UsualListLife = TimeSpan.FromDays(30);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<EdgeCertificate>> ListAsync(string? site, CancellationToken cancellationToken)
    {
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.EdgeCertificates.AsNoTracking().Where(c => site == null || c.Site == site)
            .OrderBy(c => c.Site).ThenByDescending(c => c.IssuedMs).ToListAsync(cancellationToken);
    }

    /// <summary>
    /// Revokes all certificates of a site that are good yet, and ends its password and open invitations: nothing speaks for it until it is invited anew.
    /// </summary>
    public async Task<Revocation> RevokeSiteAsync(string site, string why, CancellationToken cancellationToken)
    {
        long nowMs = NowMs;
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        List<EdgeCertificate> good = await context.EdgeCertificates.Where(c => c.Site == site && c.RevokedMs == null && c.NotAfterMs > nowMs).ToListAsync(cancellationToken);
        foreach (EdgeCertificate certificate in good)
        {
            (certificate.RevokedMs, certificate.RevokedWhy) = (nowMs, why);
        }

        int passwords = await context.EdgeCredentials.Where(e => e.Site == site).ExecuteDeleteAsync(cancellationToken);
        int invitations = await context.EdgeInvitations.Where(i => i.Site == site && i.UsedMs == null && i.AttemptsLeft > 0 && i.ExpiresMs > nowMs)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.AttemptsLeft, 0), cancellationToken);
        if (good.Count + passwords + invitations == 0)
        {
            return new Revocation([], false, 0);
        }

        await context.SaveChangesAsync(cancellationToken);
        await audit.AppendAsync(context, AuditAction.EdgeRevoked, "edge", site, site, cancellationToken, $"{good.Count} certificates, {passwords} passwords, {invitations} codes: {why}");
        await transaction.CommitAsync(cancellationToken);
        return new Revocation(good, passwords > 0, invitations);
    }

    /// <summary>Revokes one certificate; null when there is none with this serial number. One that was revoked before stays as it was.</summary>
    public async Task<EdgeCertificate?> RevokeAsync(string serial, string why, CancellationToken cancellationToken)
    {
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        EdgeCertificate? found = await context.EdgeCertificates.SingleOrDefaultAsync(c => c.Serial == serial, cancellationToken);
        if (found is { RevokedMs: null })
        {
            (found.RevokedMs, found.RevokedWhy) = (NowMs, why);
            await context.SaveChangesAsync(cancellationToken);
            await audit.AppendAsync(context, AuditAction.EdgeRevoked, "edge", found.Site, found.Site, cancellationToken, $"certificate {serial}: {why}");
            await transaction.CommitAsync(cancellationToken);
        }

        return found;
    }

    /// <summary>Those that would be good yet if they were not revoked, by serial number with the reason.</summary>
    public async Task<IReadOnlyDictionary<string, string>> RevokedAsync(CancellationToken cancellationToken)
    {
        long nowMs = NowMs;
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.EdgeCertificates.Where(c => c.RevokedMs != null && c.NotAfterMs > nowMs)
            .ToDictionaryAsync(c => c.Serial, c => c.RevokedWhy ?? "", cancellationToken);
    }

    /// <summary>The sites that have a password.</summary>
    public async Task<IReadOnlySet<string>> SitesWithPasswordAsync(CancellationToken cancellationToken)
    {
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.EdgeCredentials.Select(e => e.Site).ToHashSetAsync(StringComparer.Ordinal, cancellationToken);
    }

    /// <summary>The list of revoked certificates for servers that judge edges themselves (RFC 5280 §5), in PEM. Those that are over are not on it.</summary>
    /// <exception cref="Commands.UsageException">There is no authority, and this hub may not make one.</exception>
    public async Task<string> RevocationListAsync(TimeSpan goodFor, CancellationToken cancellationToken)
    {
        CertificateAuthority authority = source.GetOrCreate();
        DateTimeOffset now = time.GetUtcNow();
        long nowMs = now.ToUnixTimeMilliseconds();
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        List<EdgeCertificate> revoked = await context.EdgeCertificates.AsNoTracking().Where(c => c.RevokedMs != null && c.NotAfterMs > nowMs)
            .OrderBy(c => c.RevokedMs).ToListAsync(cancellationToken);
        return authority.RevocationList(revoked.Select(c => (c.Serial, DateTimeOffset.FromUnixTimeMilliseconds(c.RevokedMs!.Value))), now, goodFor);
    }
}
