using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using IotProperty.Hub.Billing;

namespace IotProperty.Hub.Tests.Billing;

/// <summary>Every published case and register fact.</summary>
public sealed partial class TariffFactTests
{
    private const long HourMs = 3_600_000;

    [TariffFact]
    public void Every_published_amount_comes_out_to_the_last_digit()
    {
        IReadOnlyList<JsonElement> cases = TariffFacts.CasesWith("tariff");
        Assert.Equal(6, cases.Count);
        foreach (JsonElement fact in cases)
        {
            Assert.Equal(TariffFacts.Number(fact.GetProperty("amount")), Amount(fact));
        }

        static decimal Amount(JsonElement fact)
        {
            string tariff = fact.GetProperty("tariff").GetString()!;
            if (tariff == "beijing-heat-metered")
            {
                JsonElement prices = TariffFacts.Load().GetProperty("tariffs").GetProperty(tariff);
                return Flat(TariffFacts.Number(prices.GetProperty("basicPerM2")), TariffFacts.Number(fact.GetProperty("areaM2")))
                    + Flat(TariffFacts.Number(prices.GetProperty("pricePerKWh")), TariffFacts.Number(fact.GetProperty("consumptionKWh")));
            }

            TariffVersion version = TariffFacts.Version(tariff);
            decimal before = fact.TryGetProperty("yearToDate", out JsonElement year) ? TariffFacts.Number(year) : 0;
            decimal quantity = TariffFacts.Number(fact.TryGetProperty("consumption", out JsonElement consumption) ? consumption : fact.GetProperty("areaM2"));
            return BandSplitter.Split(BandSplitter.BandsFor(version, 1, 30, 30), before, quantity).Sum(s => s.Amount);
        }

        static decimal Flat(decimal price, decimal quantity) => BandSplitter.Split([new TariffBand(null, price)], 0, quantity).Sum(s => s.Amount);
    }

    [TariffFact]
    public void Sixth_person_widens_every_limit()
    {
        TariffVersion water = TariffFacts.Version("beijing-water");
        Assert.Equal([180m, 260m, null], BandSplitter.BandsFor(water, 5, 30, 30).Select(b => b.UpTo));
        Assert.Equal([240m, 320m, null], BandSplitter.BandsFor(water, 7, 30, 30).Select(b => b.UpTo));
    }

    [TariffFact]
    public void Tariff_replaced_inside_the_period_is_shared_by_days()
    {
        string[] factors = [.. TariffFacts.CasesWith("factors").Single().GetProperty("factors").EnumerateArray().Select(f => f.GetString()!)];
        Invoice invoice = new BillingWorld()
            .Meter("m", BillingWorld.Day(2026, 1, 1))
            .Read(BillingWorld.Day(2026, 4, 1), 1000)
            .Read(BillingWorld.Day(2026, 5, 1), 1090)
            .Tariff("t", BillingWorld.Flat(1m), BillingWorld.Flat(2m, new DateOnly(2026, 4, 21)))
            .Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Value!;
        Assert.Equal(factors, invoice.Lines.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.SharePart}/{l.ShareWhole}")));
        Assert.Equal([60m, 30m], invoice.Lines.Select(l => l.Consumption));
        Assert.Equal(120m, invoice.Total);
    }

    [TariffFact]
    public void Bands_meant_for_thirty_days_scale_to_the_period()
    {
        JsonElement fact = TariffFacts.CasesWith("bands").Single();
        int[] numbers = [.. Number().Matches(fact.GetProperty("what").GetString()!).Select(m => int.Parse(m.Value, CultureInfo.InvariantCulture))];
        (int days, int bandsForDays, int first, int second) = (numbers[0], numbers[1], numbers[2], numbers[3]);
        TariffVersion version = new()
        {
            From = new DateOnly(2020, 1, 1),
            Accumulates = Accumulation.None,
            Bands = [new TariffBand(first, 1), new TariffBand(second, 2), new TariffBand(null, 3)],
            BandsForDays = bandsForDays,
        };
        Assert.Equal(
            fact.GetProperty("bands").EnumerateArray().Select(b => (decimal?)TariffFacts.Number(b)),
            BandSplitter.BandsFor(version, 1, days, days).SkipLast(1).Select(b => b.UpTo));
    }

    [TariffFact]
    public void Total_is_rounded_once_and_not_line_by_line()
    {
        JsonElement fact = TariffFacts.CasesWith("amount").Single(c => c.TryGetProperty("what", out _));
        decimal[] lines = [.. Amounts().Matches(fact.GetProperty("what").GetString()!).Take(4).Select(m => decimal.Parse(m.Value, CultureInfo.InvariantCulture))];
        Assert.Equal(279.16m, lines.Sum());
        Assert.Equal(TariffFacts.Number(fact.GetProperty("amount")), Money.RoundTotal(lines.Sum(l => l * 1.2m)));
        Assert.Equal(335.00m, lines.Sum(l => Money.RoundTotal(l * 1.2m)));
    }

    [TariffFact]
    public void Register_that_wraps_goes_on_counting()
    {
        JsonElement fact = TariffFacts.Register("six-digit register wraps");
        RegisterAdvance advance = RegisterRules.Advance(
            TariffFacts.Number(fact.GetProperty("previous")), TariffFacts.Number(fact.GetProperty("current")), fact.GetProperty("digits").GetInt32(), HourMs, 50);
        Assert.Equal(new RegisterAdvance(TariffFacts.Number(fact.GetProperty("consumption")), true), advance);
    }

    [TariffFact]
    public void Swapped_meter_is_billed_on_both_sides_of_the_swap()
    {
        JsonElement fact = TariffFacts.Register("meter swapped");
        decimal[] n = [.. Amounts().Matches(fact.GetProperty("what").GetString()!).Select(m => decimal.Parse(m.Value, CultureInfo.InvariantCulture))];
        (decimal oldOut, decimal newIn, decimal now, decimal lastBilled) = (n[0], n[1], n[2], n[3]);
        long swap = BillingWorld.Day(2026, 4, 12) + (9 * HourMs);
        Invoice invoice = new BillingWorld()
            .Meter("old", BillingWorld.Day(2025, 1, 1), swap, closing: oldOut)
            .Read(BillingWorld.Day(2026, 4, 1), lastBilled)
            .Meter("new", swap, opening: newIn)
            .Read(BillingWorld.Day(2026, 5, 1), now)
            .Tariff("t", BillingWorld.Flat(1m))
            .Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Value!;
        Assert.Equal(TariffFacts.Number(fact.GetProperty("consumption")), invoice.Lines.Sum(l => l.Consumption));
        Assert.Equal(
            [(lastBilled, oldOut, BoundarySource.InstallationClosing), (newIn, now, BoundarySource.Reading)],
            invoice.Lines.Select(l => (l.Opening.Value, l.Closing.Value, l.Closing.Source)));
    }

    [TariffFact]
    public void Unexplained_fall_blocks_the_bill_and_names_both_readings()
    {
        Assert.StartsWith("unexplained", TariffFacts.Register("the register fell by 3").GetProperty("result").GetString(), StringComparison.Ordinal);
        Refusal refusal = new BillingWorld()
            .Meter("m", BillingWorld.Day(2026, 1, 1))
            .Read(BillingWorld.Day(2026, 4, 1), 1000)
            .Read(BillingWorld.Day(2026, 4, 2), 997)
            .Read(BillingWorld.Day(2026, 5, 1), 1100)
            .Tariff("t", BillingWorld.Flat(1m))
            .Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Refusal!;
        Reason reason = Assert.Single(refusal.Reasons);
        Assert.Equal(("register.fell", RefusalKind.Invalid), (reason.Code, refusal.Kind));
        Assert.Contains("from 1000 at 2026-03-31T16:00:00.000Z to 997 at 2026-04-01T16:00:00.000Z", reason.Detail, StringComparison.Ordinal);
    }

    [TariffFact]
    public void Unchanged_register_at_a_new_time_is_a_bill_of_zero()
    {
        Assert.Contains("true zero", TariffFacts.Register("unchanged register").GetProperty("result").GetString(), StringComparison.Ordinal);
        Invoice invoice = new BillingWorld()
            .Meter("m", BillingWorld.Day(2026, 1, 1))
            .Read(BillingWorld.Day(2026, 4, 1), 1000)
            .Read(BillingWorld.Day(2026, 5, 1), 1000)
            .Tariff("t", BillingWorld.Flat(1m))
            .Bill(BillingWorld.Day(2026, 4, 1), BillingWorld.Day(2026, 5, 1)).Value!;
        Assert.Equal((0m, 0.00m), (invoice.Lines.Single().Consumption, invoice.Total));
        Assert.Equal(new InvoiceStep(0, 0, 0, 1, 0), invoice.Lines.Single().Steps.Single());
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();

    [GeneratedRegex(@"\d+\.\d+")]
    private static partial Regex Amounts();
}
