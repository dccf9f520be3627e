using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Edge.Tests.Storage;

public class SqliteOutboxTests
{
    [Fact]
    public async Task Events_and_their_state_survive_a_kill_as_soon_as_the_call_has_completed()
    {
        await using OutboxBench bench = new();
        await bench.Outbox.AddAsync(
            new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")], State = [new StateWrite("alarms/low", [1, 2])] }, CancellationToken.None);
        Assert.Equal([1, 2], bench.Outbox.Get("alarms/low"));

        await using SqliteOutbox next = bench.OpenAsAfterKill();
        Assert.Equal([1, 2], next.Get("alarms/low"));
        Batch batch = await OutboxBench.NextAsync(await next.ConnectAsync(CancellationToken.None));
        Assert.Equal(OutboxBench.Transition("o-1"), Assert.Single(batch.Transitions));
        Assert.Equal(new BatchKey(OutboxBench.Site, bench.Outbox.Epoch, Lane.Event, 1), batch.Key);
    }

    [Fact]
    public async Task Readings_survive_a_kill_as_soon_as_the_call_has_completed()
    {
        await using OutboxBench bench = new();
        MeterReading reading = new("meter-3", "energy", "kWh", 7, 123.40m, 10, Quality.Good, true);
        await bench.Outbox.AddAsync([reading], CancellationToken.None);

        await using SqliteOutbox next = bench.OpenAsAfterKill();
        Batch batch = await OutboxBench.NextAsync(await next.ConnectAsync(CancellationToken.None));
        Assert.Equal(Lane.Reading, batch.Key.Lane);
        Assert.Equal(reading, Assert.Single(batch.Readings));
    }

    [Fact]
    public async Task State_can_be_changed_listed_and_removed()
    {
        await using OutboxBench bench = new();
        await bench.Outbox.SetAsync([new("alarms/a", [1]), new("alarms/b", [2]), new("access/door-1", [3])], CancellationToken.None);
        await bench.Outbox.SetAsync([new("alarms/a", null), new("alarms/b", [9])], CancellationToken.None);
        await bench.RestartAsync();
        Assert.Null(bench.Outbox.Get("alarms/a"));
        KeyValuePair<string, byte[]> only = Assert.Single(bench.Outbox.List("alarms/"));
        Assert.Equal("alarms/b", only.Key);
        Assert.Equal([9], only.Value);
    }

    [Fact]
    public async Task The_first_sample_is_stored_almost_at_once_and_later_ones_after_the_loss_window()
    {
        await using OutboxBench bench = new();
        await bench.ConnectAsync();
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(10);
        Assert.Equal(1, Assert.Single((await bench.NextAsync()).Samples).Value);

        bench.Outbox.Add(bench.Sample(2));
        bench.Outbox.Add(bench.Sample(3));
        await bench.PassAsync(249);
        await bench.NothingAsync();
        await bench.PassAsync(1);
        Assert.Equal([2, 3], (await bench.NextAsync()).Samples.Select(sample => sample.Value));
    }

    [Fact]
    public async Task A_full_batch_does_not_wait_for_the_clock()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBatchSamples = 10 });
        await bench.ConnectAsync();
        for (int index = 0; index < 10; index++)
        {
            bench.Outbox.Add(bench.Sample(index));
        }

        Assert.Equal(10, (await bench.NextAsync()).Samples.Length);
    }

    [Fact]
    public async Task Telemetry_that_waits_is_gathered_into_one_batch_until_it_is_published()
    {
        await using OutboxBench bench = new();
        for (int index = 0; index < 5; index++)
        {
            bench.Outbox.Add(bench.Sample(index));
            await bench.PassAsync(250);
        }

        Assert.Equal(1, bench.Outbox.Snapshot.Telemetry.Rows);
        await using (SqliteOutbox killed = bench.OpenAsAfterKill())
        {
            Assert.Equal([0, 1, 2, 3, 4], (await OutboxBench.NextAsync(await killed.ConnectAsync(CancellationToken.None))).Samples.Select(sample => sample.Value));
        }

        await bench.ConnectAsync();
        Batch gathered = await bench.NextAsync();
        Assert.Equal([0, 1, 2, 3, 4], gathered.Samples.Select(sample => sample.Value));
        bench.Outbox.Add(bench.Sample(5));
        await bench.PassAsync(250);
        Batch next = await bench.NextAsync();
        Assert.Equal(gathered.Key.Sequence + 1, next.Key.Sequence);
        Assert.Equal(5, Assert.Single(next.Samples).Value);
    }

    [Fact]
    public async Task A_boot_epoch_never_comes_again()
    {
        await using OutboxBench bench = new();
        long first = bench.Outbox.Epoch;
        Assert.Equal(bench.NowMs, first);
        bench.Time.StepWallClock(TimeSpan.FromDays(-30));
        await bench.RestartAsync();
        Assert.Equal(first + 1, bench.Outbox.Epoch);
        string id = bench.Outbox.NewId();
        bench.Time.StepWallClock(TimeSpan.FromDays(60));
        await bench.RestartAsync();
        Assert.Equal(bench.NowMs, bench.Outbox.Epoch);
        Assert.NotEqual(id, bench.Outbox.NewId());
    }

    [Fact]
    public async Task Concurrent_calls_get_sequences_without_holes_and_share_commits()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, Window = 256 });
        await Task.WhenAll(Enumerable.Range(0, 200).Select(n =>
            bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition($"o-{n}")] }, CancellationToken.None).AsTask()));
        Assert.True(bench.Outbox.Snapshot.Commits <= 200);
        await bench.ConnectAsync();
        List<Batch> batches = [];
        for (int index = 0; index < 200; index++)
        {
            batches.Add(await bench.NextAsync());
        }

        Assert.Equal(Enumerable.Range(1, 200).Select(n => (long)n), batches.Select(batch => batch.Key.Sequence));
        Assert.Equal(200, batches.Select(batch => batch.Transitions.Single().Occurrence).Distinct().Count());
    }

    [Fact]
    public async Task Only_a_receipt_ends_a_batch()
    {
        await using OutboxBench bench = new();
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None);
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-2")] }, CancellationToken.None);
        await bench.ConnectAsync();
        Batch first = await bench.NextAsync();
        Batch second = await bench.NextAsync();
        await bench.ReceiptAsync(first);
        await bench.RestartAsync();
        await bench.ConnectAsync();
        Assert.Equal(second.Key, (await bench.NextAsync()).Key);
        await bench.NothingAsync();
    }

    [Fact]
    public async Task A_batch_without_a_receipt_is_published_again_after_its_time_and_after_a_reconnect()
    {
        await using OutboxBench bench = new();
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None);
        await bench.ConnectAsync();
        Batch first = await bench.NextAsync();
        await bench.PassAsync(bench.Settings.ReceiptTimeoutMs);
        Assert.Equal(first.Key, (await bench.NextAsync()).Key);
        await bench.Outbox.DisconnectAsync();
        await bench.ConnectAsync();
        Assert.Equal(first.Key, (await bench.NextAsync()).Key);
        Assert.Equal(1, bench.Outbox.Snapshot.Repeats);
        await bench.ReceiptAsync(first);
        await bench.ReceiptAsync(first);
        await bench.PassAsync(1_000_000);
        await bench.NothingAsync();
        Assert.Equal(0, bench.Outbox.Snapshot.Events.Rows);
    }

    [Fact]
    public async Task A_refused_batch_is_set_aside_and_declared()
    {
        await using OutboxBench bench = new();
        await bench.ConnectAsync();
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(10);
        Batch refused = await bench.NextAsync();
        await bench.ReceiptAsync(refused, ReceiptStatus.Refused, "another batch has this key");
        GapRecord gap = Assert.Single((await bench.NextAsync()).Gaps);
        Assert.Equal((Lane.Telemetry, refused.Key.Epoch, 1L, 1L, 1), (gap.Lane, gap.Epoch, gap.FirstSequence, gap.LastSequence, gap.Records));
        Assert.Contains("another batch has this key", gap.Reason, StringComparison.Ordinal);
        Assert.Equal(1, bench.Outbox.Snapshot.SetAside);
        Assert.Equal(1L, Query(bench.Path, "SELECT count(*) FROM aside"));
    }

    [Fact]
    public async Task A_damaged_row_is_set_aside_and_declared_and_the_rest_is_sent()
    {
        await using OutboxBench bench = new();
        for (int index = 1; index <= 3; index++)
        {
            await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition($"o-{index}")] }, CancellationToken.None);
        }

        long epoch = bench.Outbox.Epoch;
        await bench.Outbox.DisposeAsync();
        Assert.Equal(1L, Query(bench.Path, "UPDATE outbox SET payload = zeroblob(length(payload)) WHERE sequence = 2; SELECT changes()"));
        await bench.RestartAsync();
        await bench.ConnectAsync();
        Assert.Equal("o-1", (await bench.NextAsync()).Transitions.Single().Occurrence);
        Assert.Equal("o-3", (await bench.NextAsync()).Transitions.Single().Occurrence);
        GapRecord gap = Assert.Single((await bench.NextAsync()).Gaps);
        Assert.Equal(0, bench.Outbox.TelemetryLosses);
        Assert.Equal((Lane.Event, epoch, 2L, 2L, 1), (gap.Lane, gap.Epoch, gap.FirstSequence, gap.LastSequence, gap.Records));
    }

    [Fact]
    public async Task A_full_quota_drops_the_oldest_telemetry_declares_it_and_keeps_the_events()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBytes = OutboxSettings.MinMaxBytes, MaxBatchSamples = 500 });
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None);
        Random random = new(5);
        const int total = 200_000;
        for (int index = 0; index < total; index++)
        {
            bench.Outbox.Add(bench.Sample(BitConverter.Int64BitsToDouble(random.NextInt64()), $"p-{index % 7}"));
            if (index % 5_000 == 0)
            {
                await bench.PassAsync(250);
            }
        }

        await bench.PassAsync(250);
        OutboxSnapshot full = bench.Outbox.Snapshot;
        Assert.InRange(full.Events.Bytes + full.Readings.Bytes + full.Telemetry.Bytes, OutboxSettings.MinMaxBytes / 2, OutboxSettings.MinMaxBytes);
        Assert.True(full.DroppedRecords > 0);
        Assert.True(bench.Outbox.TelemetryLosses > 0);

        await bench.ConnectAsync();
        List<Batch> all = [];
        while (bench.Outbox.Snapshot is { } left && left.Events.Rows + left.Telemetry.Rows > 0)
        {
            Batch batch = await bench.NextAsync();
            all.Add(batch);
            await bench.ReceiptAsync(batch);
            await bench.SettleAsync();
        }

        Assert.Equal("o-1", all.SelectMany(batch => batch.Transitions).Single().Occurrence);
        Assert.Equal(total, all.Sum(batch => batch.Samples.Length) + all.SelectMany(batch => batch.Gaps).Sum(gap => gap.Records));
        long[] sequences =
        [
            .. all.Where(batch => batch.Key.Lane == Lane.Telemetry).Select(batch => batch.Key.Sequence),
            .. all.SelectMany(batch => batch.Gaps).SelectMany(gap => Enumerable.Range((int)gap.FirstSequence, (int)(gap.LastSequence - gap.FirstSequence) + 1).Select(n => (long)n)),
        ];
        Assert.Equal(Enumerable.Range(1, sequences.Length).Select(n => (long)n), sequences.Order());
    }

    [Fact]
    public async Task A_store_that_fails_tells_its_callers_keeps_the_telemetry_and_works_again_when_it_can()
    {
        await using OutboxBench bench = new();
        await bench.ConnectAsync();
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None);
        Assert.Equal(1, (await bench.NextAsync()).Key.Sequence);

        Query(bench.Path, "CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk'); END; SELECT 1");
        bench.Outbox.Add(bench.Sample(1));
        OutboxEvents lost = new() { Transitions = [OutboxBench.Transition("o-2")], State = [new StateWrite("alarms/low", [1])] };
        await Assert.ThrowsAsync<OutboxUnavailableException>(() => bench.Outbox.AddAsync(lost, CancellationToken.None).AsTask());
        Assert.Null(bench.Outbox.Get("alarms/low"));
        await Assert.ThrowsAsync<OutboxUnavailableException>(() => bench.Outbox.AddAsync(lost, CancellationToken.None).AsTask());
        Assert.Equal(1, bench.Outbox.Snapshot.StoreFailures);

        // After a reconnect of its own the store publishes again what has no receipt yet.
        Query(bench.Path, "DROP TRIGGER broken; SELECT 1");

        // The clock wakes the store for the telemetry, too; whether it is stored before the event comes or after it is left to the scheduler.
        bench.Time.Advance(1_000);
        await bench.Outbox.AddAsync(lost, CancellationToken.None);
        Assert.Equal("o-1", (await bench.NextAsync()).Transitions.Single().Occurrence);
        List<Batch> next = [await bench.NextAsync()];
        if (next[0].Key.Lane != Lane.Telemetry)
        {
            await bench.PassAsync(1_000);
        }

        next.Add(await bench.NextAsync());
        Batch events = Assert.Single(next, batch => batch.Key.Lane == Lane.Event);
        Assert.Equal(("o-2", 2L), (events.Transitions.Single().Occurrence, events.Key.Sequence));
        Assert.Equal(1, Assert.Single(Assert.Single(next, batch => batch.Key.Lane == Lane.Telemetry).Samples).Value);
    }

    [Fact]
    public async Task A_commit_that_failed_and_yet_reached_the_disk_does_not_block_the_store_for_ever()
    {
        await using OutboxBench bench = new();
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None);

        // What such a commit leaves: a row under the numbers that the outbox takes for free.
        Query(
            bench.Path,
            """
            INSERT INTO outbox SELECT id + 1, lane, epoch, sequence + 1, records, from_ms, to_ms, only_gaps, checksum, payload FROM outbox;
            SELECT changes()
            """);
        OutboxEvents events = new() { Transitions = [OutboxBench.Transition("o-2")] };
        await Assert.ThrowsAsync<OutboxUnavailableException>(() => bench.Outbox.AddAsync(events, CancellationToken.None).AsTask());
        bench.Time.Advance(1_000);
        await bench.Outbox.AddAsync(events, CancellationToken.None);
        await bench.ConnectAsync();
        Assert.Equal(1, (await bench.NextAsync()).Key.Sequence);
        Batch next = await bench.NextAsync();
        Assert.Equal(("o-2", 3L), (next.Transitions.Single().Occurrence, next.Key.Sequence));
    }

    [Fact]
    public async Task A_hub_that_connects_while_the_disk_fails_is_served_when_the_disk_is_back()
    {
        await using OutboxBench bench = new();
        Query(bench.Path, "CREATE TRIGGER broken BEFORE INSERT ON outbox WHEN new.lane = 2 BEGIN SELECT RAISE(ABORT, 'disk'); END; SELECT 1");
        Task first;
        Task failing;
        Task connecting;
        using (SqliteConnection busy = new($"Data Source={bench.Path};Pooling=False"))
        {
            // While somebody else writes, the owner waits with its first round; what comes meanwhile is the next one.
            busy.Open();
            using SqliteTransaction writing = busy.BeginTransaction();
            first = bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None).AsTask();
            failing = bench.Outbox.AddAsync([new MeterReading("meter-3", "energy", "kWh", 7, 1m, 10, Quality.Good, true)], CancellationToken.None).AsTask();
            connecting = bench.ConnectAsync();
            writing.Rollback();
        }

        await Assert.ThrowsAsync<OutboxUnavailableException>(() => failing);
        await connecting;
        await Task.WhenAny(first);
        Query(bench.Path, "DROP TRIGGER broken; SELECT 1");
        bench.Time.Advance(1_000);
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-2")] }, CancellationToken.None);
        List<string> seen = [];
        while (!seen.Contains("o-2"))
        {
            seen.Add((await bench.NextAsync()).Transitions.Single().Occurrence);
        }
    }

    [Fact]
    public async Task A_callers_mistake_is_its_own()
    {
        await using OutboxBench bench = new();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            bench.Outbox.AddAsync(new OutboxEvents { CommandResults = [new CommandResult("c", 0, CommandReason.None, "", 0, true)] }, CancellationToken.None).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await bench.Outbox.SetAsync([new StateWrite("key", new byte[StateWrite.MaxValueBytes + 1])], CancellationToken.None));
        Assert.Throws<ArgumentException>(() => bench.Outbox.Add(bench.Sample(1) with { Quality = (Quality)9 }));
        Assert.Throws<ArgumentException>(() => bench.Outbox.Add(bench.Sample(1, new string('x', 101))));
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None);
        await bench.ConnectAsync();
        Assert.Equal(1, (await bench.NextAsync()).Key.Sequence);
    }

    [Fact]
    public async Task Stopping_stores_what_is_in_memory_and_ends_the_channel()
    {
        await using OutboxBench bench = new();
        ChannelReader<OutboundBatch> outbound = await bench.Outbox.ConnectAsync(CancellationToken.None);
        bench.Outbox.Add(bench.Sample(4));
        await bench.RestartAsync();
        Assert.Equal(4, Assert.Single((await OutboxBench.NextAsync(outbound)).Samples).Value);
        await outbound.Completion.WaitAsync(TimeSpan.FromSeconds(20));
        await bench.ConnectAsync();
        Assert.Equal(4, Assert.Single((await bench.NextAsync()).Samples).Value);
    }

    [Fact]
    public async Task A_store_of_a_newer_version_is_left_alone_with_a_clear_error()
    {
        await using OutboxBench bench = new();
        await bench.Outbox.DisposeAsync();
        Query(bench.Path, "PRAGMA user_version = 99; SELECT 1");
        File.Delete(OutboxBench.NotesOf(bench.Path));
        OutboxUnavailableException error = Assert.Throws<OutboxUnavailableException>(() => bench.Open(bench.Path));
        Assert.Contains("newer version", error.Message, StringComparison.Ordinal);
        Query(bench.Path, "PRAGMA user_version = 2; SELECT 1");
    }

    private static long Query(string path, string sql)
    {
        using SqliteConnection connection = new($"Data Source={path};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
