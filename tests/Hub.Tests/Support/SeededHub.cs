using System.Security.Cryptography;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Support;

/// <summary>A hub with a little building in it: a lift, a pump set, a meter, a door; an alarm, its work order, readings and an invoice.</summary>
public sealed class SeededHub : IAsyncLifetime
{
    public const string Site = "riverside";
    private const long Epoch = 1;
    private long _eventSequence;

    public HubUnderTest Hub { get; private set; } = null!;

    public long NowMs { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    public string AlarmId { get; private set; } = "";

    public string WorkOrderId { get; private set; } = "";

    public string InvoiceId { get; private set; } = "";

    public string UnitId { get; private set; } = "";

    public async Task InitializeAsync()
    {
        Hub = await HubUnderTest.StartAsync();
        IEdgeDirectory edges = Hub.Services.GetRequiredService<IEdgeDirectory>();
        await edges.TakeStateAsync(new EdgeState(Site, true, Epoch, "0.1.0", "ab", NowMs, Catalogue()), default);
        await Hub.Services.GetRequiredService<IWorkOrderDesk>().AddAsync(new Technician { Name = "王建国", Skills = ["fire-protection", "lift"] }, default);
        await CommitTelemetryAsync();
        await RaiseAsync("occurrence-1", NowMs - 60_000);
        await CommitEventsAsync(new Batch
        {
            Key = NextEvent(),
            AccessEvents = [new AccessEvent("a1", "door-1", AccessEventKind.Credential, AccessDecision.Granted, AccessReason.Known, "resident-0101", "", NowMs - 5000, true)],
            Gaps = [new GapRecord("g1", Lane.Telemetry, Epoch, 7, 9, NowMs - 9000, NowMs - 8000, 90, "disk quota")],
        });
        await BillAsync();
        AlarmId = (await Hub.Services.GetRequiredService<IotProperty.Hub.Alarms.IAlarmDesk>().ListAsync(Site, true, PageRequest.First, default)).Items[0].Id;
        WorkOrderId = (await Hub.Services.GetRequiredService<IWorkOrderDesk>().ListAsync(new WorkOrderQuery(Site), PageRequest.First, default)).Items[0].Id;
    }

    public async Task DisposeAsync() => await Hub.DisposeAsync();

    /// <summary>The fire main's pressure falls, as an edge tells it.</summary>
    public Task RaiseAsync(string occurrence, long timeMs) => CommitEventsAsync(new Batch
    {
        Key = NextEvent(),
        Transitions =
        [
            new AlarmTransition(
                occurrence, 0, "fire-pump-pressure-low", new PointRef("pump-1", "pressure"), AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, timeMs, 0.342, 0.35, true),
        ],
    });

    private static SiteCatalogue Catalogue() => new(
        new LocalText("Riverside Garden", "滨江花园"),
        "Asia/Shanghai",
        [
            new CatalogueDevice("lift-1", "lift", "sim-lift", new LocalText("Lift 1", "1号电梯"),
            [
                new CataloguePoint("position", "m", new LocalText("Car position", "轿厢位置"), -4, 40),
                new CataloguePoint("speed", "m/s", new LocalText("Car speed", "运行速度"), 0, 10),
                new CataloguePoint("floor", "", new LocalText("Floor", "楼层")),
                new CataloguePoint("fault-overspeed", "", new LocalText("Overspeed", "超速")),
            ]),
            new CatalogueDevice("pump-1", "fire-pump", "sim-fire-pump", new LocalText("Fire pumps", "消防泵组"),
            [
                new CataloguePoint("pressure", "MPa", new LocalText("Fire main pressure", "消防管网压力"), 0, 2.5),
                new CataloguePoint("jockey-running", "", new LocalText("Jockey pump running", "稳压泵运行")),
            ]),
            new CatalogueDevice("meter-1", "electricity-meter", "sim-electricity-meter", new LocalText("Flat 101 electricity", "101室电表"),
                [new CataloguePoint("energy", "kWh", new LocalText("Active energy", "有功电能"))],
                DeviceCommands.SwitchRelay),
            new CatalogueDevice("door-1", "door", "sim-door", new LocalText("Entrance door", "单元门"),
                [new CataloguePoint("door-open", "", new LocalText("Door open", "门已打开"))],
                DeviceCommands.Unlock),
            new CatalogueDevice("level-1", "sensor", "waveshare-ai8", new LocalText("Sump", "集水井"), [new CataloguePoint("level", "m", new LocalText("Water level", "水位"), 0, 3)]),
            Line("line-cellar", "Line cellar", "meter-1", "pump-1"),
            Line("line-roof", "Line roof", "lift-1"),
        ],
        [new CatalogueRule("fire-pump-pressure-low", new PointRef("pump-1", "pressure"), new LocalText("Fire main pressure low", "消防水压不足"), RuleDirection.Below, 0.45, 0.35)]);

    private static CatalogueDevice Line(string id, string name, params string[] devices) => new(id, "line", "line", new LocalText(name, name),
    [
        Told("up", ""), Told("utilisation", "%"), Told("requests", "1/min"), Told("timeouts", "1/min"), Told("exceptions", "1/min"),
        Told("round-trip-p50", "ms"), Told("round-trip-p95", "ms"),
        .. devices.SelectMany(device => new[] { Told(device + "-period", "s"), Told(device + "-wanted", "s"), Told(device + "-timeouts", "1/min"), Told(device + "-answers", "") }),
    ]);

    private static CataloguePoint Told(string id, string unit) => new(id, unit, new LocalText(id, id));

    private BatchKey NextEvent() => new(Site, Epoch, Lane.Event, ++_eventSequence);

    private async Task CommitEventsAsync(Batch batch)
    {
        LedgerCommit commit = await Hub.Services.GetRequiredService<IEventLedger>().CommitAsync(batch, HashOf(batch.Key), default);
        Assert.Equal(CommitOutcome.Committed, commit.Outcome);
        foreach (LiveEvent change in commit.Changes)
        {
            Hub.Services.GetRequiredService<ILiveFeed>().Publish(change);
        }
    }

    private async Task CommitTelemetryAsync()
    {
        Sample Of(string device, string point, double value, Quality quality = Quality.Good) => new(new PointRef(device, point), NowMs, value, quality, true);
        Batch batch = new()
        {
            Key = new BatchKey(Site, Epoch, Lane.Telemetry, 1),
            Samples =
            [
                new Sample(new PointRef("level-1", "level"), NowMs - 1000, 1.25, Quality.Good, true),
                new Sample(new PointRef("pump-1", "pressure"), NowMs - 2000, 0.5, Quality.Good, true),
                new Sample(new PointRef("pump-1", "pressure"), NowMs - 1000, 0.4, Quality.Good, true),
                Of("pump-1", "pressure", 0.342),
                Of("pump-1", "jockey-running", 1),
                Of("lift-1", "position", 12.5, Quality.CommFail),
                Of("lift-1", "floor", 4, Quality.CommFail),
                Of("meter-1", "energy", 1263.3),
                Of("door-1", "door-open", 0),
                Of("line-cellar", "up", 1),
                Of("line-cellar", "utilisation", 98.4),
                Of("line-cellar", "requests", 1203),
                Of("line-cellar", "timeouts", 31),
                Of("line-cellar", "exceptions", 0),
                Of("line-cellar", "round-trip-p50", 41),
                Of("line-cellar", "round-trip-p95", 130),
                Of("line-cellar", "meter-1-period", 4.1),
                Of("line-cellar", "meter-1-wanted", 2),
                Of("line-cellar", "meter-1-timeouts", 0),
                Of("line-cellar", "meter-1-answers", 1),
                Of("line-cellar", "pump-1-period", 60),
                Of("line-cellar", "pump-1-wanted", 0.5),
                Of("line-cellar", "pump-1-timeouts", 31),
                Of("line-cellar", "pump-1-answers", 0),
                new Sample(new PointRef("line-roof", "utilisation"), NowMs - 900_000, 12, Quality.Good, true),
                new Sample(new PointRef("line-roof", "lift-1-answers"), NowMs - 900_000, 1, Quality.Good, true),
            ],
        };
        Assert.Equal(CommitOutcome.Committed, await Hub.Services.GetRequiredService<ITelemetryStore>().CommitAsync(batch, HashOf(batch.Key), default));
    }

    private async Task BillAsync()
    {
        IRegistry registry = Hub.Services.GetRequiredService<IRegistry>();
        IBillingDesk billing = Hub.Services.GetRequiredService<IBillingDesk>();
        long hour = 3_600_000;
        long to = NowMs - (NowMs % hour);
        long from = to - (10 * hour);
        await CommitEventsAsync(new Batch
        {
            Key = new BatchKey(Site, Epoch, Lane.Reading, 1),
            Readings = [.. Enumerable.Range(0, 11).Select(i => new MeterReading("meter-1", "energy", "kWh", from + (i * hour), 1221.72m + (i * 4.158m), 9, Quality.Good, true))],
        });
        Building building = (await registry.AddAsync(new Building { Site = Site, Name = new LocalText("Tower 1", "1号楼") }, default)).Value!;
        UnitId = (await registry.AddAsync(new Unit { Building = building.Id, Number = "101" }, default)).Value!.Id;
        ServicePoint point = (await billing.AddAsync(new ServicePoint { Unit = UnitId, Utility = "electricity" }, default)).Value!;
        await billing.AddAsync(
            new MeterInstallation { ServicePoint = point.Id, Site = Site, Device = "meter-1", Register = "energy", FromMs = from, OpeningValue = 1221.72m }, default);
        Tariff tariff = (await billing.AddAsync(
            new Tariff
            {
                Name = "Household electricity",
                Utility = "electricity",
                Unit = "kWh",
                Currency = "CNY",
                Versions = [new TariffVersion { From = new DateOnly(2020, 1, 1), Accumulates = Accumulation.None, Bands = [new TariffBand(20m, 0.4883m), new TariffBand(null, 0.5383m)] }],
            },
            default)).Value!;
        await billing.AddAsync(new TariffAssignment { ServicePoint = point.Id, Tariff = tariff.Id, From = new DateOnly(2020, 1, 1) }, default);
        Result<Invoice> invoice = await billing.IssueAsync(UnitId, from, to, default);
        Assert.True(invoice.Succeeded, invoice.Refusal?.ToString());
        InvoiceId = invoice.Value.Id;
    }

    private static ReadOnlyMemory<byte> HashOf(BatchKey key) =>
        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(key.ToString())).AsMemory(0, 16);
}
