using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Commands;

namespace IotProperty.Hub.Hosting;

/// <summary>Where one server listens, and with which certificate. On an address that others can reach there is always a certificate.</summary>
/// <param name="EndPoint">Port 0 means: choose a free one.</param>
/// <param name="Certificate">Null: plain, on loopback only.</param>
/// <param name="Chain">What stands behind the leaf in the certificate's file.</param>
public sealed record FrontDoorAddress(IPEndPoint EndPoint, X509Certificate2? Certificate, X509Certificate2Collection? Chain)
{
    /// <summary>A plain server on loopback, on a port that the system chooses.</summary>
    public static FrontDoorAddress AnyLoopbackPort { get; } = new(new IPEndPoint(IPAddress.Loopback, 0), null, null);

    /// <summary>Reads <c>ADDR:PORT</c> and the files beside it.</summary>
    /// <exception cref="UsageException">With the option's name and the mend.</exception>
    public static FrontDoorAddress Read(string option, string text, string? certificateFile, string? keyFile)
    {
        if (!TryReadEndPoint(text, out IPEndPoint? endPoint))
        {
            throw new UsageException($"{option} {text}: not an address and a port — write for instance {option} 127.0.0.1:8080 or {option} [::1]:8080");
        }

        if (certificateFile is null != keyFile is null)
        {
            throw new UsageException($"{option}-certificate and {option}-key belong together — give both files");
        }

        if (certificateFile is null || keyFile is null)
        {
            return IPAddress.IsLoopback(endPoint.Address)
                ? new FrontDoorAddress(endPoint, null, null)
                : throw new UsageException(
                    $"{option} {text}: others can reach this address, so it demands TLS — give {option}-certificate FILE and {option}-key FILE, or listen on 127.0.0.1");
        }

        try
        {
            using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            X509Certificate2Collection chain = [];
            chain.ImportFromPemFile(certificateFile);
            return new FrontDoorAddress(endPoint, X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pfx), null), chain);
        }
        catch (Exception wrong) when (wrong is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{option}-certificate {certificateFile}, {option}-key {keyFile}: {wrong.Message} — both must be readable PEM files that belong together");
        }
    }

    private static bool TryReadEndPoint(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IPEndPoint? endPoint)
    {
        endPoint = null;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || (text.AsSpan(0, colon).Contains(':') && text[0] != '['))
        {
            return false;
        }

        return IPEndPoint.TryParse(text, out endPoint);
    }
}
