using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Tests;

/// <summary>A server's certificate for one host name, and the root that signed it; both made for the test.</summary>
public sealed class ServerCertificate : IDisposable
{
    private ServerCertificate(X509Certificate2 root, X509Certificate2 server) => (Root, Server) = (root, server);

    /// <summary>Without its key.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>With its key.</summary>
    public X509Certificate2 Server { get; }

    public static ServerCertificate For(string hostName, string rootName = "test root")
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest rootRequest = new($"CN={rootName}", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));

        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest serverRequest = new($"CN={hostName}", serverKey, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(hostName);
        serverRequest.CertificateExtensions.Add(names.Build());
        using X509Certificate2 server = serverRequest.Create(root, now.AddDays(-1), now.AddDays(1), [1, 2, 3]);
        return new ServerCertificate(X509CertificateLoader.LoadCertificate(root.RawData), server.CopyWithPrivateKey(serverKey));
    }

    public void Dispose()
    {
        Root.Dispose();
        Server.Dispose();
    }
}
