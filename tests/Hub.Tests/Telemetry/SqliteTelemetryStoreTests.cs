using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>The suite on a store that never seals: all samples stay in the journal.</summary>
public sealed class UnsealedSqliteTelemetryStoreTests() : SqliteTelemetryStoreTests(new() { SealAtLeast = 1_000_000 });

/// <summary>The suite on a store that seals after every commit: all samples lie in blocks.</summary>
public sealed class SealedSqliteTelemetryStoreTests() : SqliteTelemetryStoreTests(new() { SealAtLeast = 1, SealAtMost = 1 });

/// <summary>The suite on a store that seals now and then: samples lie in both.</summary>
public sealed class MixedSqliteTelemetryStoreTests() : SqliteTelemetryStoreTests(new() { SealAtLeast = 7, SealAtMost = 7 });

public abstract class SqliteTelemetryStoreTests(TelemetryStoreOptions options) : TelemetryStoreConformance, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-telemetry-").FullName;
    private int _kills;

    private string File => Path.Combine(_folder, "telemetry.db");

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected override Task<ITelemetryStore> OpenAsync() => Task.FromResult<ITelemetryStore>(Open(File));

    protected override async Task CloseAsync(ITelemetryStore store) => await ((SqliteTelemetryStore)store).DisposeAsync();

    protected override Task<ITelemetryStore> OpenAfterKillAsync()
    {
        // The database and its write-ahead log as they lie on disk now; the shared-memory index does not survive.
        string copy = Path.Combine(_folder, $"after-{++_kills}.db");
        System.IO.File.Copy(File, copy);
        System.IO.File.Copy(File + "-wal", copy + "-wal");
        return Task.FromResult<ITelemetryStore>(Open(copy));
    }

    [Fact]
    public async Task A_site_that_floods_a_store_which_stands_still_fails_at_its_share_and_its_neighbour_is_still_taken()
    {
        // While another holds the database, one group of 64 batches at most has left the queue.
        Task<CommitOutcome>[] flood;
        Task<CommitOutcome> neighbour;
        using (SqliteConnection holder = new(new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ToString()))
        {
            holder.Open();
            using SqliteTransaction held = holder.BeginTransaction(deferred: false);
            flood = [.. Enumerable.Range(1, 400).Select(sequence => CommitAsync(Batch(sequence, S(Pressure, sequence, sequence))))];
            Batch quiet = new() { Key = new BatchKey("hillside", 1, Lane.Telemetry, 1), Samples = [S(Pressure, 1, 1)] };
            neighbour = CommitAsync(quiet);
            Assert.InRange(flood.Count(commit => commit.IsFaulted), 400 - 256 - 64, 400 - 256);
            Assert.False(neighbour.IsCompleted);
            held.Rollback();
        }

        Assert.Equal(CommitOutcome.Committed, await neighbour);
        int committed = 0;
        foreach (Task<CommitOutcome> commit in flood)
        {
            if (commit.IsFaulted)
            {
                IOException refused = await Assert.ThrowsAsync<IOException>(() => commit);
                Assert.Contains("too many batches wait", refused.Message, StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(CommitOutcome.Committed, await commit);
                committed++;
            }
        }

        Assert.Equal(committed, await Store.CountAsync(Site, default));
    }

    [Fact]
    public async Task A_write_that_fails_leaves_nothing_behind_and_is_made_good_by_the_next_try()
    {
        await CommitAsync(Batch(1, S(Pressure, 1, 1)));
        Execute("CREATE TRIGGER no_room BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'no space left on device'); END");
        Batch second = Batch(2, S(Pressure, 2, 2), S(Speed, 2, 2));
        IOException failed = await Assert.ThrowsAsync<IOException>(() => CommitAsync(second));
        Assert.Contains("no space left", failed.InnerException!.Message, StringComparison.Ordinal);
        Assert.Equal([(1L, 1.0)], await RangeAsync(Pressure, 0, 9));
        Assert.Equal(1, await Store.CountAsync(Site, default));

        Execute("DROP TRIGGER no_room");
        Assert.Equal(CommitOutcome.Committed, await CommitAsync(second));
        Assert.Equal([(1L, 1.0), (2L, 2.0)], await RangeAsync(Pressure, 0, 9));
        Assert.Equal(3, await Store.CountAsync(Site, default));
    }

    [Fact]
    public async Task A_seal_that_fails_costs_nothing_but_time()
    {
        Execute("CREATE TRIGGER no_room BEFORE INSERT ON block BEGIN SELECT RAISE(ABORT, 'no space left on device'); END");
        for (int i = 1; i <= 20; i++)
        {
            Assert.Equal(CommitOutcome.Committed, await CommitAsync(Batch(i, S(Pressure, i, i))));
        }

        Assert.Equal(20, (await RangeAsync(Pressure, 0, 99)).Count);
        Assert.Equal(20, await Store.CountAsync(Site, default));
    }

    [Fact]
    public async Task A_damaged_block_or_journal_row_hides_its_own_samples_only()
    {
        for (int i = 1; i <= 8; i++)
        {
            await CommitAsync(Batch(i, S(Pressure, i, i)));
        }

        await CloseAsync(Store);
        Execute("UPDATE block SET run = zeroblob(length(run)) WHERE id = 1");
        Execute("UPDATE journal SET runs = zeroblob(length(runs)) WHERE id = (SELECT min(id) FROM journal)");
        await InitializeAsync();
        int left = (await RangeAsync(Pressure, 0, 99)).Count;
        Assert.InRange(left, 0, 7);
        Assert.Equal(CommitOutcome.Committed, await CommitAsync(Batch(9, S(Pressure, 9, 9))));
        Assert.Equal(left + 1, (await RangeAsync(Pressure, 0, 99)).Count);
    }

    [Fact]
    public async Task An_orderly_end_commits_what_waits()
    {
        Task<CommitOutcome>[] waiting = [.. Enumerable.Range(1, 50).Select(i => CommitAsync(Batch(i, S(Pressure, i, i))))];
        await CloseAsync(Store);
        Assert.All(await Task.WhenAll(waiting), outcome => Assert.Equal(CommitOutcome.Committed, outcome));
        await InitializeAsync();
        Assert.Equal(50, await Store.CountAsync(Site, default));
    }

    [Fact]
    public async Task Sealing_bounds_the_journal()
    {
        for (int i = 1; i <= 30; i++)
        {
            await CommitAsync(Batch(i, S(Pressure, i, i)));
        }

        await CloseAsync(Store);
        long journal = Scalar("SELECT count(*) FROM journal");
        Assert.InRange(journal, 0, Math.Min(30, options.SealAtLeast));
        Assert.Equal(options.SealAtLeast <= 30, Scalar("SELECT count(*) FROM block") > 0);
        await InitializeAsync();
    }

    private SqliteTelemetryStore Open(string file)
    {
        FakeTime time = new();
        SqliteTelemetryStore.Prepare(file, time);
        return new SqliteTelemetryStore(file, options, time, NullLogger<SqliteTelemetryStore>.Instance);
    }

    private void Execute(string sql) => Scalar(sql);

    private long Scalar(string sql)
    {
        using SqliteConnection connection = new($"Data Source={File};Pooling=false");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long value ? value : 0;
    }
}
