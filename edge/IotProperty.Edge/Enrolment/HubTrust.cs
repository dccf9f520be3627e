using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Edge.Enrolment;

/// <summary>By what a hub's HTTPS server is known: one certificate itself, or an authority that signs for the name.</summary>
internal sealed class HubTrust
{
    private readonly byte[]? _exact;
    private readonly X509Certificate2Collection? _authority;
    private readonly TimeProvider _time;

    private HubTrust(byte[]? exact, X509Certificate2Collection? authority, TimeProvider time) => (_exact, _authority, _time) = (exact, authority, time);

    /// <summary>This certificate and no other; its name and time do not matter, because the operator vouched for it.</summary>
    public static HubTrust Exactly(X509Certificate2 certificate, TimeProvider time) => new(certificate.RawData, null, time);

    /// <summary>Every certificate for the server's name and purpose that this authority signed.</summary>
    public static HubTrust SignedBy(X509Certificate2Collection authority, TimeProvider time) => new(null, authority, time);

    public bool Accepts(X509Certificate? shown, X509Chain? sent, SslPolicyErrors errors)
    {
        if (shown is null)
        {
            return false;
        }

        if (_exact is not null)
        {
            return CryptographicOperations.FixedTimeEquals(_exact, shown.GetRawCertData());
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return false;
        }

        using X509Chain upwards = new();
        upwards.ChainPolicy = Policy(_authority!, EdgeCertificateNames.ServerPurpose, _time.GetUtcNow());
        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            upwards.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        using X509Certificate2 server = new(shown);
        return upwards.Build(server);
    }

    /// <summary>How a certificate is followed up to one of these authorities, without asking any server that it names.</summary>
    public static X509ChainPolicy Policy(X509Certificate2Collection authority, string purpose, DateTimeOffset now)
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTimeIgnored = false,
            VerificationTime = now.UtcDateTime,
        };
        policy.CustomTrustStore.AddRange(authority);
        policy.ApplicationPolicy.Add(new Oid(purpose));
        return policy;
    }
}
