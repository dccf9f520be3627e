using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Hub.Ingest;

/// <summary>Decides what a client certificate is worth at the front door.</summary>
public interface IEdgeCertificates
{
    /// <summary>
    /// Whether this installation issued the certificate to an edge, for which site, and whether it is good now. The caller has made sure that the peer holds its key
    /// (which the TLS handshake proves), and nothing else. Throws only what the ledger throws when it cannot answer.
    /// </summary>
    ValueTask<CertificateVerdict> JudgeAsync(X509Certificate2 certificate, CancellationToken cancellationToken);
}

/// <summary>What a certificate is worth.</summary>
/// <param name="Site">The one site that it may speak for; null when it is refused.</param>
/// <param name="Serial">In hexadecimal, upper case.</param>
/// <param name="NotAfter">When it ends.</param>
/// <param name="Why">Why it is refused, for the edge and the log; empty when it is not.</param>
public readonly record struct CertificateVerdict(string? Site, string Serial, DateTimeOffset NotAfter, string Why);
