using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Hub.Enrolment;

/// <summary>The key that an edge wants certified, taken from its PKCS#10 request (RFC 2986), whose signature proves that it holds it.</summary>
internal sealed record KeyRequest(PublicKey PublicKey, string Hash, byte[] Der)
{
    private const int MaxChars = 8192;

    private static readonly HashSet<string> Curves = [ECCurve.NamedCurves.nistP256.Oid.Value ?? "1.2.840.10045.3.1.7", ECCurve.NamedCurves.nistP384.Oid.Value ?? "1.3.132.0.34"];

    /// <summary>Null, and why, when the text is no request that can be used. Never throws for what it holds.</summary>
    public static KeyRequest? TryRead(string pem, out string why)
    {
        if (pem.Length > MaxChars)
        {
            why = $"certificateRequest is longer than {MaxChars} characters";
            return null;
        }

        try
        {
            var request = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256);
            using ECDsa? key = request.PublicKey.GetECDsaPublicKey();
            if (key?.ExportParameters(false).Curve.Oid.Value is not { } curve || !Curves.Contains(curve))
            {
                why = "certificateRequest holds no elliptic key of the curves P-256 and P-384";
                return null;
            }

            PemFields fields = PemEncoding.Find(pem);
            why = "";
            return new KeyRequest(
                request.PublicKey, Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo())), Convert.FromBase64String(pem[fields.Base64Data]));
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException or FormatException or NotSupportedException)
        {
            why = "certificateRequest is no PKCS#10 request in PEM that its own key signed";
            return null;
        }
    }

    /// <summary>Null when the text is none.</summary>
    public static X509Certificate2? TryReadCertificate(string pem)
    {
        try
        {
            return pem.Length <= MaxChars ? X509Certificate2.CreateFromPem(pem) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Whether the certificate's key signed this request for renewal.</summary>
    public bool IsProvenBy(X509Certificate2 certificate, string proof)
    {
        byte[] signature = new byte[256];
        using ECDsa? key = certificate.GetECDsaPublicKey();
        return key is not null
            && Convert.TryFromBase64String(proof, signature, out int length)
            && key.VerifyData(RenewalProof.Of(Der), signature.AsSpan(0, length), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }
}
