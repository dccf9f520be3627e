using System.Security.Cryptography;
using System.Text;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Control;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Jobs;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Enrolment;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Enrolment;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Hub.Tests.Migration;

/// <summary>An embedded hub that served a while, with rows in every table and samples of every sort, and was stopped. Its folder is only read.</summary>
public sealed class EmbeddedEstate : IAsyncLifetime
{
    public const string ProtectedFor = "migration-test";
    private readonly SeededHub _seeded = new();

    public string Folder => _seeded.Hub.Folder;

    public OneTimeSecret Administrator => _seeded.Hub.Administrator;

    /// <summary>What the embedded hub's cookie keys protected.</summary>
    public string Protected { get; private set; } = "";

    /// <summary>Batches whose edges never got a receipt: one that is committed, of each store.</summary>
    public Batch KnownTelemetry { get; private set; } = null!;

    public Batch KnownEvents { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await _seeded.InitializeAsync();
        await AddMoreAsync(_seeded.Hub.Services);
        await _seeded.Hub.StopAsync();
        await AddTelemetryAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
    }

    public async Task DisposeAsync() => await _seeded.DisposeAsync();

    /// <summary>A copy that may be changed.</summary>
    public DirectoryInfo Copy()
    {
        DirectoryInfo copy = Directory.CreateTempSubdirectory("iotp-moved-");
        foreach (string file in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy.FullName, Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        return copy;
    }

    public static ReadOnlyMemory<byte> HashOf(Batch batch) => SHA256.HashData(Encoding.UTF8.GetBytes(batch.Key.ToString())).AsMemory(0, 16);

    public static Batch Telemetry(string site, long epoch, long sequence, long correctionMs, params Sample[] samples) =>
        new() { Key = new BatchKey(site, epoch, Lane.Telemetry, sequence), ClockCorrectionMs = correctionMs, Samples = [.. samples] };

    private async Task AddMoreAsync(IServiceProvider hub)
    {
        KnownEvents = new Batch
        {
            Key = new BatchKey(SeededHub.Site, 1, Lane.Event, 100),
            CommandResults = [new CommandResult("c1", CommandOutcome.Refused, CommandReason.Busy, "door is locked – 门已锁", _seeded.NowMs, true)],
            ClockSteps = [new ClockStep("k1", _seeded.NowMs, -3_600_000, 17, false)],
            Tallies = [new HourTally(1, Lane.Telemetry, 0, 3, ulong.MaxValue - 5, 1, 2, 9)],
        };
        await hub.GetRequiredService<IEventLedger>().CommitAsync(KnownEvents, HashOf(KnownEvents), default);
        for (int i = 0; i < 150; i++)
        {
            Batch readings = new()
            {
                Key = new BatchKey(SeededHub.Site, 2, Lane.Reading, i),
                Readings = [.. Enumerable.Range(0, 4).Select(n => new MeterReading($"meter-{n}", "energy", "kWh", (i + 1) * 900_000L, 0.10m * i, 9, Quality.Good, n > 0))],
            };
            await hub.GetRequiredService<IEventLedger>().CommitAsync(readings, HashOf(readings), default);
        }

        IRegistry registry = hub.GetRequiredService<IRegistry>();
        await registry.AddAsync(new Occupant { Unit = _seeded.UnitId, Name = "李小红 😀", Phone = "138 0000 0000" }, default);
        Asset asset = (await registry.AddAsync(
            new Asset { Site = SeededHub.Site, Device = "lift-1", Kind = "lift", Name = new LocalText("Lift 1", "1号电梯"), Purchased = new DateOnly(2019, 2, 28) }, default)).Value!;
        DateOnly today = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(_seeded.NowMs).UtcDateTime);
        await hub.GetRequiredService<IWorkOrderDesk>().AddAsync(
            new MaintenancePlan { Asset = asset.Id, Title = new LocalText("Fortnight", "半月保"), Calendar = new CalendarSchedule(1, today.AddDays(-3)), Edition = "TSG T5002-2017" }, default);
        foreach (IJob job in hub.GetServices<IJob>().OfType<MaintenancePlanJob>())
        {
            await job.RunAsync(default);
        }

        await hub.GetRequiredService<IAlarmDesk>().AcknowledgeAsync(_seeded.AlarmId, "administrator", "seen", default);
        await hub.GetRequiredService<EdgeCredentials>().IssueAsync(SeededHub.Site, renew: false, default);
        await EnrolAsync(hub);
        foreach (CommandRequest request in (CommandRequest[])
            [
                new() { Id = "c1", Device = "door-1", Action = OrderedAction.Unlock, Note = "送货 – a parcel" },
                new() { Id = "c2", Device = "meter-1", Action = OrderedAction.Switch, Position = SwitchPosition.PermitClose },
            ])
        {
            Assert.True((await hub.GetRequiredService<ICommandDesk>().OrderAsync(SeededHub.Site, request, "wang", default)).Succeeded);
        }

        await AddPeopleAsync(hub);
        Protected = hub.GetRequiredService<IDataProtectionProvider>().CreateProtector(ProtectedFor).Protect("told before the move");
    }

    private static async Task EnrolAsync(IServiceProvider hub)
    {
        string fingerprint = EnrolmentCode.FingerprintOf(hub.GetRequiredService<AuthoritySource>().GetOrCreate().Certificate);
        EnrolmentCode code = (await hub.GetRequiredService<EdgeInvitations>().InviteAsync(SeededHub.Site, fingerprint, TimeSpan.FromHours(1), default)).Code!;
        using ECDsa key = EnrolmentBench.NewKey();
        EnrolmentRequest request = new() { Invitation = code.Invitation, Secret = code.Secret, CertificateRequest = EnrolmentBench.RequestOf(key) };
        Assert.NotNull((await hub.GetRequiredService<EnrolmentDesk>().EnrolAsync(request, "here", default)).Answer);
    }

    private static async Task AddPeopleAsync(IServiceProvider hub)
    {
        await using AsyncServiceScope scope = hub.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<ApiTokens>().CreateAsync("meters", Roles.All[0], TimeProvider.System.GetUtcNow().AddDays(1), default);
        await scope.ServiceProvider.GetRequiredService<PeopleRegister>().AddAsync("wang", Roles.All[0], default);
        UserManager<Person> users = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
        Person person = (await users.FindByNameAsync("wang"))!;
        await users.AddClaimAsync(person, new("floor", "3"));
        await users.AddClaimAsync(person, new("floor", "4"));
        await users.RemoveClaimAsync(person, new("floor", "4"));
        await users.AddLoginAsync(person, new UserLoginInfo("directory", "wang@example.com", "Directory"));
        await users.SetAuthenticationTokenAsync(person, "directory", "refresh", "secret");
        await users.SetLockoutEndDateAsync(person, new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.FromHours(8)).AddTicks(1_234_567));
    }

    /// <summary>Blocks that overlap, a journal behind them, repeats of one millisecond in and across batches, every quality, and values of every sort.</summary>
    private async Task AddTelemetryAsync()
    {
        long start = _seeded.NowMs - (40L * 86_400_000);
        await using SqliteTelemetryStore store = new(
            Path.Combine(Folder, "telemetry.db"),
            new TelemetryStoreOptions { SealAtLeast = 300, SealSamplesPerSeries = 1, SealAtMost = 300 },
            TimeProvider.System,
            NullLogger<SqliteTelemetryStore>.Instance);
        Random random = new(4711);
        for (int i = 0; i < 60; i++)
        {
            string site = i % 3 == 0 ? "hillside" : SeededHub.Site;

            // Every fifth batch comes late.
            long at = start + ((i % 5 == 0 ? i - 8 : i) * 600_000L);
            Sample[] samples = [.. Enumerable.Range(0, 4).SelectMany(device => Enumerable.Range(0, 12).Select(n => new Sample(
                new PointRef($"dev-{device}", device == 3 ? "水位 \"a,b=c\"" : "level"),
                at + (n / 2 * 50_000L),
                Value(random, device, n),
                (Quality)(n % 4),
                device != 1)))];
            Batch batch = Telemetry(site, 7 + (i / 30), i, i % 4 == 0 ? 90_000 : 0, samples);
            KnownTelemetry = batch;
            Assert.Equal(CommitOutcome.Committed, await store.CommitAsync(batch, HashOf(batch), default));
        }

        // Exact repeats in two batches, which VictoriaMetrics could only tell apart by a number.
        for (int i = 0; i < 2; i++)
        {
            Batch twice = Telemetry(SeededHub.Site, 9, i, 0, new Sample(new PointRef("dev-9", "level"), start, 4.5, Quality.Good, true));
            Assert.Equal(CommitOutcome.Committed, await store.CommitAsync(twice, HashOf(twice), default));
        }
    }

    private static double Value(Random random, int device, int n) => (device, n) switch
    {
        (0, 3) => double.NaN,
        (0, 5) => double.NegativeInfinity,
        (0, 7) => -0.0,
        (1, _) => random.NextDouble() * Math.Pow(10, random.Next(-6, 6)),
        _ => random.Next(0, 5000) / 100.0,
    };
}
