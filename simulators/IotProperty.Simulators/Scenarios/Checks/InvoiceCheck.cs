using System.Globalization;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>Check 5: a flat's readings become an invoice whose amount equals a sum of our own, from what the meters' registers really showed.</summary>
public static class InvoiceCheck
{
    private const int Flat = 3;

    public static async Task<string> RunAsync(CheckContext context, DateTimeOffset to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        SeededMeter electricity = context.Seeded.Meters[$"meter-{Flat}"];
        SeededMeter water = context.Seeded.Meters[$"water-{Flat}"];
        HubInvoice invoice = await DemoInvoice.IssueAsync(context, Flat, to, cancellationToken);
        IReadOnlyList<ServedRead> reads = await context.Rig.Control.ListAsync<ServedRead>(new ControlRequest { Op = "ledger", Line = "meters", ToMs = to.ToUnixTimeMilliseconds() }, cancellationToken);
        decimal exact = Expect(invoice, electricity, "energy", IndependentBill.BeijingElectricity, reads) + Expect(invoice, water, "volume", IndependentBill.BeijingWater, reads);
        decimal total = Number(invoice.Total);
        if (invoice.Lines.Count != 2 || total != IndependentBill.Rounded(exact))
        {
            throw new ScenarioException($"the invoice says {total} in {invoice.Lines.Count} lines; our own sum is {IndependentBill.Rounded(exact)} (exactly {exact})");
        }

        int steps = invoice.Lines.Sum(l => l.Steps.Count);
        return $"invoice {invoice.Id}: {invoice.Total} CNY in 2 lines and {steps} steps; independent sum {IndependentBill.Rounded(exact).ToString(CultureInfo.InvariantCulture)} CNY";
    }

    /// <summary>Our own amount for one meter; throws when the invoice's line does not stand on what the register showed.</summary>
    private static decimal Expect(HubInvoice invoice, SeededMeter meter, string register, IReadOnlyList<PriceBand> bands, IReadOnlyList<ServedRead> reads)
    {
        HubInvoiceLine line = invoice.Lines.SingleOrDefault(l => l.Device == meter.Device && l.Register == register)
            ?? throw new ScenarioException($"the invoice has no line for {meter.Device}");
        DemoPoint point = DemoPoint.All.Single(p => p.Id == $"{meter.Device}/{register}");
        ServedRead last = reads.LastOrDefault(point.IsBilledBy) ?? throw new ScenarioException($"{meter.Device} was never read for billing");
        decimal shown = point.RawIn(last) * point.Field.Scale;
        if (Number(line.Closing.Value) != shown)
        {
            throw new ScenarioException($"{meter.Device} closes at {line.Closing.Value} ({HubApi.Rfc3339(line.Closing.Time)}); its register last showed {shown} at {last.TimeMs}");
        }

        decimal consumption = shown - meter.OpeningValue;
        decimal amount = IndependentBill.Cost(bands, 0, consumption);
        return Number(line.Amount) == amount && line.Steps.Sum(s => Number(s.Amount)) == amount && Number(line.Consumption) == consumption
            ? amount
            : throw new ScenarioException($"{meter.Device}: {line.Consumption} for {line.Amount}; our own sum is {consumption} for {amount}");
    }

    private static decimal Number(string text) => decimal.Parse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
