namespace IotProperty.Hub.People;

/// <summary>What an edge must show at the front door.</summary>
public sealed class EdgeCredential
{
    /// <summary>The site that the edge may speak for; also its MQTT client id and user name.</summary>
    public required string Site { get; init; }

    /// <summary>A salted slow hash in ASP.NET Core Identity's version 3 format (PBKDF2, HMAC-SHA512).</summary>
    public required string PasswordHash { get; set; }

    /// <summary>Milliseconds since the Unix epoch, UTC.</summary>
    public required long IssuedMs { get; set; }
}
