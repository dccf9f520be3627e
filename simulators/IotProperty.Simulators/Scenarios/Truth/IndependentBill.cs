namespace IotProperty.Simulators.Scenarios.Truth;

/// <summary>One band of a published tariff: up to a limit (null for the last one) at a price a unit.</summary>
public readonly record struct PriceBand(decimal? UpTo, decimal Price);

/// <summary>The check's own arithmetic, which shares nothing with the hub's: integrates the price over the cumulative consumption.</summary>
public static class IndependentBill
{
    /// <summary>Beijing, households, published; CNY a kWh, by calendar year.</summary>
    public static IReadOnlyList<PriceBand> BeijingElectricity { get; } = [new(2880m, 0.4883m), new(4800m, 0.5383m), new(null, 0.7883m)];

    /// <summary>Beijing, households of up to five persons, published; CNY a cubic metre, by calendar year.</summary>
    public static IReadOnlyList<PriceBand> BeijingWater { get; } = [new(180m, 5m), new(260m, 7m), new(null, 9m)];

    /// <summary>What a year's consumption costs that goes from one cumulative count to another: the cost of the whole up to the end less the cost up to the start.</summary>
    public static decimal Cost(IReadOnlyList<PriceBand> bands, decimal fromCumulative, decimal toCumulative) => Whole(bands, toCumulative) - Whole(bands, fromCumulative);

    /// <summary>To a hundredth, half away from zero, once.</summary>
    public static decimal Rounded(decimal exact) => Math.Round(exact, 2, MidpointRounding.AwayFromZero);

    private static decimal Whole(IReadOnlyList<PriceBand> bands, decimal count)
    {
        decimal cost = 0;
        decimal floor = 0;
        foreach (PriceBand band in bands)
        {
            decimal inBand = Math.Max(0, Math.Min(count, band.UpTo ?? decimal.MaxValue) - floor);
            cost += inBand * band.Price;
            floor = band.UpTo ?? floor;
        }

        return cost;
    }
}
