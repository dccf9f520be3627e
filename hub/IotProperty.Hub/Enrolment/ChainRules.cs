using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Hub.Enrolment;

/// <summary>How a certificate is followed up to a root: to these roots alone, at a given time, and without asking any server that it names.</summary>
internal static class ChainRules
{
    /// <param name="authorities">Roots and what stands between; nothing else is trusted.</param>
    /// <param name="now">The time that counts.</param>
    /// <param name="purpose">An extended key usage that the certificate must allow; null: none.</param>
    public static X509ChainPolicy Of(X509Certificate2Collection authorities, DateTimeOffset now, string? purpose = null)
    {
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
            (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData) ? policy.CustomTrustStore : policy.ExtraStore).Add(authority);
        }

        if (purpose is not null)
        {
            policy.ApplicationPolicy.Add(new Oid(purpose));
        }

        return policy;
    }
}
