using System.Globalization;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Scenarios;

/// <summary>Where a flat's meter hangs at the hub.</summary>
/// <param name="Unit">The flat's unit.</param>
/// <param name="Device">The meter.</param>
/// <param name="OpeningValue">What was noted on 1 January.</param>
public sealed record SeededMeter(string Unit, string Device, decimal OpeningValue);

/// <summary>What <see cref="HubSeed"/> put into the hub.</summary>
/// <param name="FireTechnician">The id of the one who can do fire protection.</param>
/// <param name="FromDay">The first day of the year's count.</param>
/// <param name="Meters">By device.</param>
public sealed record SeededHub(string FireTechnician, DateOnly FromDay, IReadOnlyDictionary<string, SeededMeter> Meters);

/// <summary>Fills a fresh hub through its API with what an office would type in: building, flats, people, equipment, technicians, plans, tariffs, meters.</summary>
public static class HubSeed
{
    /// <summary>Each flat has used nearly the first band on the day the demo begins, so that its bill shows more than one step.</summary>
    private const decimal UsedKwh = 2878m;
    private const decimal UsedM3 = 179.5m;

    private static readonly string[] Residents = ["陈思远", "李佳宁", "王一鸣", "赵雅琴", "刘浩然", "孙雨桐", "周明轩", "吴静怡", "郑子涵", "冯德华", "何晓雯", "许文博"];

    /// <param name="api">The hub, which has heard of the site already.</param>
    /// <param name="registers">What every meter shows now, in kWh or cubic metres, by device.</param>
    /// <param name="today">The day in the site's zone.</param>
    public static async Task<SeededHub> FillAsync(HubApi api, IReadOnlyDictionary<string, decimal> registers, DateOnly today, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(api);
        ArgumentNullException.ThrowIfNull(registers);
        string building = await api.AddAsync(
            "buildings", new { site = DemoSite.Id, name = new { en = "Tower 1", zhCn = "1号楼" }, address = "滨江路 88 号" }, cancellationToken);
        string fireTechnician = await AddMaintenanceAsync(api, cancellationToken);
        DateOnly newYear = new(today.Year, 1, 1);
        string electricity = await AddTariffAsync(api, "Beijing household electricity", "electricity", "kWh", Truth.IndependentBill.BeijingElectricity, newYear, cancellationToken);
        string water = await AddTariffAsync(api, "Beijing household water", "water", "m3", Truth.IndependentBill.BeijingWater, newYear, cancellationToken);
        Dictionary<string, SeededMeter> meters = [];
        for (int flat = 1; flat <= Building.FlatCount; flat++)
        {
            string unit = await AddFlatAsync(api, building, flat, cancellationToken);
            SeededMeter meter = new(unit, $"meter-{flat}", registers[$"meter-{flat}"] - UsedKwh);
            await AddMeterAsync(api, meter, "electricity", "energy", electricity, newYear, cancellationToken);
            meters.Add(meter.Device, meter);
            meter = new SeededMeter(unit, $"water-{flat}", registers[$"water-{flat}"] - UsedM3);
            await AddMeterAsync(api, meter, "water", "volume", water, newYear, cancellationToken);
            meters.Add(meter.Device, meter);
        }

        return new SeededHub(fireTechnician, newYear, meters);
    }

    /// <summary>Returns the id of the technician for fire protection.</summary>
    private static async Task<string> AddMaintenanceAsync(HubApi api, CancellationToken cancellationToken)
    {
        await AddTechnicianAsync(api, "马师傅", ["lift"], cancellationToken);
        string fire = await AddTechnicianAsync(api, "杜工", ["fire-protection"], cancellationToken);
        await AddTechnicianAsync(api, "小林", ["general", "electricity", "plumbing", "access"], cancellationToken);
        string[] lifts = new string[Building.LiftCount];
        for (int i = 0; i < lifts.Length; i++)
        {
            lifts[i] = await AddAssetAsync(api, $"lift-{i + 1}", "lift", ($"Lift {i + 1}", $"{i + 1}号电梯"), "2019-05-20", "Tower 1, machine room", 15, "lift", cancellationToken);
        }

        string pump = await AddAssetAsync(api, "pump-1", "fire-pump", ("Fire pumps", "消防泵组"), "2018-11-02", "Basement, pump room", 20, "fire-protection", cancellationToken);
        await api.AddAsync(
            "maintenance-plans",
            new { asset = lifts[0], title = new { en = "Half-monthly visit", zhCn = "半月维护保养" }, calendar = new { everyDays = 15, from = "2026-01-05" }, skill = "lift", priority = "normal", edition = "TSG T5002-2017" },
            cancellationToken);
        await api.AddAsync(
            "maintenance-plans",
            new { asset = lifts[1], title = new { en = "Rope and brake inspection", zhCn = "钢丝绳与制动器检查" }, runHours = new { point = "run-hours", every = "500" }, skill = "lift", priority = "normal", edition = "example" },
            cancellationToken);
        await api.AddAsync(
            "maintenance-plans",
            new { asset = pump, title = new { en = "Weekly automatic start", zhCn = "每周自动启动试验" }, calendar = new { everyDays = 7, from = "2026-01-05" }, skill = "fire-protection", priority = "high", edition = "GB 50974-2014" },
            cancellationToken);
        return fire;
    }

    private static Task<string> AddTechnicianAsync(HubApi api, string name, string[] skills, CancellationToken cancellationToken) =>
        api.AddAsync("technicians", new { name, skills, available = true }, cancellationToken);

    private static Task<string> AddAssetAsync(
        HubApi api, string device, string kind, (string En, string ZhCn) name, string purchased, string place, int serviceLifeYears, string skill, CancellationToken cancellationToken) =>
        api.AddAsync(
            "assets",
            new { site = DemoSite.Id, device, kind, name = new { en = name.En, zhCn = name.ZhCn }, make = "IotProperty", model = "simulated", purchased, place, serviceLifeYears, skill },
            cancellationToken);

    private static Task<string> AddTariffAsync(
        HubApi api, string name, string utility, string unit, IReadOnlyList<Truth.PriceBand> bands, DateOnly from, CancellationToken cancellationToken) => api.AddAsync(
        "tariffs",
        new
        {
            name,
            utility,
            unit,
            currency = "CNY",
            versions = new[]
            {
                new
                {
                    from = Day(from),
                    accumulates = "calendar-year",
                    bands = bands.Select(b => new { upTo = b.UpTo?.ToString(CultureInfo.InvariantCulture), price = b.Price.ToString(CultureInfo.InvariantCulture) }),
                },
            },
        },
        cancellationToken);

    private static async Task<string> AddFlatAsync(HubApi api, string building, int flat, CancellationToken cancellationToken)
    {
        string occupancy = flat % 6 == 0 ? "vacant" : flat % 3 == 0 ? "let" : "owner-occupied";
        string unit = await api.AddAsync(
            "units", new { building, number = $"{flat}01", floorAreaM2 = "89.5", layout = "三室一厅", occupancy }, cancellationToken);
        if (occupancy != "vacant")
        {
            await api.AddAsync(
                "occupants",
                new { unit, name = Residents[flat - 1], phone = $"+86 138 0000 {flat:D4}", role = occupancy == "let" ? "tenant" : "owner", householdSize = 1 + (flat % 4) },
                cancellationToken);
        }

        return unit;
    }

    private static async Task AddMeterAsync(
        HubApi api, SeededMeter meter, string utility, string register, string tariff, DateOnly newYear, CancellationToken cancellationToken)
    {
        string point = await api.AddAsync("service-points", new { unit = meter.Unit, utility }, cancellationToken);
        await api.AddAsync("tariff-assignments", new { servicePoint = point, tariff, from = Day(newYear) }, cancellationToken);
        await api.AddAsync(
            "meter-installations",
            new
            {
                servicePoint = point,
                site = DemoSite.Id,
                device = meter.Device,
                register,
                from = HubApi.Rfc3339(new DateTimeOffset(newYear.ToDateTime(TimeOnly.MinValue), DemoSite.UtcOffset)),
                openingValue = meter.OpeningValue.ToString(CultureInfo.InvariantCulture),

                // The simulated meters run ahead of time; a household's usual limit would not do for them.
                maxPerHour = "100000",
            },
            cancellationToken);
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
