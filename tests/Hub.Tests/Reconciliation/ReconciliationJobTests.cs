using IotProperty.Hub.Alarms;
using IotProperty.Hub.Jobs;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Hub.Tests.Reconciliation;

public sealed class SqliteReconciliationJobTests() : ReconciliationJobTests(LedgerEngine.Sqlite);

[NeedsPeers("postgres")]
public sealed class PostgresReconciliationJobTests() : ReconciliationJobTests(LedgerEngine.Postgres);

/// <summary>An edge tells of ten samples in two batches of an hour of yesterday; what of it arrives is the story.</summary>
public abstract class ReconciliationJobTests : IAsyncLifetime, IDisposable
{
    private const string SiteId = "riverside";
    private static readonly byte[] Hash = [.. Enumerable.Repeat((byte)1, 16)];
    private static readonly PointRef Position = new("lift-1", "position");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-reconcile-");
    private readonly LedgerFixture _fixture;
    private readonly EventLedger _events;
    private readonly SqliteTelemetryStore _telemetry;
    private readonly ReconciliationDesk _desk;
    private readonly long _hourMs;

    protected ReconciliationJobTests(LedgerEngine engine)
    {
        _fixture = new LedgerFixture(engine);
        _events = new EventLedger(_fixture.Ledger);
        string file = Path.Combine(_folder.FullName, "telemetry.db");
        SqliteTelemetryStore.Prepare(file, _fixture.Clock);
        _telemetry = new SqliteTelemetryStore(file, new(), _fixture.Clock, NullLogger<SqliteTelemetryStore>.Instance);
        _desk = new ReconciliationDesk(_fixture.Ledger, _events, _telemetry, _fixture.Clock);
        _fixture.Clock.MoveTo(new DateTimeOffset(2026, 3, 2, 6, 0, 0, TimeSpan.Zero));
        _hourMs = new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    }

    public Task InitializeAsync() => _fixture.Ledger.WriteAsync(
        async change =>
        {
            await SiteBook.EnsureAsync(change.Db, SiteId, default);
            return 0;
        },
        default).AsTask();

    public async Task DisposeAsync() => await _telemetry.DisposeAsync();

    public void Dispose()
    {
        _fixture.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public async Task A_lost_batch_raises_one_alarm_and_its_late_arrival_ends_it()
    {
        await TellAsync(1, Samples(1), Samples(2));
        await ArriveAsync(Samples(1));
        await RunAsync();
        Assert.Empty(await AlarmsAsync());

        _fixture.Clock.Advance(TimeSpan.FromHours(1));
        await RunAsync();
        await RunAsync();
        await RunAsync();
        Alarm alarm = Assert.Single(await AlarmsAsync());
        Assert.Equal(("hub.reconciliation", AlarmState.ActiveUnacknowledged, 1.0), (alarm.Rule, alarm.State, alarm.Value));
        Assert.NotEqual(alarm.Name.En, alarm.Name.ZhCn);

        await new AlarmDesk(_fixture.Ledger).AcknowledgeAsync(alarm.Id, "li", "looking", default);
        await ArriveAsync(Samples(2));
        await RunAsync();
        Assert.Equal(AlarmState.Normal, Assert.Single(await AlarmsAsync()).State);
    }

    [ConformanceFact]
    public async Task A_gap_that_is_declared_later_ends_the_alarm()
    {
        await TellAsync(1, Samples(1), Samples(2));
        await ArriveAsync(Samples(1));
        _fixture.Clock.Advance(TimeSpan.FromHours(2));
        await RunAsync();
        Assert.Equal(AlarmState.ActiveUnacknowledged, Assert.Single(await AlarmsAsync()).State);
        await CommitAsync(Events(2) with { Gaps = [new GapRecord("g-1", Lane.Telemetry, 7, 2, 2, _hourMs, _hourMs + 9, 5, "disk quota")] });
        await RunAsync();
        Assert.Equal(AlarmState.ReturnedUnacknowledged, Assert.Single(await AlarmsAsync()).State);
    }

    [ConformanceFact]
    public async Task Two_hubs_that_look_at_once_raise_one_alarm()
    {
        await TellAsync(1, Samples(1), Samples(2));
        _fixture.Clock.Advance(TimeSpan.FromHours(2));
        using Ledger other = new(_fixture.Database, _fixture.Live, _fixture.Clock);
        await Task.WhenAll(RunAsync(), new ReconciliationJob(other, _desk, _fixture.Clock).RunAsync(default), RunAsync());
        Assert.Single(await AlarmsAsync());
    }

    [ConformanceFact]
    public async Task Nothing_is_said_while_all_is_equal()
    {
        await TellAsync(1, Samples(1), Samples(2));
        await ArriveAsync(Samples(2));
        await ArriveAsync(Samples(1));
        _fixture.Clock.Advance(TimeSpan.FromHours(2));
        await RunAsync();
        Assert.Empty(await AlarmsAsync());
        SiteReconciliation found = await _desk.CompareAsync(SiteId, _hourMs, _hourMs + 1, default);
        Assert.Equal((HourVerdict.Equal, 10L, 10L), found.Hours.Select(hour => (hour.Verdict, hour.Recorded, hour.Received)).Single());
    }

    private Task RunAsync() => new ReconciliationJob(_fixture.Ledger, _desk, _fixture.Clock).RunAsync(default);

    private async Task<IReadOnlyList<Alarm>> AlarmsAsync() => (await new AlarmDesk(_fixture.Ledger).ListAsync(SiteId, false, PageRequest.First, default)).Items;

    private Batch Samples(long sequence) => new()
    {
        Key = new BatchKey(SiteId, 7, Lane.Telemetry, sequence),
        Samples = [.. Enumerable.Range(0, 5).Select(n => new Sample(Position, _hourMs + (sequence * 1000) + n, n, Quality.Good, true))],
    };

    private static Batch Events(long sequence) => new() { Key = new BatchKey(SiteId, 7, Lane.Event, sequence) };

    private async Task ArriveAsync(Batch batch) => await _telemetry.CommitAsync(batch, Hash, default);

    private async Task CommitAsync(Batch batch) => await _events.CommitAsync(batch, Hash, default);

    private async Task TellAsync(long sequence, params Batch[] batches)
    {
        BatchTally[] sums = [.. batches.Select(batch => BatchTally.Of(batch).Single())];
        ulong hash = sums.Aggregate(0UL, (sum, tally) => unchecked(sum + tally.Hash));
        await CommitAsync(Events(sequence) with
        {
            Tallies = [new HourTally(7, Lane.Telemetry, _hourMs, sums.Sum(tally => tally.Records), hash, 1, batches.Length, 1)],
        });
    }
}
