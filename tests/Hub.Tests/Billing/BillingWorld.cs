using IotProperty.Hub.Billing;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Billing;

/// <summary>One unit with one service point, built step by step, for bills without a database.</summary>
internal sealed class BillingWorld
{
    private readonly List<(MeterInstallation Installation, List<StoredReading> Readings)> _meters = [];
    private readonly List<TariffAssignment> _assignments = [];
    private readonly Dictionary<string, Tariff> _tariffs = [];

    public static BillingCalendar Calendar { get; } = BillingCalendar.For("Asia/Shanghai")!;

    public string Utility { get; init; } = "electricity";

    public string TariffUnit { get; init; } = "kWh";

    public int HouseholdSize { get; init; } = 1;

    public InvoiceLine? Prior { get; set; }

    public InvoiceLine? Next { get; set; }

    /// <summary>Midnight of a day in the site's zone.</summary>
    public static long Day(int year, int month, int day) => Calendar.StartOf(new DateOnly(year, month, day));

    public BillingWorld Meter(string device, long fromMs, long? toMs = null, decimal? opening = null, decimal? closing = null, decimal? maxPerHour = null)
    {
        MeterInstallation installation = new()
        {
            Id = $"i-{device}",
            ServicePoint = "sp-1",
            Site = "riverside",
            Device = device,
            Register = "energy",
            FromMs = fromMs,
            ToMs = toMs,
            OpeningValue = opening,
            ClosingValue = closing,
            MaxPerHour = maxPerHour,
        };
        _meters.Add((installation, []));
        return this;
    }

    /// <summary>A reading of the meter that was added last.</summary>
    public BillingWorld Read(long timeMs, decimal value, int digits = 8, Quality quality = Quality.Good)
    {
        (MeterInstallation installation, List<StoredReading> readings) = _meters[^1];
        readings.Add(new StoredReading
        {
            Site = installation.Site,
            Device = installation.Device,
            Register = installation.Register,
            TimeMs = timeMs,
            Value = value,
            Unit = "kWh",
            Digits = digits,
            Quality = quality,
            ClockTrusted = true,
        });
        return this;
    }

    public BillingWorld Tariff(string id, params TariffVersion[] versions) => Tariff(id, new DateOnly(2020, 1, 1), versions);

    public BillingWorld Tariff(string id, DateOnly assignedFrom, params TariffVersion[] versions)
    {
        _tariffs[id] = new Tariff { Id = id, Name = id, Utility = Utility, Unit = TariffUnit, Currency = "CNY", Versions = versions };
        _assignments.Add(new TariffAssignment { Id = $"a-{id}", ServicePoint = "sp-1", Tariff = id, From = assignedFrom });
        return this;
    }

    public static TariffVersion Flat(decimal price, DateOnly? from = null) =>
        new() { From = from ?? new DateOnly(2020, 1, 1), Accumulates = Accumulation.None, Bands = [new TariffBand(null, price)] };

    public static TariffVersion Yearly(DateOnly? from, params TariffBand[] bands) =>
        new() { From = from ?? new DateOnly(2020, 1, 1), Accumulates = Accumulation.CalendarYear, Bands = bands };

    public Result<Invoice> Bill(long fromMs, long toMs) => InvoiceCalculator.Calculate(new BillingRequest
    {
        Id = "inv-1",
        Unit = "u-1",
        Site = "riverside",
        Calendar = Calendar,
        FromMs = fromMs,
        ToMs = toMs,
        NowMs = Day(2030, 1, 1),
        HouseholdSize = HouseholdSize,
        ServicePoints =
        [
            new ServicePointAccount
            {
                Point = new ServicePoint { Id = "sp-1", Unit = "u-1", Utility = Utility },
                Meters = [.. _meters.Select(m => new MeterAccount(m.Installation, Utility, m.Readings))],
                Assignments = _assignments,
                Prior = Prior,
                Next = Next,
            },
        ],
        Tariffs = _tariffs,
    });
}
