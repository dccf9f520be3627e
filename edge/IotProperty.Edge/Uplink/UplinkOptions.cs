using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Uplink;

/// <summary>Where the hub is and what the edge says of itself.</summary>
/// <param name="Site">The site's id; also the MQTT client id.</param>
/// <param name="Version">The program's version, for the hub.</param>
/// <param name="ProfileHash">A hash over the site's configuration and profiles, in hexadecimal.</param>
/// <param name="Catalogue">What the site holds.</param>
public sealed record UplinkOptions(
    string Site, string Host, int Port, bool Tls, string User, string Password, string Version, string ProfileHash, SiteCatalogue Catalogue)
{
    /// <summary>The certificate of the next connection, in place of user and password; null: none. Asked for at each connection.</summary>
    public Func<UplinkIdentity>? Identity { get; init; }

    /// <summary>With TLS: the only roots that are trusted where no identity says otherwise; null: those of the machine.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    /// <summary>The first pause after a failure is a random part of this; it doubles with each further failure.</summary>
    public int RetryMs { get; init; } = 1_000;

    /// <summary>Where the doubling ends.</summary>
    public int MaxRetryMs { get; init; } = 10_000;

    /// <summary>A connection that lasted this long was a good one: the next pause is a first one. A shorter one that brought receipts leaves the pauses as they are.</summary>
    public int SettledMs { get; init; } = 10_000;

    /// <summary>How long a stop waits for its last word to be acknowledged.</summary>
    public int GoodbyeMs { get; init; } = 1_000;
}
