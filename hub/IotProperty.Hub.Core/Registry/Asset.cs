using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Registry;

/// <summary>A row of the equipment ledger.</summary>
public sealed record Asset
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string Site { get; init; }

    /// <summary>The device's id at the edge; null for equipment that is not connected. Belongs to at most one asset of the site.</summary>
    public string? Device { get; init; }

    /// <summary><c>lift</c>, <c>fire-pump</c>, <c>electricity-meter</c>, … as the profiles name kinds.</summary>
    public required string Kind { get; init; }

    public required LocalText Name { get; init; }

    public string Make { get; init; } = "";

    public string Model { get; init; } = "";

    public DateOnly? Purchased { get; init; }

    /// <summary>Where a technician finds it.</summary>
    public string Place { get; init; } = "";

    public int? ServiceLifeYears { get; init; }

    /// <summary>What a technician must be able to do to work on it: <c>lift</c>, <c>fire-protection</c>; empty when the kind decides.</summary>
    public string Skill { get; init; } = "";
}
