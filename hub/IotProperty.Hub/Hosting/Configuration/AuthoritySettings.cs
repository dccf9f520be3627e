namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>The certificate authority that signs the certificates of edges, in files that the operator keeps.</summary>
public sealed record AuthoritySettings
{
    /// <summary>The signing certificate, followed by those above it up to the root (PEM).</summary>
    public required string CertificateFile { get; init; }

    /// <summary>The signing certificate's private key (PEM, not encrypted), for its owner alone.</summary>
    public required string KeyFile { get; init; }
}

/// <summary>Who may come to the front door with user name and password instead of a certificate.</summary>
public enum PasswordEntry
{
    /// <summary>Those who come from the same machine.</summary>
    Loopback,

    /// <summary>All: for the time until each edge has enrolled.</summary>
    Everywhere,

    /// <summary>Nobody.</summary>
    Never,
}
