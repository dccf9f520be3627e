namespace IotProperty.Hub.Enrolment;

/// <summary>A certificate that this installation issued to an edge. Never deleted: it says who could speak for a site, and when.</summary>
public sealed class EdgeCertificate
{
    /// <summary>In hexadecimal, upper case, as X.509 tools print it.</summary>
    public required string Serial { get; init; }

    public required string Site { get; init; }

    /// <summary>Milliseconds since the Unix epoch, UTC; so are the others.</summary>
    public required long NotBeforeMs { get; init; }

    public required long NotAfterMs { get; init; }

    public required long IssuedMs { get; init; }

    /// <summary>SHA-256 of the public key (SubjectPublicKeyInfo, DER) in hexadecimal: a key is certified once.</summary>
    public required string KeyHash { get; init; }

    /// <summary>The certificate itself, in PEM.</summary>
    public required string Certificate { get; init; }

    /// <summary>The certificate that asked for this one by renewal; null: an invitation.</summary>
    public string? RenewalOf { get; init; }

    public long? RevokedMs { get; set; }

    /// <summary>Why, in the operator's words.</summary>
    public string? RevokedWhy { get; set; }
}
