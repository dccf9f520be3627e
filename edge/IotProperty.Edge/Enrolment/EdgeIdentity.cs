using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Edge.Enrolment;

/// <summary>With what the edge shows the hub who it is, and by what it knows the hub.</summary>
/// <param name="Certificate">The edge's certificate with its private key.</param>
/// <param name="Authority">Who signed it, up to a root; also the roots by which the hub's own certificate is known.</param>
/// <param name="Hub">Where the next certificate is asked for.</param>
/// <param name="HubFingerprint">As in <see cref="EnrolmentCode.HubFingerprint"/>.</param>
public sealed record EdgeIdentity(X509Certificate2 Certificate, X509Certificate2Collection Authority, Uri Hub, string HubFingerprint)
{
    /// <summary>For which site the certificate is.</summary>
    public string Site { get; } = EdgeCertificateNames.SiteOf(Certificate) ?? "";

    public DateTimeOffset NotBefore => new(Certificate.NotBefore.ToUniversalTime());

    public DateTimeOffset NotAfter => new(Certificate.NotAfter.ToUniversalTime());

    /// <summary>When the next certificate is asked for: at two thirds of this one's time, so that a month of failures does no harm.</summary>
    public DateTimeOffset RenewAt => NotBefore + ((NotAfter - NotBefore) * (2.0 / 3.0));
}
