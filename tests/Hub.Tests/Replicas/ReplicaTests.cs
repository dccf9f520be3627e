using System.Net;
using Dapper;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Jobs;
using IotProperty.Hub.Live;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IotProperty.Hub.Tests.Replicas;

/// <summary>Two hubs on one PostgreSQL, which is all that they share.</summary>
public sealed class ReplicaTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private PostgresSettings _ledger = null!;
    private HubUnderTest _one = null!;
    private HubUnderTest _two = null!;

    public async Task InitializeAsync()
    {
        if (Peers.Find("postgres") is null && !Peers.Required)
        {
            return;
        }

        _ledger = await PostgresLedgers.CreateEmptyAsync();
        HubUnderTest[] hubs = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => HubUnderTest.StartAsync(ledger: _ledger))));
        (_one, _two) = (hubs[0], hubs[1]);
        await Task.WhenAll(hubs.Select(hub => hub.Services.GetRequiredService<SharedLiveFeed>().Listening.WaitAsync(Patience)));
    }

    public async Task DisposeAsync()
    {
        if (_one is not null)
        {
            await _one.DisposeAsync();
            await _two.DisposeAsync();
            await PostgresLedgers.DropAsync(_ledger);
        }
    }

    [PeerFact("postgres")]
    public async Task Hubs_that_start_at_once_make_one_administrator_whose_login_holds_at_both()
    {
        HubUnderTest maker = Assert.Single(new[] { _one, _two }, hub => hub.Administrator.Secret is not null);
        HubUnderTest other = ReferenceEquals(maker, _one) ? _two : _one;
        using HttpClient browser = await maker.AdministratorBrowserAsync();
        using HttpResponseMessage there = await browser.GetAsync(new Uri(other.Address, "/alarms"));
        Assert.Equal(HttpStatusCode.OK, there.StatusCode);
        string page = await there.Content.ReadAsStringAsync();
        using HttpResponseMessage written = await HubUnderTest.PostAsync(
            browser, new Uri(other.Address, "/language").ToString(), ("language", "en"), ("returnUrl", "/alarms"), ("form-token", HubUnderTest.TokenIn(page)));
        Assert.Equal(HttpStatusCode.SeeOther, written.StatusCode);
        Assert.Equal("ok\n", await browser.GetStringAsync(new Uri(other.Address, "/healthz")));
    }

    [PeerFact("postgres")]
    public async Task Page_of_one_hub_hears_what_the_other_took_in()
    {
        using CancellationTokenSource end = new(Patience);
        await using IAsyncEnumerator<LiveEvent> heard = _two.Services.GetRequiredService<ILiveFeed>().WatchAsync(end.Token).GetAsyncEnumerator(end.Token);
        await CommitAsync(_one, 1, "o1");
        Alarm alarm = (await _two.Services.GetRequiredService<IAlarmDesk>().ListAsync("riverside", true, PageRequest.First, default)).Items.Single();
        await UntilAsync(heard, new LiveEvent(LiveKind.Alarm, "riverside", alarm.Id));
        _one.Services.GetRequiredService<ILiveFeed>().Publish(new LiveEvent(LiveKind.Telemetry, "riverside", ""));
        await UntilAsync(heard, new LiveEvent(LiveKind.Telemetry, "riverside", ""));
        Assert.True(await _one.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(new EdgeState("riverside", true, 7, "1", "aa", 0, null), default));
        await UntilAsync(heard, new LiveEvent(LiveKind.Edge, "riverside", "riverside"));
    }

    [PeerFact("postgres")]
    public async Task After_it_could_not_hear_the_others_a_hub_asks_its_pages_to_fetch_everything()
    {
        using CancellationTokenSource end = new(Patience);
        await using IAsyncEnumerator<LiveEvent> heard = _two.Services.GetRequiredService<ILiveFeed>().WatchAsync(end.Token).GetAsyncEnumerator(end.Token);
        await using NpgsqlConnection admin = await DatabaseOf(_one).OpenOwnAsync(null, default);
        await admin.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'");
        await UntilAsync(heard, new LiveEvent(LiveKind.Everything, "", ""));
        await CommitAsync(_one, 2, "o2");
        Alarm alarm = (await _two.Services.GetRequiredService<IAlarmDesk>().ListAsync("riverside", true, PageRequest.First, default)).Items.Single();
        await UntilAsync(heard, new LiveEvent(LiveKind.Alarm, "riverside", alarm.Id));
    }

    [PeerFact("postgres")]
    public async Task Edge_that_speaks_to_one_hub_is_not_silent_at_the_other()
    {
        await _one.Services.GetRequiredService<IEdgeDirectory>().TakeStateAsync(new EdgeState("riverside", true, 7, "1", "aa", 0, null), default);
        long before = (await _two.Services.GetRequiredService<IRegistry>().FindEdgeAsync("riverside", default))!.LastSeenMs!.Value;
        EdgeDirectory directory = _one.Services.GetRequiredService<EdgeDirectory>();
        StandingClock later = new();
        later.MoveTo(DateTimeOffset.FromUnixTimeMilliseconds(before).AddMinutes(5));
        EdgeDirectory afterwards = new(_one.Services.GetRequiredService<Ledger>(), later);
        afterwards.Heard("riverside");
        using EdgeHeardWriter writer = new(afterwards, DatabaseOf(_one), later, Microsoft.Extensions.Logging.Abstractions.NullLogger<EdgeHeardWriter>.Instance);
        await writer.WriteAsync(default);
        Assert.Equal(later.NowMs, (await _two.Services.GetRequiredService<IRegistry>().FindEdgeAsync("riverside", default))!.LastSeenMs);
        Assert.NotSame(directory, afterwards);
    }

    [PeerFact("postgres")]
    public async Task Due_job_is_run_by_one_hub_and_by_the_next_when_that_one_dies_at_it()
    {
        StandingClock clock = new();
        HeldJob job = new();
        PostgresJobTurns one = new(DatabaseOf(_one), clock);
        PostgresJobTurns two = new(DatabaseOf(_two), clock);
        Task<TimeSpan> running = one.RunAsync(job, default);
        await job.Began.WaitAsync(Patience);
        Assert.Equal(TimeSpan.FromSeconds(10), await two.RunAsync(job, default));
        Assert.Equal(1, job.Runs);

        // The holder dies: its connection ends, and with it the lock.
        await using NpgsqlConnection admin = await DatabaseOf(_one).OpenOwnAsync(null, default);
        await admin.ExecuteAsync("SELECT pg_terminate_backend(l.pid, 10000) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())");
        job.Release();
        Assert.Equal(job.Every, await two.RunAsync(job, default));
        Assert.Equal(2, job.Runs);
        await Assert.ThrowsAnyAsync<Exception>(() => running);

        // Not due: neither runs it, and both are told when to ask.
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.FromMinutes(4), await one.RunAsync(job, default));
        Assert.Equal(2, job.Runs);
        clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(job.Every, await one.RunAsync(job, default));
        Assert.Equal(3, job.Runs);
    }

    [PeerFact("postgres")]
    public async Task Due_job_of_a_hub_that_stands_still_is_taken_over_once_the_server_has_not_heard_of_it_and_the_sleeper_stops_when_it_wakes()
    {
        FakeTime asleep = new();
        HeldJob job = new();
        HeldJob sleeping = new();
        PostgresJobTurns one = new(DatabaseOf(_one), asleep, TimeSpan.FromSeconds(2));
        PostgresJobTurns two = new(DatabaseOf(_two), TimeProvider.System, PostgresJobTurns.Silence);
        Task<TimeSpan> running = one.RunAsync(sleeping, default);
        await sleeping.Began.WaitAsync(Patience);
        Assert.Equal(TimeSpan.FromSeconds(10), await two.RunAsync(job, default));
        Assert.Equal(0, job.Runs);

        // The clock of the first stands, so it says no word; its process and its connection are well. The server measures the silence by its own clock.
        job.Release();
        using CancellationTokenSource patience = new(Patience);
        while (job.Runs == 0)
        {
            await two.RunAsync(job, default);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }

        Assert.False(running.IsCompleted);
        asleep.Advance(500);
        IOException gone = await Assert.ThrowsAsync<IOException>(() => running.WaitAsync(Patience));
        Assert.Contains("another hub may run it", gone.Message, StringComparison.Ordinal);
        Assert.Equal(1, sleeping.Runs);
        Assert.Equal((1, 1L), (job.Runs, await RunsOnRecordAsync(DatabaseOf(_two))));
    }

    [PeerFact("postgres")]
    public async Task A_hub_that_says_a_word_in_time_keeps_its_turn_beyond_the_silence()
    {
        HeldJob held = new();
        HeldJob other = new();
        TimeSpan silence = TimeSpan.FromSeconds(1);
        PostgresJobTurns one = new(DatabaseOf(_one), TimeProvider.System, silence);
        PostgresJobTurns two = new(DatabaseOf(_two), TimeProvider.System, silence);
        Task<TimeSpan> running = one.RunAsync(held, default);
        await held.Began.WaitAsync(Patience);

        // The server is asked until three silences have passed by its own clock.
        await using NpgsqlConnection watch = await DatabaseOf(_two).OpenOwnAsync(null, default);
        DateTime until = await watch.ExecuteScalarAsync<DateTime>("SELECT clock_timestamp() + interval '3 seconds'");
        while (await watch.ExecuteScalarAsync<bool>("SELECT clock_timestamp() < @until", new { until }))
        {
            Assert.Equal(TimeSpan.FromSeconds(10), await two.RunAsync(other, default));
        }

        held.Release();
        Assert.Equal(held.Every, await running.WaitAsync(Patience));
        Assert.Equal((1, 0), (held.Runs, other.Runs));
    }

    [PeerFact("postgres")]
    public async Task Alarms_of_one_cause_that_come_to_both_hubs_at_once_send_one_person()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => CommitAsync(i % 2 == 0 ? _one : _two, 100 + i, $"many-{i}"))));
        var orders = (await _one.Services.GetRequiredService<IotProperty.Hub.Maintenance.IWorkOrderDesk>()
            .ListAsync(new("riverside"), PageRequest.First, default)).Items;
        Assert.Equal(40, Assert.Single(orders).OccurrenceCount);
    }

    /// <summary>Who ended a run writes who it was.</summary>
    private static async Task<long> RunsOnRecordAsync(PostgresLedgerDatabase holder)
    {
        await using NpgsqlConnection own = await holder.OpenOwnAsync(null, default);
        return await own.ExecuteScalarAsync<long>("SELECT count(*) FROM job_run WHERE job = 'held' AND holder = @ReplicaId", new { holder.ReplicaId });
    }

    private static PostgresLedgerDatabase DatabaseOf(HubUnderTest hub) => hub.Services.GetRequiredService<PostgresLedgerDatabase>();

    private static async Task CommitAsync(HubUnderTest hub, long sequence, string occurrence)
    {
        Batch batch = new()
        {
            Key = new("riverside", 7, Lane.Event, sequence),
            Transitions = [new(occurrence, 0, "pressure-low", new("pump-1", "pressure"), AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, 1_000 + sequence, 0.1, 0.3, true)],
        };
        LedgerCommit commit = await hub.Services.GetRequiredService<IEventLedger>().CommitAsync(batch, new byte[16], default);
        Assert.Equal(CommitOutcome.Committed, commit.Outcome);
    }

    private static async Task UntilAsync(IAsyncEnumerator<LiveEvent> heard, LiveEvent wanted)
    {
        while (await heard.MoveNextAsync())
        {
            if (heard.Current == wanted)
            {
                return;
            }
        }

        Assert.Fail($"{wanted} was not heard");
    }

    private sealed class HeldJob : IJob
    {
        private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _runs;

        public string Name => "held";

        public TimeSpan Every => TimeSpan.FromMinutes(5);

        public int Runs => _runs;

        public Task Began => _began.Task;

        public void Release() => _released.TrySetResult();

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _runs);
            _began.TrySetResult();
            await _released.Task.WaitAsync(cancellationToken);
        }
    }
}
