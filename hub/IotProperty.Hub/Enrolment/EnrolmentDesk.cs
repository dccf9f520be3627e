using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.People;
using IotProperty.Protocols.Enrolment;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IotProperty.Hub.Enrolment;

/// <summary>
/// Gives edges their certificates: the first for a code, further ones for the present one. A question that is asked again with the same key gets the same answer, so that
/// an edge which did not hear it may ask again. Safe on any task and in several hubs on one ledger.
/// </summary>
public sealed partial class EnrolmentDesk(
    AuthoritySource source, EdgeInvitations invitations, CertificateJudge judge, IDbContextFactory<PeopleContext> contexts, AuditBook audit, TimeProvider time, ILogger<EnrolmentDesk> logger)
{
    /// <summary>New keys for one old certificate: an edge that lost its answer and its new key with it may begin anew, but not without end.</summary>
    private const int RenewalsOfOne = 3;

    public async Task<(EnrolmentAnswer? Answer, EnrolmentRefusal? Refusal)> EnrolAsync(EnrolmentRequest request, string remote, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        (EnrolmentAnswer? answer, EnrolmentRefusal? refusal) = await TryEnrolAsync(request, cancellationToken);
        if (refusal is not null)
        {
            LogRefused(remote, FrontDoorLog.Bounded(request.Invitation), refusal.Why);
        }

        return (answer, refusal);
    }

    public async Task<(EnrolmentAnswer? Answer, EnrolmentRefusal? Refusal)> RenewAsync(RenewalRequest request, string remote, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        (EnrolmentAnswer? answer, EnrolmentRefusal? refusal) = await TryRenewAsync(request, cancellationToken);
        if (refusal is not null)
        {
            LogRenewalRefused(remote, refusal.Why);
        }

        return (answer, refusal);
    }

    private async Task<(EnrolmentAnswer?, EnrolmentRefusal?)> TryEnrolAsync(EnrolmentRequest request, CancellationToken cancellationToken)
    {
        if (KeyRequest.TryRead(request.CertificateRequest, out string why) is not { } key)
        {
            return (null, new EnrolmentRefusal(EnrolmentRefusalKind.Malformed, why));
        }

        if (!source.TryGet(out CertificateAuthority? authority))
        {
            return (null, NotReady());
        }

        (EdgeInvitation? invitation, EnrolmentRefusal? refusal) = await invitations.OpenAsync(request.Invitation, request.Secret, cancellationToken);
        if (invitation is null)
        {
            return (null, refusal);
        }

        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        if (await WithKeyAsync(context, key, cancellationToken) is { } present)
        {
            return present.Serial == invitation.Serial && present.RevokedMs is null ? Answer(authority, present) : (null, KeyTaken());
        }

        using X509Certificate2 certificate = authority.IssueEdge(invitation.Site, key.PublicKey, time.GetUtcNow());
        await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        string serial = certificate.SerialNumber;
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        int used = await context.EdgeInvitations.Where(i => i.Id == invitation.Id && i.UsedMs == null)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.UsedMs, nowMs).SetProperty(i => i.Serial, serial), cancellationToken);
        if (used == 0)
        {
            return (null, new EnrolmentRefusal(EnrolmentRefusalKind.NotInvited, "the code was used already; ask the hub's operator for a new one, and whether somebody else used it"));
        }

        EdgeCertificate issued = await AddAsync(context, invitation.Site, certificate, key, renewalOf: null, cancellationToken);
        await audit.AppendAsync(context, AuditAction.EdgeEnrolled, "edge", invitation.Site, invitation.Site, cancellationToken, $"certificate {serial} for invitation {invitation.Id}");
        await transaction.CommitAsync(cancellationToken);
        LogEnrolled(invitation.Site, serial, invitation.Id);
        return Answer(authority, issued);
    }

    private async Task<(EnrolmentAnswer?, EnrolmentRefusal?)> TryRenewAsync(RenewalRequest request, CancellationToken cancellationToken)
    {
        if (KeyRequest.TryRead(request.CertificateRequest, out string why) is not { } key)
        {
            return (null, new EnrolmentRefusal(EnrolmentRefusalKind.Malformed, why));
        }

        using X509Certificate2? present = KeyRequest.TryReadCertificate(request.Certificate);
        if (present is null)
        {
            return (null, new EnrolmentRefusal(EnrolmentRefusalKind.Malformed, "certificate is no X.509 certificate in PEM"));
        }

        if (!source.TryGet(out CertificateAuthority? authority))
        {
            return (null, NotReady());
        }

        CertificateVerdict verdict = await judge.JudgeAsync(present, cancellationToken);
        if (verdict.Site is not { } site)
        {
            return (null, new EnrolmentRefusal(EnrolmentRefusalKind.NotInvited, verdict.Why));
        }

        if (!key.IsProvenBy(present, request.Proof))
        {
            return (null, new EnrolmentRefusal(EnrolmentRefusalKind.NotInvited, "the proof is not by the key of the present certificate"));
        }

        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        if (await WithKeyAsync(context, key, cancellationToken) is { } again)
        {
            return again.RenewalOf == verdict.Serial && again.RevokedMs is null ? Answer(authority, again) : (null, KeyTaken());
        }

        if (await RefusalOfRenewalAsync(context, verdict, cancellationToken) is { } refusal)
        {
            return (null, refusal);
        }

        using X509Certificate2 certificate = authority.IssueEdge(site, key.PublicKey, time.GetUtcNow());
        await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        EdgeCertificate issued = await AddAsync(context, site, certificate, key, verdict.Serial, cancellationToken);
        await audit.AppendAsync(context, AuditAction.EdgeCertificateRenewed, "edge", site, site, cancellationToken, $"certificate {certificate.SerialNumber} in place of {verdict.Serial}");
        await transaction.CommitAsync(cancellationToken);
        LogRenewed(site, certificate.SerialNumber, verdict.Serial);
        return Answer(authority, issued);
    }

    /// <summary>A stolen key shall not make keys without end.</summary>
    private async Task<EnrolmentRefusal?> RefusalOfRenewalAsync(PeopleContext context, CertificateVerdict verdict, CancellationToken cancellationToken)
    {
        EdgeCertificate old = await context.EdgeCertificates.AsNoTracking().SingleAsync(c => c.Serial == verdict.Serial, cancellationToken);
        if (time.GetUtcNow().ToUnixTimeMilliseconds() < old.IssuedMs + ((old.NotAfterMs - old.IssuedMs) / 2))
        {
            return new EnrolmentRefusal(EnrolmentRefusalKind.NotInvited, "the certificate is good for more than half of its time yet; it is renewed later, or by a new code");
        }

        int renewals = await context.EdgeCertificates.CountAsync(c => c.RenewalOf == verdict.Serial, cancellationToken);
        return renewals < RenewalsOfOne
            ? null
            : new EnrolmentRefusal(EnrolmentRefusalKind.NotInvited, $"the certificate was renewed {renewals} times already; revoke it if that was not its edge, and enrol with a new code");
    }

    private async Task<EdgeCertificate> AddAsync(
        PeopleContext context, string site, X509Certificate2 certificate, KeyRequest key, string? renewalOf, CancellationToken cancellationToken)
    {
        EdgeCertificate issued = new()
        {
            Serial = certificate.SerialNumber,
            Site = site,
            NotBeforeMs = new DateTimeOffset(certificate.NotBefore).ToUnixTimeMilliseconds(),
            NotAfterMs = new DateTimeOffset(certificate.NotAfter).ToUnixTimeMilliseconds(),
            IssuedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            KeyHash = key.Hash,
            Certificate = certificate.ExportCertificatePem() + "\n",
            RenewalOf = renewalOf,
        };
        context.EdgeCertificates.Add(issued);
        await context.SaveChangesAsync(cancellationToken);
        return issued;
    }

    private static Task<EdgeCertificate?> WithKeyAsync(PeopleContext context, KeyRequest key, CancellationToken cancellationToken) =>
        context.EdgeCertificates.AsNoTracking().SingleOrDefaultAsync(c => c.KeyHash == key.Hash, cancellationToken);

    private static (EnrolmentAnswer?, EnrolmentRefusal?) Answer(CertificateAuthority authority, EdgeCertificate issued) =>
        (new EnrolmentAnswer { Site = issued.Site, Certificate = issued.Certificate, Authority = authority.ChainPem() }, null);

    private static EnrolmentRefusal KeyTaken() => new(EnrolmentRefusalKind.NotInvited, "this key has a certificate already; make a new key");

    internal static EnrolmentRefusal NotReady() => new(EnrolmentRefusalKind.NotReady, "this hub has no certificate authority yet; its operator makes one with the first 'iotp-hub edge invite'");

    [LoggerMessage(2400, LogLevel.Information, "The edge of {Site} has enrolled: certificate {Serial} for invitation {Invitation}")]
    private partial void LogEnrolled(string site, string serial, string invitation);

    [LoggerMessage(2401, LogLevel.Information, "The edge of {Site} has a new certificate {Serial} in place of {Old}")]
    private partial void LogRenewed(string site, string serial, string old);

    [LoggerMessage(2402, LogLevel.Warning, "Refused to enrol an edge from {Remote}, invitation {Invitation}: {Why}")]
    private partial void LogRefused(string remote, string invitation, string why);

    [LoggerMessage(2403, LogLevel.Warning, "Refused to renew a certificate for {Remote}: {Why}")]
    private partial void LogRenewalRefused(string remote, string why);
}
