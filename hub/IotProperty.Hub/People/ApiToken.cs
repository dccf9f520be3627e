namespace IotProperty.Hub.People;

/// <summary>A program's right to use the API. The token itself is not kept: it is 256 random bits, so its plain SHA-256 cannot be turned back.</summary>
public sealed class ApiToken
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Role { get; init; }

    /// <summary><see cref="RoleGrant.EverySite"/>, or the ids of sites, separated by spaces.</summary>
    public string Sites { get; init; } = RoleGrant.EverySite;

    /// <summary>Names of <see cref="Permission"/>, separated by spaces; empty: all that the role holds.</summary>
    public string Permissions { get; init; } = "";

    /// <summary>The user name of the person with whom it ends, and with the role that it was made from; empty: it is nobody's.</summary>
    public string Owner { get; init; } = "";

    /// <summary>SHA-256 of the whole token text, lower-case hexadecimal.</summary>
    public required string Hash { get; init; }

    /// <summary>Milliseconds since the Unix epoch, UTC.</summary>
    public required long CreatedMs { get; init; }

    /// <summary>Milliseconds since the Unix epoch, UTC; from then on the token is refused.</summary>
    public required long ExpiresMs { get; init; }

    /// <summary>Milliseconds since the Unix epoch, UTC, to the minute; null: never.</summary>
    public long? LastUsedMs { get; init; }

    /// <summary>Milliseconds since the Unix epoch, UTC; from then on the token is refused. Null: it is not revoked.</summary>
    public long? RevokedMs { get; init; }

    /// <summary>Whether it is let in at this time.</summary>
    public bool IsValid(long nowMs) => RevokedMs is null && nowMs < ExpiresMs;

    /// <summary>Whether somebody who holds these roles may do all that it may.</summary>
    public bool IsWithin(IReadOnlyCollection<RoleGrant> grants) =>
        grants.Any(g => g.Role == Role && g.Site == RoleGrant.EverySite) || Sites.Split(' ').All(site => grants.Any(g => g.Role == Role && g.Site == site));
}
