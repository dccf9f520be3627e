namespace IotProperty.Hub.Billing;

/// <summary>Spreads a quantity over the bands of a tariff.</summary>
public static class BandSplitter
{
    // A scaled limit is a quantity that people read on a bill: a millionth of a unit is finer than any meter shows.
    private const int LimitDecimals = 6;

    /// <summary>
    /// Splits at every limit that is crossed. Bands are half-open: the unit that reaches a limit exactly still belongs to the band before, the
    /// next one does not. A quantity of zero gives one step of zero, so that a bill shows where the count stands.
    /// </summary>
    /// <param name="bands">In rising order, the last without limit.</param>
    /// <param name="cumulative">What was counted before, in the tariff's unit; not negative.</param>
    /// <param name="quantity">What is to be billed; not negative.</param>
    public static IReadOnlyList<InvoiceStep> Split(IReadOnlyList<TariffBand> bands, decimal cumulative, decimal quantity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cumulative);
        ArgumentOutOfRangeException.ThrowIfNegative(quantity);
        List<InvoiceStep> steps = [];
        decimal end = cumulative + quantity;
        decimal at = cumulative;
        foreach (TariffBand band in bands)
        {
            decimal upTo = band.UpTo is { } limit && limit < end ? limit : end;
            if (at < upTo || (quantity == 0 && steps.Count == 0 && (band.UpTo is null || at < band.UpTo)))
            {
                decimal part = upTo - at;
                steps.Add(new InvoiceStep(at, upTo, part, band.Price, part * band.Price));
                at = upTo;
            }
        }

        return steps;
    }

    /// <summary>
    /// The bands of a version as they hold for one household and period: limits widened for extra persons and, without accumulation, scaled to
    /// the period's length or to the part of the period for which the version holds.
    /// </summary>
    /// <param name="version">The version.</param>
    /// <param name="householdSize">How many people live in the unit.</param>
    /// <param name="days">How many days the version holds within the period.</param>
    /// <param name="periodDays">How many days the period has.</param>
    public static IReadOnlyList<TariffBand> BandsFor(TariffVersion version, int householdSize, decimal days, decimal periodDays)
    {
        int extra = version.Household is { } household ? Math.Max(0, householdSize - household.FromPersons + 1) : 0;
        decimal added = extra * (version.Household?.AddsToEachLimit ?? 0m);
        return [.. version.Bands.Select(band => band with { UpTo = band.UpTo is { } limit ? Scale(limit + added) : null })];

        decimal Scale(decimal limit) => (version.Accumulates, version.BandsForDays) switch
        {
            (Accumulation.CalendarYear, _) => limit,
            (_, { } bandsForDays) => Math.Round(limit * days / bandsForDays, LimitDecimals, MidpointRounding.AwayFromZero),
            _ when days == periodDays => limit,
            _ => Math.Round(limit * days / periodDays, LimitDecimals, MidpointRounding.AwayFromZero),
        };
    }
}
