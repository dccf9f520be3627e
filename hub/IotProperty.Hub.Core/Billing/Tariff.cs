namespace IotProperty.Hub.Billing;

/// <summary>Over what time consumption is summed to find its band. The numeric values are in the database and never change.</summary>
public enum Accumulation : byte
{
    /// <summary>Each billing period starts at zero.</summary>
    None = 0,

    /// <summary>From 1 January in the site's zone.</summary>
    CalendarYear = 1,
}

/// <summary>A price for a stretch of cumulative consumption, half-open: from the limit of the band before up to, but not including, its own.</summary>
/// <param name="UpTo">In the tariff's unit; null for the last band.</param>
/// <param name="Price">Per unit, in the tariff's currency.</param>
public sealed record TariffBand(decimal? UpTo, decimal Price);

/// <summary>Widens every limit of a version for large households.</summary>
/// <param name="FromPersons">The first person who counts as an extra one, for instance the 6th.</param>
/// <param name="AddsToEachLimit">What each extra person adds to each limit, in the tariff's unit.</param>
public sealed record HouseholdAllowance(int FromPersons, decimal AddsToEachLimit);

/// <summary>A tariff as it holds from a day on.</summary>
public sealed record TariffVersion
{
    /// <summary>The first day, in the site's zone; holds until the next version begins. Names the version within its tariff.</summary>
    public required DateOnly From { get; init; }

    public required Accumulation Accumulates { get; init; }

    /// <summary>In rising order; the last one has no limit. One band alone is a flat tariff.</summary>
    public required IReadOnlyList<TariffBand> Bands { get; init; }

    /// <summary>Only without accumulation: the limits are meant for so many days and scale with the period's length. Null: they hold for any period.</summary>
    public int? BandsForDays { get; init; }

    public HouseholdAllowance? Household { get; init; }
}

/// <summary>What a utility costs.</summary>
public sealed record Tariff
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string Name { get; init; }

    public required string Utility { get; init; }

    /// <summary>The unit that the prices are for: <c>kWh</c>, <c>m3</c>. Readings must come in it.</summary>
    public required string Unit { get; init; }

    /// <summary>ISO 4217: <c>CNY</c>.</summary>
    public required string Currency { get; init; }

    /// <summary>In rising order of their first day; at least one.</summary>
    public required IReadOnlyList<TariffVersion> Versions { get; init; }
}

/// <summary>Puts a service point under a tariff from a day on, until the next assignment.</summary>
public sealed record TariffAssignment
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string ServicePoint { get; init; }

    public required string Tariff { get; init; }

    /// <summary>The first day, in the site's zone.</summary>
    public required DateOnly From { get; init; }
}
