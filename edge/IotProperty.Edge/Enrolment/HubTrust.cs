using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Edge.Enrolment;

/// <summary>By what a hub's HTTPS server is known: one certificate itself, or an authority that signs for the name.</summary>
internal sealed class HubTrust
{
    private readonly byte[] _named;
    private readonly X509Certificate2Collection? _authority;
    private readonly TimeProvider _time;

    private HubTrust(X509Certificate2 named, X509Certificate2Collection? authority, TimeProvider time) => (_named, _authority, _time) = (named.RawData, authority, time);

    /// <summary>This certificate and no other; its name and time do not matter, because the operator vouched for it.</summary>
    public static HubTrust Exactly(X509Certificate2 certificate, TimeProvider time) => new(certificate, null, time);

    /// <summary>Every certificate for the server's name and purpose that this authority signed. Null when nothing that was told of it leads up to a root.</summary>
    /// <param name="named">The one that the operator vouched for.</param>
    /// <param name="told">
    /// What stands above it, as a stranger told: only what really signed the named one is taken, for whoever stands between could add a root of his own.
    /// </param>
    public static HubTrust? SignedBy(X509Certificate2 named, X509Certificate2Collection told, TimeProvider time)
    {
        using X509Chain upwards = new();
        upwards.ChainPolicy = AuthorityPath.Policy(told, time.GetUtcNow());
        return upwards.Build(named) ? new HubTrust(named, [.. upwards.ChainElements.Select(element => X509CertificateLoader.LoadCertificate(element.Certificate.RawData))], time) : null;
    }

    public bool Accepts(X509Certificate? shown, X509Chain? sent, SslPolicyErrors errors)
    {
        if (shown is null)
        {
            return false;
        }

        if (_authority is not { } authority)
        {
            return CryptographicOperations.FixedTimeEquals(_named, shown.GetRawCertData());
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return false;
        }

        using X509Chain upwards = new();
        upwards.ChainPolicy = AuthorityPath.Policy(authority, _time.GetUtcNow(), EdgeCertificateNames.ServerPurpose);
        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            upwards.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        using X509Certificate2 server = new(shown);
        return upwards.Build(server) && upwards.ChainElements.Any(element => element.Certificate.RawDataMemory.Span.SequenceEqual(_named));
    }
}
