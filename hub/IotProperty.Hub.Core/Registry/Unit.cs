namespace IotProperty.Hub.Registry;

/// <summary>How a unit is used. The numeric values are in the database and never change.</summary>
public enum Occupancy : byte
{
    Vacant = 0,
    Let = 1,
    OwnerOccupied = 2,
}

/// <summary>A flat, shop or office.</summary>
public sealed record Unit
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string Building { get; init; }

    /// <summary>As it stands on the door: <c>3-1202</c>. Unique within the building.</summary>
    public required string Number { get; init; }

    /// <summary>In square metres; null when unknown.</summary>
    public decimal? FloorAreaM2 { get; init; }

    /// <summary>For people: <c>2 rooms, 1 hall</c>.</summary>
    public string Layout { get; init; } = "";

    public Occupancy Occupancy { get; init; }
}
