namespace IotProperty.Hub.People;

/// <summary>What an edge must show at the front door.</summary>
public sealed class EdgeCredential
{
    internal const string QuickHash = "sha256:";

    /// <summary>The site that the edge may speak for; also its MQTT client id and user name.</summary>
    public required string Site { get; init; }

    /// <summary>
    /// <see cref="QuickHash"/> and the hash of <see cref="OneTimeSecret.HashOf"/>. From before: a salted slow hash in ASP.NET Core Identity's version 3 format
    /// (PBKDF2, HMAC-SHA512), which gives way to the other when its password is next shown.
    /// </summary>
    public required string PasswordHash { get; set; }

    /// <summary>Milliseconds since the Unix epoch, UTC.</summary>
    public required long IssuedMs { get; set; }
}
