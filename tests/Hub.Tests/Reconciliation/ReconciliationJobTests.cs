using IotProperty.Hub.Alarms;
using IotProperty.Hub.Jobs;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
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
        await Task.WhenAll(RunAsync(), new ReconciliationJob(other, _desk, _fixture.Clock, NullLogger<ReconciliationJob>.Instance).RunAsync(default), RunAsync());
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

    [ConformanceFact]
    public async Task A_site_whose_zone_is_unknown_is_judged_in_utc_and_holds_up_no_other()
    {
        await _fixture.Ledger.WriteAsync(
            change => change.ExecuteAsync("INSERT INTO site (id, name_en, name_zh_cn, time_zone) VALUES ('atlantis', 'Atlantis', '亚特兰蒂斯', 'Sea/Atlantis')", new { }), default);
        await TellAsync(1, Samples(1), Samples(2));
        await TellAsync("atlantis", 1, Samples(1), Samples(2));
        _fixture.Clock.Advance(TimeSpan.FromHours(2));
        ListLogger<ReconciliationJob> log = new();
        ReconciliationJob job = new(_fixture.Ledger, _desk, _fixture.Clock, log);
        await job.RunAsync(default);
        await job.RunAsync(default);
        Assert.Single(await AlarmsAsync());
        Assert.Single((await new AlarmDesk(_fixture.Ledger).ListAsync("atlantis", false, PageRequest.First, default)).Items);
        Assert.Contains("'Sea/Atlantis'", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [ConformanceFact]
    public async Task A_site_that_cannot_be_judged_is_told_and_holds_up_no_other()
    {
        await _fixture.Ledger.WriteAsync(
            change => change.ExecuteAsync("INSERT INTO site (id, name_en, name_zh_cn, time_zone) VALUES ('atlantis', 'a', 'a', 'UTC')", new { }), default);
        await TellAsync(1, Samples(1), Samples(2));
        _fixture.Clock.Advance(TimeSpan.FromHours(2));
        ReconciliationDesk desk = new(_fixture.Ledger, _events, new TornTelemetry(_telemetry, "atlantis"), _fixture.Clock);
        ReconciliationJob job = new(_fixture.Ledger, desk, _fixture.Clock, NullLogger<ReconciliationJob>.Instance);
        AggregateException failure = await Assert.ThrowsAsync<AggregateException>(() => job.RunAsync(default));
        Assert.Contains("site 'atlantis' could not be reconciled: the file is torn", failure.Message, StringComparison.Ordinal);
        Assert.Single(await AlarmsAsync());
    }

    private Task RunAsync() => new ReconciliationJob(_fixture.Ledger, _desk, _fixture.Clock, NullLogger<ReconciliationJob>.Instance).RunAsync(default);

    private async Task<IReadOnlyList<Alarm>> AlarmsAsync() => (await new AlarmDesk(_fixture.Ledger).ListAsync(SiteId, false, PageRequest.First, default)).Items;

    private Batch Samples(long sequence) => new()
    {
        Key = new BatchKey(SiteId, 7, Lane.Telemetry, sequence),
        Samples = [.. Enumerable.Range(0, 5).Select(n => new Sample(Position, _hourMs + (sequence * 1000) + n, n, Quality.Good, true))],
    };

    private static Batch Events(long sequence) => new() { Key = new BatchKey(SiteId, 7, Lane.Event, sequence) };

    private async Task ArriveAsync(Batch batch) => await _telemetry.CommitAsync(batch, Hash, default);

    private async Task CommitAsync(Batch batch) => await _events.CommitAsync(batch, Hash, default);

    private Task TellAsync(long sequence, params Batch[] batches) => TellAsync(SiteId, sequence, batches);

    private async Task TellAsync(string site, long sequence, params Batch[] batches)
    {
        BatchTally[] sums = [.. batches.Select(batch => BatchTally.Of(batch).Single())];
        ulong hash = sums.Aggregate(0UL, (sum, tally) => unchecked(sum + tally.Hash));
        await CommitAsync(Events(sequence) with
        {
            Key = new BatchKey(site, 7, Lane.Event, sequence),
            Tallies = [new HourTally(7, Lane.Telemetry, _hourMs, sums.Sum(tally => tally.Records), hash, 1, batches.Length, 1)],
        });
    }

    /// <summary>The store of one site is damaged.</summary>
    private sealed class TornTelemetry(ITelemetryStore whole, string torn) : ITelemetryStore
    {
        public ValueTask<CommitOutcome> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken) =>
            whole.CommitAsync(batch, contentHash, cancellationToken);

        public ValueTask<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken) => whole.LatestAsync(site, cancellationToken);

        public ValueTask<IReadOnlyList<StoredSample>> RangeAsync(string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken) =>
            whole.RangeAsync(site, point, fromMs, toMs, limit, cancellationToken);

        public ValueTask<long> CountAsync(string site, CancellationToken cancellationToken) => whole.CountAsync(site, cancellationToken);

        public ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken) => whole.BatchesAsync(site, cancellationToken);

        public ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken) =>
            site == torn ? throw new InvalidOperationException("the file is torn") : whole.TalliesAsync(site, fromMs, toMs, cancellationToken);

        public ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, long epoch, SequenceRange span, CancellationToken cancellationToken) =>
            whole.MissingAsync(site, epoch, span, cancellationToken);
    }
}
