using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.People;
using IotProperty.Protocols.Enrolment;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Enrolment;

/// <summary>
/// Judges edge certificates: signed by this installation's authority, for the purpose, in its time, in the ledger and not revoked. The ledger has the last word on the site, for a
/// named authority may sign for others too. Safe on any task.
/// </summary>
public sealed class CertificateJudge(AuthoritySource source, IDbContextFactory<PeopleContext> contexts, TimeProvider time) : IEdgeCertificates
{
    private const X509ChainStatusFlags Foreign =
        X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.NotSignatureValid | X509ChainStatusFlags.Cyclic;

    public async ValueTask<CertificateVerdict> JudgeAsync(X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        DateTimeOffset now = time.GetUtcNow();
        if (!source.TryGet(out CertificateAuthority? authority))
        {
            return Refused(certificate, "this hub has no certificate authority, so it knows no certificates");
        }

        if (WhyNot(certificate, authority, now) is { } why)
        {
            return Refused(certificate, why);
        }

        string serial = certificate.SerialNumber;
        await using PeopleContext context = await contexts.CreateDbContextAsync(cancellationToken);
        EdgeCertificate? issued = await context.EdgeCertificates.AsNoTracking().SingleOrDefaultAsync(c => c.Serial == serial, cancellationToken);
        if (issued is null || !IsSame(issued, certificate))
        {
            return Refused(certificate, "the certificate was not issued to an edge by this hub");
        }

        return issued.RevokedMs is { } revoked
            ? Refused(certificate, $"the certificate was revoked on {Day(DateTimeOffset.FromUnixTimeMilliseconds(revoked))}: {issued.RevokedWhy}")
            : new CertificateVerdict(issued.Site, serial, Ends(certificate), "");
    }

    private static string? WhyNot(X509Certificate2 certificate, CertificateAuthority authority, DateTimeOffset now)
    {
        using X509Chain upwards = new();
        upwards.ChainPolicy = AuthorityPath.Policy(authority.Chain, now, EdgeCertificateNames.ClientPurpose);
        if (upwards.Build(certificate))
        {
            return null;
        }

        X509ChainStatusFlags wrong = upwards.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        if ((wrong & Foreign) != 0)
        {
            return "the certificate is not of this hub's authority";
        }

        if (wrong.HasFlag(X509ChainStatusFlags.NotValidForUsage))
        {
            return "the certificate is not for clients (extended key usage clientAuth)";
        }

        return now > Ends(certificate) ? $"the certificate ended on {Day(Ends(certificate))}"
            : now < certificate.NotBefore.ToUniversalTime() ? $"the certificate is not good before {Day(certificate.NotBefore.ToUniversalTime())}; is a clock wrong?"
            : wrong.HasFlag(X509ChainStatusFlags.NotTimeValid) ? "the hub's authority itself is over"
            : $"the certificate does not hold: {wrong}";
    }

    private static bool IsSame(EdgeCertificate issued, X509Certificate2 shown)
    {
        using var kept = X509Certificate2.CreateFromPem(issued.Certificate);
        return kept.RawDataMemory.Span.SequenceEqual(shown.RawDataMemory.Span);
    }

    private static CertificateVerdict Refused(X509Certificate2 certificate, string why) => new(null, certificate.SerialNumber, Ends(certificate), why);

    private static DateTimeOffset Ends(X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime());

    private static string Day(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture);
}
