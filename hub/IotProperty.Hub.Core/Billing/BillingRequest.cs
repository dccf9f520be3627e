namespace IotProperty.Hub.Billing;

/// <summary>Everything that a bill is a function of, read from the ledger in one piece.</summary>
public sealed record BillingRequest
{
    /// <summary>The id that the invoice will bear.</summary>
    public required string Id { get; init; }

    public required string Unit { get; init; }

    public required string Site { get; init; }

    public required BillingCalendar Calendar { get; init; }

    public required long FromMs { get; init; }

    public required long ToMs { get; init; }

    public required long NowMs { get; init; }

    public required int HouseholdSize { get; init; }

    /// <summary>Those of the unit, in order of id.</summary>
    public required IReadOnlyList<ServicePointAccount> ServicePoints { get; init; }

    /// <summary>By id; every tariff that is assigned to one of the service points.</summary>
    public required IReadOnlyDictionary<string, Tariff> Tariffs { get; init; }
}

/// <summary>A service point with what is known of it.</summary>
public sealed record ServicePointAccount
{
    public required ServicePoint Point { get; init; }

    /// <summary>Every meter that was there at some time between the count's beginning and the period's end, in order of time.</summary>
    public required IReadOnlyList<MeterAccount> Meters { get; init; }

    public required IReadOnlyList<TariffAssignment> Assignments { get; init; }

    /// <summary>The last line that was billed for the service point before the period; null when there is none.</summary>
    public InvoiceLine? Prior { get; init; }

    /// <summary>The first line that was billed for the service point after the period; null when there is none.</summary>
    public InvoiceLine? Next { get; init; }
}
