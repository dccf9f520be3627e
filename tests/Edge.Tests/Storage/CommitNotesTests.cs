using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>The notes beside the store find out a disk that lost what it said was synced, and never accuse one that did not.</summary>
public class CommitNotesTests
{
    [Fact]
    public async Task Commits_that_the_disk_has_lost_are_declared_lane_by_lane_with_their_sequences_and_records()
    {
        await using OutboxBench bench = new();
        await AddAsync(bench, 1, 3);
        string lying = bench.CopyAsAfterKill();
        bench.Time.Advance(5_000);
        await AddAsync(bench, 4, 5);
        long epoch = bench.Outbox.Epoch;
        long newestMs = bench.NowMs - 250;
        File.Copy(OutboxBench.NotesOf(bench.Path), OutboxBench.NotesOf(lying), overwrite: true);

        await using SqliteOutbox next = bench.Open(lying);
        StoreHub hub = new();
        await hub.DrainAsync(next, bench.Time);
        Assert.Equal(
            [(Lane.Event, epoch, 4L, 5L, 2), (Lane.Reading, epoch, 4L, 5L, 2), (Lane.Telemetry, epoch, 1L, 1L, 2)],
            hub.Gaps.OrderBy(gap => gap.Lane).Select(gap => (gap.Lane, gap.Epoch, gap.FirstSequence, gap.LastSequence, gap.Records)));
        Assert.Equal(newestMs, hub.Gaps.Single(gap => gap.Lane == Lane.Reading).ToMs);

        // Two rounds of three lanes: how many of them share a commit is the writer's affair.
        Assert.All(hub.Gaps, gap => Assert.Matches("has lost its last [2-6] commits", gap.Reason));
        Assert.Equal(7, hub.Served.Count);
    }

    [Fact]
    public async Task What_was_at_the_hub_already_is_not_declared()
    {
        await using OutboxBench bench = new();
        await AddAsync(bench, 1, 1);
        string lying = bench.CopyAsAfterKill();
        await AddAsync(bench, 2, 6);
        StoreHub hub = new();
        await hub.DrainAsync(bench.Outbox, bench.Time);
        await AddAsync(bench, 7, 7);
        File.Copy(OutboxBench.NotesOf(bench.Path), OutboxBench.NotesOf(lying), overwrite: true);

        await using SqliteOutbox next = bench.Open(lying);
        StoreHub later = new();
        await later.DrainAsync(next, bench.Time);
        Assert.Equal([(Lane.Event, 7L, 7L), (Lane.Reading, 7L, 7L), (Lane.Telemetry, 2L, 2L)], later.Gaps.OrderBy(gap => gap.Lane).Select(gap => (gap.Lane, gap.FirstSequence, gap.LastSequence)));
        Assert.Empty(later.Served);
    }

    [Theory]
    [InlineData("older")]
    [InlineData("missing")]
    [InlineData("garbage")]
    [InlineData("cut")]
    public async Task Notes_that_are_behind_missing_or_broken_raise_no_false_alarm(string how)
    {
        await using OutboxBench bench = new();
        await AddAsync(bench, 1, 3);
        string older = bench.CopyAsAfterKill();
        await AddAsync(bench, 4, 6);
        string store = bench.CopyAsAfterKill();
        string notes = OutboxBench.NotesOf(store);
        switch (how)
        {
            case "older":
                File.Copy(OutboxBench.NotesOf(older), notes, overwrite: true);
                break;
            case "missing":
                File.Delete(notes);
                break;
            case "garbage":
                byte[] garbage = new byte[20_000];
                new Random(5).NextBytes(garbage);
                await File.WriteAllBytesAsync(notes, garbage);
                break;
            default:
                await File.WriteAllBytesAsync(notes, (await File.ReadAllBytesAsync(notes))[..700]);
                break;
        }

        await using SqliteOutbox next = bench.Open(store);
        StoreHub hub = new();
        await hub.DrainAsync(next, bench.Time);
        Assert.Empty(hub.Gaps);
        Assert.Equal(13, hub.Served.Count);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(store)!, $"{Path.GetFileName(store)}.damaged-*"));
    }

    [Fact]
    public async Task A_boot_epoch_that_the_store_has_forgotten_is_not_used_again()
    {
        await using OutboxBench bench = new();
        string forgetful = bench.CopyAsAfterKill();
        bench.Time.StepWallClock(TimeSpan.FromDays(10));
        await bench.RestartAsync();
        long epoch = bench.Outbox.Epoch;
        bench.Time.StepWallClock(TimeSpan.FromDays(-20));
        File.Copy(OutboxBench.NotesOf(bench.Path), OutboxBench.NotesOf(forgetful), overwrite: true);
        await using SqliteOutbox next = bench.Open(forgetful);
        Assert.True(next.Epoch > epoch, $"{next.Epoch} after {epoch}");
    }

    [Fact]
    public async Task A_store_of_the_former_version_is_taken_over_with_its_epoch_and_its_state()
    {
        await using OutboxBench bench = new();
        await bench.Outbox.DisposeAsync();
        string former = Path.ChangeExtension(bench.Path, ".former.db");
        using (Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={former};Pooling=False"))
        {
            connection.Open();
            using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
            command.CommandText = """
                CREATE TABLE edge (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
                CREATE TABLE outbox (
                    id INTEGER PRIMARY KEY,
                    lane INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
                    records INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, only_gaps INTEGER NOT NULL,
                    checksum INTEGER NOT NULL, payload BLOB NOT NULL,
                    UNIQUE (lane, epoch, sequence));
                CREATE TABLE aside (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    lane INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, records INTEGER NOT NULL,
                    reason TEXT NOT NULL, at_ms INTEGER NOT NULL, payload BLOB NOT NULL);
                CREATE TABLE state (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
                INSERT INTO edge VALUES ('epoch', 9000000000000);
                INSERT INTO state VALUES ('alarms/low', x'0102');
                PRAGMA user_version = 1;
                """;
            command.ExecuteNonQuery();
        }

        await using (SqliteOutbox taken = bench.Open(former))
        {
            Assert.Equal(9_000_000_000_001, taken.Epoch);
            Assert.Equal([1, 2], taken.Get("alarms/low"));
        }

        await using SqliteOutbox again = bench.Open(former);
        Assert.Equal(9_000_000_000_002, again.Epoch);
        Assert.Equal([1, 2], again.Get("alarms/low"));
    }

    /// <summary>For each number an event, a reading and a sample, each in its own commit or sharing one.</summary>
    private static async Task AddAsync(OutboxBench bench, int from, int to)
    {
        for (int number = from; number <= to; number++)
        {
            await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition($"o-{number}")] }, CancellationToken.None);
            bench.Outbox.Add(bench.Sample(number));
            bench.Time.Advance(250);
            await bench.Outbox.AddAsync([new MeterReading("meter-3", "energy", "kWh", bench.NowMs, number, 7, Quality.Good, true)], CancellationToken.None);
        }

        await bench.PassAsync(250);
    }
}
