namespace IotProperty.Hub.Billing;

/// <summary>Where the value of a boundary came from. The numeric values are in the database and never change.</summary>
public enum BoundarySource : byte
{
    /// <summary>A reading that the edge took.</summary>
    Reading = 0,

    /// <summary>The value that was noted when the meter was put in.</summary>
    InstallationOpening = 1,

    /// <summary>The value that was noted when the meter was taken out.</summary>
    InstallationClosing = 2,
}

/// <summary>The register at one end of a line.</summary>
/// <param name="TimeMs">When the register showed the value, which is at or before the boundary; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Value">In the register's unit, exactly as shown.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="ClockTrusted">Whether the edge's clock was synchronised.</param>
public sealed record BoundaryReading(long TimeMs, decimal Value, BoundarySource Source, bool ClockTrusted);

/// <summary>A stretch of consumption at one price.</summary>
/// <param name="FromCumulative">Consumption counted before this step, in the tariff's unit.</param>
/// <param name="ToCumulative">Consumption counted after it.</param>
/// <param name="Quantity">The difference of the two.</param>
/// <param name="Price">Per unit.</param>
/// <param name="Amount">Quantity times price, exact.</param>
public sealed record InvoiceStep(decimal FromCumulative, decimal ToCumulative, decimal Quantity, decimal Price, decimal Amount);

/// <summary>
/// One service point, one meter, one tariff version, one year of accumulation: whenever one of them changes inside the period, a new line begins.
/// </summary>
public sealed record InvoiceLine
{
    public required string ServicePoint { get; init; }

    public required string Utility { get; init; }

    /// <summary>The part of the period that this line is for, half-open; milliseconds since the Unix epoch, UTC.</summary>
    public required long FromMs { get; init; }

    public required long ToMs { get; init; }

    public required string Installation { get; init; }

    public required string Site { get; init; }

    public required string Device { get; init; }

    public required string Register { get; init; }

    /// <summary>The unit of readings, consumption and price.</summary>
    public required string Unit { get; init; }

    public required BoundaryReading Opening { get; init; }

    public required BoundaryReading Closing { get; init; }

    /// <summary>What the meter counted between opening and closing.</summary>
    public required decimal Metered { get; init; }

    /// <summary>Days (or milliseconds, when the period does not consist of whole days) of this line and of all lines that share <see cref="Metered"/>; 1 of 1 unless a tariff or year changed between two readings.</summary>
    public required long SharePart { get; init; }

    public required long ShareWhole { get; init; }

    /// <summary>What this line bills: <see cref="Metered"/> × part ÷ whole; the lines that share a metered amount add up to it exactly.</summary>
    public required decimal Consumption { get; init; }

    public required string Tariff { get; init; }

    /// <summary>The version, named by its first day.</summary>
    public required DateOnly TariffVersion { get; init; }

    public required Accumulation Accumulates { get; init; }

    public required IReadOnlyList<InvoiceStep> Steps { get; init; }

    /// <summary>The exact sum of the steps, not rounded.</summary>
    public required decimal Amount { get; init; }
}

/// <summary>What a unit owes for the half-open period [From, To). Never changed once issued.</summary>
public sealed record Invoice
{
    public required string Id { get; init; }

    public required string Unit { get; init; }

    public required string Site { get; init; }

    /// <summary>Milliseconds since the Unix epoch, UTC.</summary>
    public required long FromMs { get; init; }

    public required long ToMs { get; init; }

    public required long IssuedMs { get; init; }

    public required string Currency { get; init; }

    public required IReadOnlyList<InvoiceLine> Lines { get; init; }

    /// <summary>The exact sum of the lines, before rounding.</summary>
    public required decimal ExactTotal { get; init; }

    /// <summary>What is to be paid: <see cref="ExactTotal"/> rounded once by <see cref="Rounding"/>.</summary>
    public required decimal Total { get; init; }

    /// <summary>The named rule: <c>half-away-from-zero-0.01</c>.</summary>
    public required string Rounding { get; init; }
}
