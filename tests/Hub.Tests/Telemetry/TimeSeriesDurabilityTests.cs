using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Npgsql;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>What a receipt promised, against servers that are killed, away, or refuse.</summary>
public sealed class TimeSeriesDurabilityTests
{
    private const string Site = "riverside";
    private const long HourMs = 3_600_000;
    private static readonly PointRef Pressure = new("pump-1", "pressure");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PeerFact("victoria-metrics", "postgres")]
    public async Task A_killed_VictoriaMetrics_loses_what_it_acknowledged_and_gets_it_again()
    {
        await using VictoriaMetricsServer server = await VictoriaMetricsServer.StartAsync();
        await using NpgsqlDataSource source = await TimeSeriesSuite.NewDatabaseAsync();
        await using TimeSeriesTelemetryStore store = TimeSeriesSuite.Open(Victoria(server), source);
        await CommitAsync(store, 1);
        await server.KillAsync();
        await server.StartAgainAsync();

        // The server alone does not have it: what makes the promise true is the row that is kept.
        using (VictoriaEngine bare = Victoria(server))
        {
            Assert.Empty(await bare.RangeAsync(Site, Pressure, 0, long.MaxValue, 9, default));
        }

        await using TimeSeriesTelemetryStore after = TimeSeriesSuite.Open(Victoria(server), source);
        Assert.Equal([1.0], (await after.RangeAsync(Site, Pressure, 0, long.MaxValue, 9, default)).Select(s => s.Value));
    }

    [PeerFact("victoria-metrics", "postgres")]
    public async Task What_VictoriaMetrics_has_proven_to_be_on_disk_is_let_go_and_survives_a_kill()
    {
        await using VictoriaMetricsServer server = await VictoriaMetricsServer.StartAsync();
        await using NpgsqlDataSource source = await TimeSeriesSuite.NewDatabaseAsync();
        await using TimeSeriesTelemetryStore store = TimeSeriesSuite.Open(Victoria(server), source, new() { FlushEvery = TimeSpan.FromMilliseconds(50) });
        await CommitAsync(store, 1);
        await PendingIsAsync(source, 0);
        await server.KillAsync();
        await server.StartAgainAsync();
        using VictoriaEngine bare = Victoria(server);
        Assert.Equal([1.0], (await bare.RangeAsync(Site, Pressure, 0, long.MaxValue, 9, default)).Select(s => s.Value));
    }

    [PeerFact("victoria-metrics", "postgres")]
    public async Task A_store_that_outlives_the_server_writes_again_what_was_not_proven()
    {
        await using VictoriaMetricsServer server = await VictoriaMetricsServer.StartAsync();
        await using NpgsqlDataSource source = await TimeSeriesSuite.NewDatabaseAsync();
        await using TimeSeriesTelemetryStore store = TimeSeriesSuite.Open(Victoria(server), source);
        await CommitAsync(store, 1);
        await server.KillAsync();
        await Assert.ThrowsAsync<IOException>(() => CommitAsync(store, 2));
        Assert.Equal(1, await store.CountAsync(Site, default));
        await server.StartAgainAsync();
        await CommitAsync(store, 2);
        Assert.Equal([1.0, 2.0], (await store.RangeAsync(Site, Pressure, 0, long.MaxValue, 9, default)).Select(s => s.Value));
    }

    [PeerFact("influxd", "postgres")]
    public async Task A_killed_InfluxDB_has_every_sample_that_was_committed()
    {
        await using InfluxServer server = await InfluxServer.StartAsync();
        await using NpgsqlDataSource source = await TimeSeriesSuite.NewDatabaseAsync();
        await using TimeSeriesTelemetryStore store = TimeSeriesSuite.Open(new InfluxEngine(server.Url, "iotp"), source);
        Task<CommitOutcome>[] commits = [.. Enumerable.Range(1, 200).Select(i => CommitAsync(store, i))];
        await commits[100];
        await server.KillAsync();
        int[] promised = [.. (await Task.WhenAll(commits.Select(async (commit, index) =>
        {
            try
            {
                return await commit == CommitOutcome.Committed ? index + 1 : 0;
            }
            catch (IOException)
            {
                return 0;
            }
        }))).Where(sequence => sequence > 0)];
        await server.StartAgainAsync();
        HashSet<double> read = [.. (await store.RangeAsync(Site, Pressure, 0, long.MaxValue, 999, default)).Select(s => s.Value)];
        Assert.NotEmpty(promised);
        Assert.All(promised, sequence => Assert.Contains(sequence, read));
        Assert.Equal(promised.Length, await store.CountAsync(Site, default));
    }

    [PeerFact("influxd", "postgres")]
    public async Task A_batch_whose_key_was_not_committed_writes_over_itself()
    {
        await using InfluxServer server = await InfluxServer.StartAsync();
        await using NpgsqlDataSource source = await TimeSeriesSuite.NewDatabaseAsync();
        await using TimeSeriesTelemetryStore store = TimeSeriesSuite.Open(new InfluxEngine(server.Url, "iotp"), source);
        await using (NpgsqlCommand forbid = source.CreateCommand("ALTER TABLE telemetry.tally ADD CONSTRAINT away CHECK (records < 0)"))
        {
            await forbid.ExecuteNonQueryAsync();
        }

        // The samples are written, then the commit breaks.
        await Assert.ThrowsAsync<IOException>(() => CommitAsync(store, 1));
        Assert.Equal(0, await store.CountAsync(Site, default));
        await using (NpgsqlCommand allow = source.CreateCommand("ALTER TABLE telemetry.tally DROP CONSTRAINT away"))
        {
            await allow.ExecuteNonQueryAsync();
        }

        Assert.Equal(CommitOutcome.Committed, await CommitAsync(store, 1));
        Assert.Equal([1.0], (await store.RangeAsync(Site, Pressure, 0, long.MaxValue, 9, default)).Select(s => s.Value));
    }

    [PeerFact("influxd", "postgres")]
    public async Task Lines_that_InfluxDB_refuses_fail_their_own_batch_with_its_words_and_no_other()
    {
        await using InfluxServer server = await InfluxServer.StartAsync();
        await using NpgsqlDataSource source = await TimeSeriesSuite.NewDatabaseAsync();
        using InfluxEngine bare = new(server.Url, "iotp");
        await bare.PrepareAsync(default);

        // In the shard of this week, the field is an integer for whoever comes next.
        await bare.WriteAsync("iotp_sample,site=other v=1i 1700000000000000000\n"u8.ToArray(), default);
        await using TimeSeriesTelemetryStore store = TimeSeriesSuite.Open(new InfluxEngine(server.Url, "iotp"), source, new() { Writers = 1 });
        Task<CommitOutcome> poisoned = CommitAsync(store, 1, timeMs: 1_700_000_000_001);
        Task<CommitOutcome>[] others = [.. Enumerable.Range(2, 20).Select(i => CommitAsync(store, i, timeMs: i))];
        IOException failed = await Assert.ThrowsAsync<IOException>(() => poisoned);
        Assert.Contains("field type conflict", failed.InnerException!.Message, StringComparison.Ordinal);
        Assert.All(await Task.WhenAll(others), outcome => Assert.Equal(CommitOutcome.Committed, outcome));
        Assert.Equal(20, await store.CountAsync(Site, default));
    }

    [PeerFact("influxd", "postgres")]
    public async Task Samples_older_than_InfluxDB_keeps_are_refused_for_good_and_newer_ones_are_taken()
    {
        await using InfluxServer server = await InfluxServer.StartAsync();
        using (HttpClient client = new())
        using (FormUrlEncodedContent made = new([new("q", "CREATE DATABASE iotp WITH DURATION 30d SHARD DURATION 1d")]))
        using (HttpResponseMessage answer = await client.PostAsync(new Uri(server.Url, "/query"), made))
        {
            answer.EnsureSuccessStatusCode();
        }

        await using NpgsqlDataSource source = await TimeSeriesSuite.NewDatabaseAsync();
        await using TimeSeriesTelemetryStore store = TimeSeriesSuite.Open(new InfluxEngine(server.Url, "iotp"), source, new() { Writers = 1 });
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        Task<CommitOutcome> old = CommitAsync(store, 1, nowMs - (40 * 24 * HourMs));
        Task<CommitOutcome>[] others = [.. Enumerable.Range(2, 5).Select(i => CommitAsync(store, i, nowMs - i))];
        UnstorableBatchException refused = await Assert.ThrowsAsync<UnstorableBatchException>(() => old);
        Assert.Contains("beyond retention policy", refused.Message, StringComparison.Ordinal);
        Assert.All(await Task.WhenAll(others), outcome => Assert.Equal(CommitOutcome.Committed, outcome));
        Assert.Equal(5, await store.CountAsync(Site, default));
    }

    [PeerFact("victoria-metrics", "postgres")]
    public async Task A_time_that_VictoriaMetrics_would_drop_in_silence_is_refused_with_the_reason()
    {
        await using VictoriaMetricsServer server = await VictoriaMetricsServer.StartAsync(retention: "30d");
        await using NpgsqlDataSource source = await TimeSeriesSuite.NewDatabaseAsync();
        await using TimeSeriesTelemetryStore store = TimeSeriesSuite.Open(Victoria(server), source);
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        UnstorableBatchException old = await Assert.ThrowsAsync<UnstorableBatchException>(() => CommitAsync(store, 1, nowMs - (31 * 24 * HourMs)));
        Assert.Contains("pump-1/pressure", old.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UnstorableBatchException>(() => CommitAsync(store, 1, nowMs + (49 * HourMs)));
        Assert.Equal(CommitOutcome.Committed, await CommitAsync(store, 1, nowMs - (29 * 24 * HourMs)));
        Assert.Equal(CommitOutcome.Committed, await CommitAsync(store, 2, nowMs + (46 * HourMs)));
        Assert.Equal(2, (await store.RangeAsync(Site, Pressure, long.MinValue, long.MaxValue, 9, default)).Count);
        Assert.Equal(nowMs + (46 * HourMs), Assert.Single(await store.LatestAsync(Site, default)).Sample.TimeMs);
    }

    [PeerFact("victoria-metrics", "postgres")]
    public async Task Exact_repeats_in_other_batches_are_shown_once_and_those_of_one_batch_as_often_as_they_are()
    {
        await using VictoriaMetricsServer server = await VictoriaMetricsServer.StartAsync();
        await using NpgsqlDataSource source = await TimeSeriesSuite.NewDatabaseAsync();
        await using TimeSeriesTelemetryStore store = TimeSeriesSuite.Open(Victoria(server), source);
        Sample one = new(Pressure, 1000, 0.6, Quality.Good, true);
        await store.CommitAsync(new Batch { Key = new(Site, 7, Lane.Telemetry, 1), Samples = [one, one, one] }, new byte[16], default);
        await store.CommitAsync(new Batch { Key = new(Site, 7, Lane.Telemetry, 2), Samples = [one] }, new byte[16], default);
        Assert.Equal(3, (await store.RangeAsync(Site, Pressure, 0, 9999, 99, default)).Count);
        Assert.Equal(4, await store.CountAsync(Site, default));
    }

    private static VictoriaEngine Victoria(VictoriaMetricsServer server) => new(server.Url, server.Url, TimeProvider.System);

    private static async Task<CommitOutcome> CommitAsync(TimeSeriesTelemetryStore store, int sequence, long timeMs = 0) => await store.CommitAsync(
        new Batch { Key = new(Site, 7, Lane.Telemetry, sequence), Samples = [new(Pressure, timeMs == 0 ? 1_700_000_000_000 + sequence : timeMs, sequence, Quality.Good, true)] },
        new byte[16],
        default);

    private static async Task PendingIsAsync(NpgsqlDataSource source, long rows)
    {
        using CancellationTokenSource patience = new(Patience, TimeProvider.System);
        await using NpgsqlCommand count = source.CreateCommand("SELECT count(*) FROM telemetry.pending");
        while (await count.ExecuteScalarAsync(patience.Token) is not long found || found != rows)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }
    }
}
