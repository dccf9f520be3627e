using System.Text.Json.Serialization;

namespace IotProperty.Hub.Registry;

/// <summary>The numeric values are in the database and never change.</summary>
public enum OccupantRole : byte
{
    Owner = 0,
    Tenant = 1,
}

/// <summary>Who owns a unit or lives in it.</summary>
public sealed record Occupant
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string Unit { get; init; }

    public required string Name { get; init; }

    public string Phone { get; init; } = "";

    /// <summary>Of the identity card or passport; empty: not recorded.</summary>
    public string IdNumber { get; init; } = "";

    /// <summary>In the ledger: by what the encrypted name is found. Empty elsewhere, and told to nobody.</summary>
    [JsonIgnore]
    public string NameMark { get; init; } = "";

    /// <summary>As <see cref="NameMark"/>, of the telephone number.</summary>
    [JsonIgnore]
    public string PhoneMark { get; init; } = "";

    public OccupantRole Role { get; init; }

    /// <summary>How many people live in the household, this one included; widens the bands of some tariffs.</summary>
    public int HouseholdSize { get; init; } = 1;
}
