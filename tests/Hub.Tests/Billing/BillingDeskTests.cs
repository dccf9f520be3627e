using IotProperty.Hub.Billing;
using IotProperty.Hub.Live;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Billing;

public sealed class SqliteBillingDeskTests() : BillingDeskTests(LedgerEngine.Sqlite);

[NeedsPeers("postgres")]
public sealed class PostgresBillingDeskTests() : BillingDeskTests(LedgerEngine.Postgres);

public abstract class BillingDeskTests : IDisposable
{
    private readonly LedgerFixture _fixture;
    private readonly BillingDesk _desk;
    private long _sequence;

    protected BillingDeskTests(LedgerEngine engine)
    {
        _fixture = new LedgerFixture(engine);
        _desk = new BillingDesk(_fixture.Ledger);
    }

    public void Dispose()
    {
        _fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    private long StartMs => new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [ConformanceFact]
    public async Task Readings_become_an_invoice_that_reads_back_as_it_was_issued()
    {
        await PrepareAsync();
        await ReadAsync("meter-3", "energy", "kWh", StartMs, 120.50m);
        await ReadAsync("meter-3", "energy", "kWh", StartMs + 600_000, 121.75m);
        await ReadAsync("meter-4", "volume", "m3", StartMs, 7.100m);
        await ReadAsync("meter-4", "volume", "m3", StartMs + 600_000, 7.350m);
        Invoice issued = Must(await _desk.IssueAsync("u-1", StartMs, StartMs + 600_000, default));
        Assert.Equal([("electricity", 1.25m), ("water", 0.250m)], issued.Lines.Select(l => (l.Utility, l.Consumption)));
        Assert.Equal((1.25m * 0.4883m) + (0.250m * 5m), issued.ExactTotal);
        Assert.Equal(1.86m, issued.Total);
        Invoice read = (await _desk.FindInvoiceAsync(issued.Id, default))!;
        Assert.Equal(issued.Lines.Select(l => l with { Steps = [] }).Select(l => l.ToString()), read.Lines.Select(l => l with { Steps = [] }).Select(l => l.ToString()));
        Assert.Equal(issued.Lines.SelectMany(l => l.Steps), read.Lines.SelectMany(l => l.Steps));
        Assert.Equal((issued.Total, issued.ExactTotal, issued.Currency, issued.Rounding), (read.Total, read.ExactTotal, read.Currency, read.Rounding));
        Assert.Contains(new LiveEvent(LiveKind.Invoice, "riverside", issued.Id), _fixture.Live.Published);
        Assert.Equal(issued.Id, (await _desk.InvoicesAsync("u-1", PageRequest.First, default)).Items.Single().Id);
    }

    [ConformanceFact]
    public async Task Same_period_again_is_the_same_invoice_and_an_overlap_is_refused()
    {
        await PrepareAsync();
        await ReadBothAsync(0, 10, 20, 30);
        Invoice first = Must(await _desk.IssueAsync("u-1", StartMs, StartMs + 600_000, default));
        _fixture.Live.Clear();
        Assert.Equal(first.Id, Must(await _desk.IssueAsync("u-1", StartMs, StartMs + 600_000, default)).Id);
        Assert.Empty(_fixture.Live.Published);
        Refusal overlap = (await _desk.IssueAsync("u-1", StartMs + 300_000, StartMs + 900_000, default)).Refusal!;
        Assert.Equal((RefusalKind.Conflict, "invoice.overlap"), (overlap.Kind, overlap.Reasons[0].Code));
        Invoice second = Must(await _desk.IssueAsync("u-1", StartMs + 600_000, StartMs + 1_200_000, default));
        Assert.Equal(first.Lines.Select(l => l.Closing), second.Lines.Select(l => l.Opening));
        Assert.Equal(first.Lines[0].Steps[^1].ToCumulative, second.Lines[0].Steps[0].FromCumulative);
    }

    [ConformanceFact]
    public async Task Blocked_bill_tells_every_reason_and_leaves_nothing()
    {
        await PrepareAsync();
        Refusal refusal = (await _desk.IssueAsync("u-1", StartMs, StartMs + 600_000, default)).Refusal!;
        Assert.Equal(RefusalKind.Invalid, refusal.Kind);
        Assert.Equal(4, refusal.Reasons.Count);
        Assert.All(refusal.Reasons, r => Assert.Equal("reading.missing", r.Code));
        Assert.Empty((await _desk.InvoicesAsync(null, PageRequest.First, default)).Items);
        Assert.Equal(RefusalKind.NotFound, (await _desk.IssueAsync("nowhere", StartMs, StartMs + 1, default)).Refusal!.Kind);
    }

    [ConformanceTheory]
    [InlineData("9999-12-31T23:00:00Z", "9999-12-31T23:59:59Z", "period.not-over")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z", "period.too-early")]
    [InlineData("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "period.empty")]
    public async Task Period_that_no_calendar_holds_is_refused(string from, string to, string code)
    {
        await PrepareAsync();
        Assert.Equal(code, Code(await _desk.IssueAsync("u-1", MsOf(from), MsOf(to), default)));
    }

    [ConformanceFact]
    public async Task Fallen_register_blocks_until_the_swap_is_declared()
    {
        await PrepareAsync();
        await ReadBothAsync(0, 10);
        await ReadAsync("meter-3", "energy", "kWh", StartMs + 700_000, 2.00m);
        await ReadAsync("meter-3", "energy", "kWh", StartMs + 1_200_000, 3.00m);
        await ReadAsync("meter-4", "volume", "m3", StartMs + 1_200_000, 11m);
        Refusal blocked = (await _desk.IssueAsync("u-1", StartMs, StartMs + 1_200_000, default)).Refusal!;
        Assert.Equal("register.fell", Assert.Single(blocked.Reasons).Code);

        Must(await _desk.EndInstallationAsync("i-1", StartMs + 650_000, 10.5m, default));
        MeterInstallation swapped = Installation("i-3", "sp-e", "meter-3", "energy") with { FromMs = StartMs + 650_000, OpeningValue = 1.5m };
        Must(await _desk.AddAsync(swapped, default));
        Invoice invoice = Must(await _desk.IssueAsync("u-1", StartMs, StartMs + 1_200_000, default));
        Assert.Equal(10.5m - 0m + (3.00m - 1.5m), invoice.Lines.Where(l => l.Utility == "electricity").Sum(l => l.Consumption));
        Assert.Equal(RefusalKind.Conflict, (await _desk.EndInstallationAsync("i-1", StartMs + 1, null, default)).Refusal!.Kind);
        Assert.Equal("installation.billed", (await _desk.EndInstallationAsync("i-3", StartMs + 660_000, null, default)).Refusal!.Reasons[0].Code);
    }

    [ConformanceFact]
    public async Task Overlapping_installations_and_wrong_references_are_refused()
    {
        await PrepareAsync();
        Assert.Equal("installation.overlap", Code(await _desk.AddAsync(Installation("i-9", "sp-e", "meter-9", "energy"), default)));
        Assert.Equal("installation.overlap", Code(await _desk.AddAsync(Installation("i-9", "sp-w", "meter-3", "energy"), default)));
        Assert.Equal("unknown.service-point", Code(await _desk.AddAsync(Installation("i-9", "sp-x", "meter-9", "energy"), default)));
        Assert.Equal("unknown.tariff", Code(await _desk.AddAsync(new TariffAssignment { ServicePoint = "sp-e", Tariff = "x", From = new DateOnly(2026, 1, 1) }, default)));
        Assert.Equal("assignment.utility", Code(await _desk.AddAsync(new TariffAssignment { ServicePoint = "sp-e", Tariff = "t-w", From = new DateOnly(2026, 2, 1) }, default)));
        Assert.Equal("assignment.day", Code(await _desk.AddAsync(new TariffAssignment { ServicePoint = "sp-e", Tariff = "t-e", From = new DateOnly(2026, 1, 1) }, default)));
        Assert.Equal("id.taken", Code(await _desk.AddAsync(ElectricityTariff(), default)));
        Assert.Equal("unknown.unit", Code(await _desk.AddAsync(new ServicePoint { Unit = "x", Utility = "water" }, default)));
    }

    [ConformanceFact]
    public async Task Tariff_with_several_mistakes_tells_them_all()
    {
        TariffVersion wrong = new()
        {
            From = new DateOnly(2026, 1, 1),
            Accumulates = Accumulation.CalendarYear,
            Bands = [new TariffBand(300, 1), new TariffBand(100, -1), new TariffBand(400, 2)],
            BandsForDays = 30,
        };
        Refusal refusal = (await _desk.AddAsync(ElectricityTariff() with { Id = "no spaces", Currency = "yuan", Versions = [wrong] }, default)).Refusal!;
        Assert.Equal(
            ["invalid.id", "invalid.currency", "invalid.bands.price", "invalid.bands.upTo", "invalid.bands.upTo", "invalid.bandsForDays"],
            refusal.Reasons.Select(r => r.Code));
    }

    [ConformanceFact]
    public async Task Newest_good_reading_of_every_register_is_found()
    {
        await ReadAsync("meter-3", "energy", "kWh", 1_000, 1m);
        await ReadAsync("meter-3", "energy", "kWh", 3_000, 3m);
        await ReadAsync("meter-3", "energy", "kWh", 2_000, 2m);
        await ReadAsync("meter-4", "volume", "m3", 1_500, 7m);
        await ReadAsync("meter-4", "volume", "m3", 1_600, 0m, Quality.CommFail);
        Assert.Equal(
            [("meter-3", 3m), ("meter-4", 7m)],
            (await _desk.LatestReadingsAsync("riverside", default)).Select(r => (r.Device, r.Value)));
    }

    [ConformanceFact]
    public async Task Pages_of_readings_neither_skip_nor_repeat()
    {
        for (int i = 0; i < 10; i++)
        {
            await ReadAsync("meter-3", "energy", "kWh", 1_000 * (i / 2), i, register2: i % 2 == 1);
        }

        List<(long, string)> seen = [];
        string? cursor = null;
        do
        {
            Page<StoredReading> page = await _desk.ReadingsAsync("riverside", null, null, 0, 4_000, new PageRequest(cursor, 3), default);
            seen.AddRange(page.Items.Select(r => (r.TimeMs, r.Register)));
            cursor = page.Next;
        }
        while (cursor is not null);
        Assert.Equal(8, seen.Count);
        Assert.Equal(seen.Distinct().Order(), seen);
    }

    private async Task PrepareAsync()
    {
        _fixture.Clock.MoveTo(DateTimeOffset.FromUnixTimeMilliseconds(StartMs).AddHours(4));
        RegistryDesk registry = new(_fixture.Ledger, new EdgeDirectory(_fixture.Ledger, _fixture.Clock), _fixture.Vault());
        LocalText name = new("Riverside", "滨江");
        Must(await registry.AddAsync(new Site { Id = "riverside", Name = name, TimeZone = "Asia/Shanghai" }, default));
        Must(await registry.AddAsync(new Building { Id = "b-1", Site = "riverside", Name = name }, default));
        Must(await registry.AddAsync(new Unit { Id = "u-1", Building = "b-1", Number = "3-1202", FloorAreaM2 = 89.50m }, default));
        Must(await _desk.AddAsync(new ServicePoint { Id = "sp-e", Unit = "u-1", Utility = "electricity" }, default));
        Must(await _desk.AddAsync(new ServicePoint { Id = "sp-w", Unit = "u-1", Utility = "water" }, default));
        Must(await _desk.AddAsync(Installation("i-1", "sp-e", "meter-3", "energy"), default));
        Must(await _desk.AddAsync(Installation("i-2", "sp-w", "meter-4", "volume"), default));
        Must(await _desk.AddAsync(ElectricityTariff(), default));
        Must(await _desk.AddAsync(ElectricityTariff() with { Id = "t-w", Utility = "water", Unit = "m3", Versions = [BillingWorld.Flat(5m)] }, default));
        Must(await _desk.AddAsync(new TariffAssignment { ServicePoint = "sp-e", Tariff = "t-e", From = new DateOnly(2026, 1, 1) }, default));
        Must(await _desk.AddAsync(new TariffAssignment { ServicePoint = "sp-w", Tariff = "t-w", From = new DateOnly(2026, 1, 1) }, default));
    }

    private MeterInstallation Installation(string id, string servicePoint, string device, string register) =>
        new() { Id = id, ServicePoint = servicePoint, Site = "riverside", Device = device, Register = register, FromMs = StartMs - 3_600_000 };

    private static Tariff ElectricityTariff() => new()
    {
        Id = "t-e",
        Name = "Electricity",
        Utility = "electricity",
        Unit = "kWh",
        Currency = "CNY",
        Versions = [BillingWorld.Yearly(null, new TariffBand(2880, 0.4883m), new TariffBand(4800, 0.5383m), new TariffBand(null, 0.7883m))],
    };

    private async Task ReadBothAsync(params int[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            await ReadAsync("meter-3", "energy", "kWh", StartMs + (i * 600_000), values[i]);
            await ReadAsync("meter-4", "volume", "m3", StartMs + (i * 600_000), values[i]);
        }
    }

    private async Task ReadAsync(string device, string register, string unit, long timeMs, decimal value, Quality quality = Quality.Good, bool register2 = false)
    {
        MeterReading reading = new(device, register2 ? register + "-2" : register, unit, timeMs, value, 8, quality, true);
        Batch batch = new() { Key = new BatchKey("riverside", 1, Lane.Reading, ++_sequence), Readings = [reading] };
        Assert.Equal(CommitOutcome.Committed, (await new EventLedger(_fixture.Ledger).CommitAsync(batch, new byte[16], default)).Outcome);
    }

    private static long MsOf(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();

    private static T Must<T>(Result<T> result)
        where T : class => result.Succeeded ? result.Value : throw new InvalidOperationException(result.Refusal.ToString());

    private static string Code<T>(Result<T> result)
        where T : class => Assert.Single(result.Refusal!.Reasons).Code;
}
