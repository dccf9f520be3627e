using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.Enrolment;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Tests;

/// <summary>An authority and the key that it certified for commands, as a hub has them.</summary>
public sealed class CommandSigner : IDisposable
{
    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;

    /// <param name="name">Of the authority.</param>
    public CommandSigner(string name = "Test authority")
    {
        CertificateRequest request = new($"CN={name}", _rootKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        _root = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        (Certificate, Key) = Certify(EdgeCertificateNames.CommandPurpose, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(99));
    }

    public static CommandSigner Shared { get; } = new();

    /// <summary>What an edge is told to trust.</summary>
    public IReadOnlyList<X509Certificate2> Authority => [X509CertificateLoader.LoadCertificate(_root.RawData)];

    public X509Certificate2 Certificate { get; }

    public ECDsa Key { get; }

    public byte[] Sign(SiteCommand command) => SignedCommand.Sign(command, Certificate, Key);

    /// <summary>A further certificate of the same authority, for another purpose or time.</summary>
    /// <param name="purpose">The extended key usage; null: none.</param>
    public (X509Certificate2 Certificate, ECDsa Key) Certify(string? purpose, DateTimeOffset from, DateTimeOffset to)
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=commands", key, HashAlgorithmName.SHA256);
        if (purpose is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: true));
        }

        return (request.Create(_root.SubjectName, X509SignatureGenerator.CreateForECDsa(_rootKey), from, to, RandomNumberGenerator.GetBytes(8)), key);
    }

    public void Dispose()
    {
        _rootKey.Dispose();
        _root.Dispose();
        Certificate.Dispose();
        Key.Dispose();
    }
}
