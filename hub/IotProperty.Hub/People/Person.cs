using Microsoft.AspNetCore.Identity;

namespace IotProperty.Hub.People;

/// <summary>Somebody who may log in.</summary>
public sealed class Person : IdentityUser
{
    /// <summary>The password was made by the hub and told once; until the person has changed it, nothing else opens to them.</summary>
    public bool HasOneTimePassword { get; set; }

    /// <summary>When password or roles were last changed; milliseconds since the Unix epoch, UTC. Null: not since the audit log began.</summary>
    public long? ChangedMs { get; set; }
}

/// <summary>A role that a person holds, at one site or, with <see cref="EverySite"/>, at all.</summary>
public sealed class RoleGrant
{
    public const string EverySite = "*";

    public required string PersonId { get; init; }

    public required string Role { get; init; }

    public string Site { get; init; } = EverySite;
}
