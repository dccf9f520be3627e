using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Hub.Enrolment;

/// <summary>
/// Signs certificates of edges and of this installation's servers, and the list of those that are revoked (RFC 5280). Holds the authority's private key. Safe on any task.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>How long an edge's certificate is good for. It renews itself after two thirds.</summary>
    public static readonly TimeSpan EdgeLifetime = TimeSpan.FromDays(90);

    /// <summary>How long a server's is: those who install it by hand do so once a year.</summary>
    public static readonly TimeSpan ServerLifetime = TimeSpan.FromDays(397);

    /// <summary>How long a hub signs commands with one key.</summary>
    public static readonly TimeSpan CommandSignerLifetime = TimeSpan.FromDays(7);

    private static readonly TimeSpan OwnLifetime = TimeSpan.FromDays(3653);

    // Clocks of buildings are not all right to the minute.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(10);

    private const int SerialBytes = 16;

    private readonly X509Certificate2 _issuer;
    private readonly Lock _gate = new();

    /// <param name="issuer">With its private key; owned from now on.</param>
    /// <param name="above">The authorities above it, up to a root that signed itself; empty when the issuer is that root.</param>
    public CertificateAuthority(X509Certificate2 issuer, X509Certificate2Collection above)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentNullException.ThrowIfNull(above);
        _issuer = issuer;
        Chain = [X509CertificateLoader.LoadCertificate(issuer.RawData), .. above];
    }

    /// <summary>The signing certificate and those above it, without private keys.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>The signing certificate, without its key.</summary>
    public X509Certificate2 Certificate => Chain[0];

    /// <summary>A new root with a P-256 key.</summary>
    public static CertificateAuthority Create(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN=IotProperty hub authority {RandomNumberGenerator.GetHexString(8, lowercase: true)}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return new CertificateAuthority(request.CreateSelfSigned(now - ClockSlack, now + OwnLifetime), []);
    }

    /// <summary>A certificate with which an edge may speak for the site, and for nothing else.</summary>
    /// <param name="site">The site's id.</param>
    /// <param name="key">The edge's public key.</param>
    /// <param name="now">When the certificate begins to be good.</param>
    public X509Certificate2 IssueEdge(string site, PublicKey key, DateTimeOffset now)
    {
        CertificateRequest request = new(NameOf(site), key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddUri(EdgeCertificateNames.UriOf(site));
        return Issue(request, names, EdgeCertificateNames.ClientPurpose, now, EdgeLifetime);
    }

    /// <summary>A certificate for a server of this installation: pages, front door or broker.</summary>
    /// <param name="hosts">Names and addresses by which clients reach it; at least one.</param>
    /// <param name="key">The server's public key.</param>
    /// <param name="now">When the certificate begins to be good.</param>
    public X509Certificate2 IssueServer(IReadOnlyList<string> hosts, PublicKey key, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        CertificateRequest request = new(NameOf(hosts[0]), key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        foreach (string host in hosts)
        {
            if (System.Net.IPAddress.TryParse(host, out System.Net.IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return Issue(request, names, EdgeCertificateNames.ServerPurpose, now, ServerLifetime);
    }

    /// <summary>A certificate with which a hub signs commands to edges, and nothing else. It travels with every command, so it need not live long.</summary>
    /// <param name="key">The hub's public key for commands, P-256.</param>
    /// <param name="now">When the certificate begins to be good.</param>
    public X509Certificate2 IssueCommandSigner(PublicKey key, DateTimeOffset now)
    {
        CertificateRequest request = new(NameOf("IotProperty hub commands"), key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddUri(new Uri("urn:iotp:commands"));
        return Issue(request, names, EdgeCertificateNames.CommandPurpose, now, CommandSignerLifetime);
    }

    /// <summary>The list of revoked certificates (RFC 5280 §5), in PEM.</summary>
    /// <param name="revoked">Serial numbers in hexadecimal, and when each was revoked.</param>
    /// <param name="now">Also the list's number, which must grow.</param>
    /// <param name="goodFor">A server that finds only an older list refuses everybody.</param>
    public string RevocationList(IEnumerable<(string Serial, DateTimeOffset At)> revoked, DateTimeOffset now, TimeSpan goodFor)
    {
        ArgumentNullException.ThrowIfNull(revoked);
        CertificateRevocationListBuilder list = new();
        foreach ((string serial, DateTimeOffset at) in revoked)
        {
            list.AddEntry(Convert.FromHexString(serial), at);
        }

        byte[] signed;
        lock (_gate)
        {
            signed = list.Build(
                _issuer.SubjectName,
                Generator(),
                new BigInteger(now.ToUnixTimeMilliseconds()),
                now + goodFor,
                HashAlgorithmName.SHA256,
                X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false),
                now - ClockSlack);
        }

        return PemEncoding.WriteString("X509 CRL", signed) + "\n";
    }

    /// <summary>The chain in PEM, signing certificate first.</summary>
    public string ChainPem() => string.Concat(Chain.Select(certificate => certificate.ExportCertificatePem() + "\n"));

    /// <summary>The private key in PEM (PKCS#8), for the file that keeps it.</summary>
    internal string KeyPem() =>
        (_issuer.GetECDsaPrivateKey() as AsymmetricAlgorithm ?? _issuer.GetRSAPrivateKey())!.ExportPkcs8PrivateKeyPem() + "\n";

    public void Dispose() => _issuer.Dispose();

    private static X500DistinguishedName NameOf(string common)
    {
        X500DistinguishedNameBuilder name = new();
        name.AddCommonName(common);
        return name.Build();
    }

    private X509Certificate2 Issue(CertificateRequest request, SubjectAlternativeNameBuilder names, string purpose, DateTimeOffset now, TimeSpan lifetime)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: true));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        DateTimeOffset from = Later(now - ClockSlack, _issuer.NotBefore);
        DateTimeOffset end = new(_issuer.NotAfter.ToUniversalTime());
        lock (_gate)
        {
            return request.Create(_issuer.SubjectName, Generator(), from, now + lifetime < end ? now + lifetime : end, NewSerial());
        }
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTime other) => one > other.ToUniversalTime() ? one : new DateTimeOffset(other.ToUniversalTime());

    private X509SignatureGenerator Generator() => _issuer.GetECDsaPrivateKey() is { } elliptic
        ? X509SignatureGenerator.CreateForECDsa(elliptic)
        : X509SignatureGenerator.CreateForRSA(_issuer.GetRSAPrivateKey()!, RSASignaturePadding.Pkcs1);

    /// <summary>Positive, not zero, and not to be guessed (RFC 5280 §4.1.2.2).</summary>
    private static byte[] NewSerial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        return serial;
    }
}
