using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Protocols.Enrolment;

/// <summary>How a certificate is followed up to a root (RFC 5280 §6): to these roots alone, at a given time, and without asking any server that it names.</summary>
public static class AuthorityPath
{
    /// <param name="authorities">Roots and what stands between; nothing else is trusted.</param>
    /// <param name="now">The time that counts.</param>
    /// <param name="purpose">An extended key usage that the certificate must allow; null: none.</param>
    public static X509ChainPolicy Policy(IEnumerable<X509Certificate2> authorities, DateTimeOffset now, string? purpose = null)
    {
        ArgumentNullException.ThrowIfNull(authorities);
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTimeIgnored = false,
            VerificationTime = now.UtcDateTime,
        };
        foreach (X509Certificate2 authority in authorities)
        {
            (IsRoot(authority) ? policy.CustomTrustStore : policy.ExtraStore).Add(authority);
        }

        if (purpose is not null)
        {
            policy.ApplicationPolicy.Add(new Oid(purpose));
        }

        return policy;
    }

    private static bool IsRoot(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
}
