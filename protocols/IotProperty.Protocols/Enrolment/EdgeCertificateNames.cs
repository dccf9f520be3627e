using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Protocols.Enrolment;

/// <summary>
/// How a certificate says for which site it speaks: the site's id as common name, which brokers take for the user's name, and <c>urn:iotp:site:SITE</c> as the URI among
/// the alternative names (RFC 5280 §4.2.1.6).
/// </summary>
public static class EdgeCertificateNames
{
    private const string Prefix = "urn:iotp:site:";

    /// <summary>TLS client authentication (RFC 5280 §4.2.1.12).</summary>
    public const string ClientPurpose = "1.3.6.1.5.5.7.3.2";

    /// <summary>TLS server authentication (RFC 5280 §4.2.1.12).</summary>
    public const string ServerPurpose = "1.3.6.1.5.5.7.3.1";

    /// <summary>
    /// Signing commands to edges: the product's own purpose, as an object identifier from a random UUID (ITU-T X.667 §7). Neither an edge's certificate nor a server's has it.
    /// </summary>
    public const string CommandPurpose = "2.25.289057326592831917816779297691154795122";

    public static Uri UriOf(string site) => new(Prefix + site);

    /// <summary>The site, when both names agree; otherwise null.</summary>
    public static string? SiteOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        string common = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        return common.Length > 0 && certificate.GetNameInfo(X509NameType.UrlName, forIssuer: false) == Prefix + common ? common : null;
    }
}
