using FsCheck;
using FsCheck.Fluent;
using IotProperty.Hub.Billing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Billing;

public sealed class InvoiceTests
{
    private const long HourMs = 3_600_000;
    private static readonly TariffBand[] Tiers = [new(100, 0.5m), new(300, 0.8m), new(null, 1.2m)];

    [Fact]
    public void Line_shows_readings_version_and_steps_and_they_add_up()
    {
        Invoice invoice = new BillingWorld()
            .Meter("m", BillingWorld.Day(2026, 1, 1), opening: 0)
            .Read(BillingWorld.Day(2026, 2, 1), 90.50m)
            .Read(BillingWorld.Day(2026, 3, 1), 310.25m)
            .Tariff("t", BillingWorld.Yearly(null, Tiers))
            .Bill(BillingWorld.Day(2026, 2, 1), BillingWorld.Day(2026, 3, 1)).Value!;
        InvoiceLine line = Assert.Single(invoice.Lines);
        Assert.Equal((90.50m, 310.25m, 219.75m), (line.Opening.Value, line.Closing.Value, line.Consumption));
        Assert.Equal(("t", new DateOnly(2020, 1, 1), 1L, 1L), (line.Tariff, line.TariffVersion, line.SharePart, line.ShareWhole));
        Assert.Equal(
            [new InvoiceStep(90.50m, 100m, 9.50m, 0.5m, 4.750m), new(100m, 300m, 200m, 0.8m, 160m), new(300m, 310.25m, 10.25m, 1.2m, 12.300m)],
            line.Steps);
        Assert.Equal((177.05m, 177.05m, "half-away-from-zero-0.01"), (invoice.ExactTotal, invoice.Total, invoice.Rounding));
    }

    [Theory]
    [InlineData(2.344, 2.34)]
    [InlineData(2.345, 2.35)]
    [InlineData(2.3449999, 2.34)]
    [InlineData(-2.345, -2.35)]
    public void Exactly_half_a_hundredth_goes_away_from_zero(double exact, double rounded) => Assert.Equal((decimal)rounded, Money.RoundTotal((decimal)exact));

    [Fact]
    public void Last_reading_before_a_boundary_serves_it_for_a_day_and_no_longer()
    {
        BillingWorld world = new BillingWorld()
            .Meter("m", BillingWorld.Day(2026, 1, 1))
            .Read(BillingWorld.Day(2026, 4, 1) - (24 * HourMs), 10)
            .Read(BillingWorld.Day(2026, 5, 1) - 1, 40)
            .Read(BillingWorld.Day(2026, 5, 1) + 1, 41)
            .Tariff("t", BillingWorld.Flat(1m));
        Assert.Equal(30m, world.Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Value!.Total);
        Refusal refusal = world.Bill(BillingWorld.Day(2026, 4, 1) + 1, BillingWorld.Day(2026, 5, 1)).Refusal!;
        Assert.Equal("reading.missing", Assert.Single(refusal.Reasons).Code);
        Assert.Contains("within 24 hours before 2026-03-31T16:00:00.001Z", refusal.Reasons[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_reading_never_serves_a_boundary()
    {
        Refusal refusal = new BillingWorld()
            .Meter("m", BillingWorld.Day(2026, 1, 1))
            .Read(BillingWorld.Day(2026, 4, 1), 10)
            .Read(BillingWorld.Day(2026, 5, 1), 0, quality: Quality.CommFail)
            .Tariff("t", BillingWorld.Flat(1m))
            .Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Refusal!;
        Assert.Equal("reading.missing", Assert.Single(refusal.Reasons).Code);
    }

    [Fact]
    public void Dead_meter_is_not_a_bill_of_zero()
    {
        long from = BillingWorld.Day(2026, 4, 1);
        Refusal refusal = new BillingWorld()
            .Meter("m", BillingWorld.Day(2026, 1, 1))
            .Read(from - 1, 10)
            .Tariff("t", BillingWorld.Flat(1m))
            .Bill(from, from + HourMs).Refusal!;
        Assert.Contains("has no reading between", Assert.Single(refusal.Reasons).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Period_of_minutes_is_billed_like_a_month()
    {
        long from = BillingWorld.Day(2026, 4, 1) + 123_456;
        BillingWorld world = new BillingWorld().Meter("m", from - 60_000).Tariff("t", BillingWorld.Yearly(null, Tiers));
        for (int i = 0; i <= 12; i++)
        {
            world.Read(from - 5_000 + (i * 10_000), 50.00m + (i * 0.01m));
        }

        Invoice invoice = world.Bill(from, from + 100_000).Value!;
        Assert.Equal((50.00m, 50.10m, 0.10m), (invoice.Lines[0].Opening.Value, invoice.Lines[0].Closing.Value, invoice.Lines[0].Consumption));
        Assert.Equal(0.05m, invoice.Total);
    }

    [Fact]
    public void Every_reason_is_told_at_once()
    {
        Refusal refusal = new BillingWorld().Meter("m", BillingWorld.Day(2026, 1, 1)).Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Refusal!;
        Assert.Equal(["tariff.unassigned", "reading.missing", "reading.missing"], refusal.Reasons.Select(r => r.Code));
    }

    [Fact]
    public void Period_that_is_not_over_is_refused() =>
        Assert.Equal("period.not-over", new BillingWorld().Bill(BillingWorld.Day(2029, 12, 1), BillingWorld.Day(2030, 1, 2)).Refusal!.Reasons[0].Code);

    [Fact]
    public void Year_begins_anew_in_the_sites_zone()
    {
        Invoice invoice = new BillingWorld()
            .Meter("m", BillingWorld.Day(2025, 1, 1), opening: 0)
            .Read(BillingWorld.Day(2025, 12, 22), 250)
            .Read(BillingWorld.Day(2026, 1, 11), 350)
            .Tariff("t", BillingWorld.Yearly(null, Tiers))
            .Bill(BillingWorld.Day(2025, 12, 22), BillingWorld.Day(2026, 1, 11)).Value!;
        Assert.Equal([BillingWorld.Day(2026, 1, 1), BillingWorld.Day(2026, 1, 11)], invoice.Lines.Select(l => l.ToMs));
        Assert.Equal([(10L, 20L), (10L, 20L)], invoice.Lines.Select(l => (l.SharePart, l.ShareWhole)));
        Assert.Equal((250m, 300m), (invoice.Lines[0].Steps[0].FromCumulative, invoice.Lines[0].Steps[^1].ToCumulative));
        Assert.Equal((0m, 50m), (invoice.Lines[1].Steps[0].FromCumulative, invoice.Lines[1].Steps[^1].ToCumulative));
    }

    [Fact]
    public void Closing_of_the_bill_before_opens_this_one_even_if_a_better_reading_came_late()
    {
        BillingWorld world = new BillingWorld().Meter("m", BillingWorld.Day(2026, 1, 1)).Tariff("t", BillingWorld.Yearly(null, Tiers))
            .Read(BillingWorld.Day(2026, 4, 1), 10)
            .Read(BillingWorld.Day(2026, 5, 1) - HourMs, 40)
            .Read(BillingWorld.Day(2026, 6, 1), 90);
        world.Prior = world.Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Value!.Lines[^1];
        world.Read(BillingWorld.Day(2026, 5, 1), 41);
        InvoiceLine line = world.Bill(BillingWorld.Day(2026, 5, 1), BillingWorld.Day(2026, 6, 1)).Value!.Lines.Single();
        Assert.Equal((40m, 50m), (line.Opening.Value, line.Consumption));
        Assert.Equal(world.Prior.Steps[^1].ToCumulative, line.Steps[0].FromCumulative);
    }

    [Fact]
    public void Consumption_between_two_bills_counts_for_the_years_bands()
    {
        BillingWorld world = new BillingWorld().Meter("m", BillingWorld.Day(2026, 1, 1)).Tariff("t", BillingWorld.Yearly(null, Tiers))
            .Read(BillingWorld.Day(2026, 1, 1), 0)
            .Read(BillingWorld.Day(2026, 2, 1), 60)
            .Read(BillingWorld.Day(2026, 3, 1), 150)
            .Read(BillingWorld.Day(2026, 4, 1), 170);
        world.Prior = world.Bill(BillingWorld.Day(2026, 1, 1), BillingWorld.Day(2026, 2, 1)).Value!.Lines[^1];
        InvoiceLine line = world.Bill(BillingWorld.Day(2026, 3, 1), BillingWorld.Day(2026, 4, 1)).Value!.Lines.Single();
        Assert.Equal([new InvoiceStep(150, 170, 20, 0.8m, 16.0m)], line.Steps);
    }

    [Fact]
    public void Meter_in_another_unit_than_its_tariff_is_refused()
    {
        BillingWorld world = new BillingWorld { TariffUnit = "m3" }
            .Meter("m", BillingWorld.Day(2026, 1, 1)).Read(BillingWorld.Day(2026, 4, 1), 1).Read(BillingWorld.Day(2026, 5, 1), 2).Tariff("t", BillingWorld.Flat(1m));
        Refusal refusal = world.Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Refusal!;
        Assert.Equal("tariff.unit", Assert.Single(refusal.Reasons).Code);
    }

    [Fact]
    public void Register_with_decimals_wraps_where_its_digits_end()
    {
        Assert.Equal(new RegisterAdvance(0.36m, true), RegisterRules.Advance(9999.84m, 0.20m, 6, HourMs, 50));
        Assert.False(RegisterRules.Advance(9999.84m, 0.20m, 0, HourMs, 50).Explained);
        Assert.False(RegisterRules.Advance(5000.00m, 0.20m, 6, HourMs, 50).Explained);
        Assert.False(RegisterRules.Advance(1000m, 997m, 6, HourMs, 50).Explained);
    }

    [Fact]
    public void Steps_add_up_to_the_line_and_lines_to_the_total()
    {
        Prop.ForAll(Any<int>(), Any<PositiveInt>(), Any<PositiveInt>(), (seed, opening, quantity) =>
        {
            IReadOnlyList<InvoiceStep> steps = BandSplitter.Split(Bands(seed), opening.Get / 10m, quantity.Get / 100m);
            return steps.Sum(s => s.Quantity) == quantity.Get / 100m
                && steps[0].FromCumulative == opening.Get / 10m
                && steps.Zip(steps.Skip(1)).All(p => p.First.ToCumulative == p.Second.FromCumulative)
                && steps.All(s => s.Amount == s.Quantity * s.Price && s.Quantity == s.ToCumulative - s.FromCumulative && s.Quantity > 0);
        }).Check(PropertyRun.Config);
    }

    [Fact]
    public void More_consumption_never_costs_less()
    {
        Prop.ForAll(Any<int>(), Any<PositiveInt>(), Any<PositiveInt>(), (seed, quantity, more) =>
            BandSplitter.Split(Bands(seed), 0, quantity.Get + more.Get).Sum(s => s.Amount) >= BandSplitter.Split(Bands(seed), 0, quantity.Get).Sum(s => s.Amount))
            .Check(PropertyRun.Config);
    }

    [Fact]
    public void Cutting_a_year_into_bills_changes_nothing()
    {
        long begin = BillingWorld.Day(2026, 1, 1);
        Prop.ForAll(Any<int>(), Any<NonEmptyArray<PositiveInt>>(), (seed, counts) =>
        {
            int[] daily = [.. counts.Get.Take(40).Select(c => c.Get % 50)];
            BillingWorld world = new BillingWorld().Meter("m", begin, opening: 0).Tariff("t", BillingWorld.Yearly(null, Bands(seed)));
            decimal register = 0;
            for (int i = 0; i < daily.Length; i++)
            {
                register += daily[i] / 4m;
                world.Read(begin + ((i + 1) * 24 * HourMs), register);
            }

            long end = begin + (daily.Length * 24 * HourMs);
            decimal whole = world.Bill(begin, end).Value!.ExactTotal;
            decimal cut = 0;
            for (int i = 0; i < daily.Length; i++)
            {
                Invoice part = world.Bill(begin + (i * 24 * HourMs), begin + ((i + 1) * 24 * HourMs)).Value!;
                cut += part.ExactTotal;
                world.Prior = i % 3 == 0 ? part.Lines[^1] : null;
            }

            return whole == cut;
        }).Check(PropertyRun.Config);
    }

    [Fact]
    public void Shares_of_a_metered_amount_add_up_to_it_exactly()
    {
        Prop.ForAll(Any<PositiveInt>(), Any<PositiveInt>(), (counted, day) =>
        {
            DateOnly change = new DateOnly(2026, 4, 2).AddDays(day.Get % 29);
            Invoice invoice = new BillingWorld()
                .Meter("m", BillingWorld.Day(2026, 1, 1))
                .Read(BillingWorld.Day(2026, 4, 1), 0)
                .Read(BillingWorld.Day(2026, 5, 1), counted.Get / 7m)
                .Tariff("t", BillingWorld.Flat(1m), BillingWorld.Flat(3m, change))
                .Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Value!;
            return invoice.Lines.Sum(l => l.Consumption) == invoice.Lines[0].Metered && invoice.Lines.Count == 2 && invoice.Lines.Sum(l => l.SharePart) == 30;
        }).Check(PropertyRun.Config);
    }

    private static Arbitrary<T> Any<T>() => ArbMap.Default.ArbFor<T>();

    /// <summary>One to four bands with rising limits and prices, from a seed.</summary>
    private static TariffBand[] Bands(int seed)
    {
        uint state = unchecked((uint)seed);
        int count = (int)(state % 4);
        decimal limit = 0;
        decimal price = 0.1m;
        List<TariffBand> bands = [];
        for (int i = 0; i < count; i++)
        {
            state = unchecked((state * 1664525) + 1013904223);
            limit += 1 + (state % 200);
            price += (state >> 8) % 5 / 100m;
            bands.Add(new TariffBand(limit, price));
        }

        return [.. bands, new TariffBand(null, price + 0.05m)];
    }
}
