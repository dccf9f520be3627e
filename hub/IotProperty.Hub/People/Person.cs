using Microsoft.AspNetCore.Identity;

namespace IotProperty.Hub.People;

/// <summary>Somebody who may log in.</summary>
public sealed class Person : IdentityUser
{
    /// <summary>The password was made by the hub and printed; the person is asked to change it.</summary>
    public bool HasOneTimePassword { get; set; }
}

/// <summary>A role that a person holds, at one site or, with <see cref="EverySite"/>, at all.</summary>
public sealed class RoleGrant
{
    public const string EverySite = "*";

    public required string PersonId { get; init; }

    public required string Role { get; init; }

    public string Site { get; init; } = EverySite;
}
