using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>A commit that the disk reports as failed was made or was not; the outbox finds out which, and says so.</summary>
public class DoubtfulCommitTests
{
    private const int IoError = 10;
    private Action<Action> _commit = commit => commit();
    private Action _open = () => { };

    [Fact]
    public async Task Telemetry_of_a_commit_that_failed_and_yet_reached_the_disk_is_sent_once()
    {
        await using OutboxBench bench = Bench();
        bench.Outbox.Add(bench.Sample(1));
        FailOnce(afterCommit: true);
        await FailAsync(bench, passMs: 10);
        bench.Outbox.Add(bench.Sample(2));
        await bench.PassAsync(1_000);
        double[] sent = await DrainAsync(bench);
        Assert.Equal([1, 2], sent);
        Assert.Equal(1, bench.Outbox.Snapshot.StoreFailures);
    }

    [Fact]
    public async Task Telemetry_of_a_commit_that_failed_and_did_not_reach_the_disk_is_stored_by_the_next_one()
    {
        await using OutboxBench bench = Bench();
        bench.Outbox.Add(bench.Sample(1));
        FailOnce(afterCommit: false);
        await FailAsync(bench, passMs: 10);
        bench.Outbox.Add(bench.Sample(2));
        await bench.PassAsync(1_000);
        double[] sent = await DrainAsync(bench);
        Assert.Equal([1, 2], sent);
    }

    [Fact]
    public async Task Callers_of_a_commit_that_reached_the_disk_are_told_that_it_did()
    {
        await using OutboxBench bench = Bench();
        FailOnce(afterCommit: true);
        await bench.Outbox.AddAsync(
            new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")], State = [new StateWrite("alarms/low", [7])] }, CancellationToken.None);
        Assert.Equal([7], bench.Outbox.Get("alarms/low"));
        await bench.ConnectAsync();
        Batch batch = await bench.NextAsync();
        Assert.Equal("o-1", batch.Transitions.Single().Occurrence);
        await bench.ReceiptAsync(batch);
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-2")] }, CancellationToken.None);
        Assert.Equal(("o-2", 2L), (await NextOccurrenceAsync(bench)));
    }

    [Fact]
    public async Task Callers_of_a_commit_that_did_not_reach_the_disk_are_told_so_and_may_try_again()
    {
        await using OutboxBench bench = Bench();
        OutboxEvents events = new() { Transitions = [OutboxBench.Transition("o-1")], State = [new StateWrite("alarms/low", [7])] };
        FailOnce(afterCommit: false);
        await Assert.ThrowsAsync<OutboxUnavailableException>(() => bench.Outbox.AddAsync(events, CancellationToken.None).AsTask());
        Assert.Null(bench.Outbox.Get("alarms/low"));
        await bench.Outbox.AddAsync(events, CancellationToken.None);
        await bench.ConnectAsync();
        Assert.Equal(("o-1", 1L), await NextOccurrenceAsync(bench));
        await bench.NothingAsync();
    }

    [Fact]
    public async Task While_the_store_cannot_be_opened_the_callers_wait_for_the_truth()
    {
        await using OutboxBench bench = Bench();
        FailOnce(afterCommit: true);
        TaskCompletionSource tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _open = () =>
        {
            tried.TrySetResult();
            throw new SqliteException("unable to open database file", 14);
        };
        Task doubtful = bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")], State = [new StateWrite("alarms/low", [7])] }, CancellationToken.None).AsTask();
        await tried.Task;
        await Assert.ThrowsAsync<OutboxUnavailableException>(() => bench.Outbox.SetAsync([], CancellationToken.None).AsTask());
        Assert.False(doubtful.IsCompleted);
        _open = () => { };
        await bench.PassAsync(1_000);
        await doubtful;
        Assert.Equal([7], bench.Outbox.Get("alarms/low"));
        await bench.ConnectAsync();
        Assert.Equal(("o-1", 1L), await NextOccurrenceAsync(bench));
        await bench.NothingAsync();
    }

    [Fact]
    public async Task Receipts_of_a_commit_that_reached_the_disk_are_not_forgotten()
    {
        await using OutboxBench bench = Bench();
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None);
        await bench.ConnectAsync();
        await bench.ReceiptAsync(await bench.NextAsync());
        FailOnce(afterCommit: true);
        await bench.PassAsync(bench.Settings.FlushMs);
        await bench.PassAsync(bench.Settings.MaxReceiptTimeoutMs);
        await bench.NothingAsync();
        Assert.Equal(0, bench.Outbox.Snapshot.Events.Rows);
        await bench.RestartAsync();
        Assert.Equal(0, bench.Outbox.Snapshot.Events.Rows);
    }

    [Fact]
    public async Task Nobody_is_told_that_an_event_is_stored_before_the_disk_has_said_so()
    {
        await using OutboxBench bench = Bench();
        using SemaphoreSlim atCommit = new(0);
        using SemaphoreSlim disk = new(0);
        _commit = commit =>
        {
            atCommit.Release();
            Assert.True(disk.Wait(TimeSpan.FromSeconds(20)), "the disk stood still");
            commit();
        };
        await bench.ConnectAsync();
        Task events = bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")], State = [new StateWrite("alarms/low", [7])] }, CancellationToken.None).AsTask();
        await atCommit.WaitAsync();
        Assert.False(events.IsCompleted);
        Assert.Null(bench.Outbox.Get("alarms/low"));
        disk.Release();
        await events;
        Assert.Equal("o-1", (await bench.NextAsync()).Transitions.Single().Occurrence);

        Task readings = bench.Outbox.AddAsync([new MeterReading("meter-3", "energy", "kWh", 7, 123.40m, 10, Quality.Good, true)], CancellationToken.None).AsTask();
        await atCommit.WaitAsync();
        Assert.False(readings.IsCompleted);
        disk.Release();
        await readings;
        Assert.Single((await bench.NextAsync()).Readings);
        _commit = commit => commit();
        disk.Release(100);
    }

    private OutboxBench Bench() => new(seams: new StoreSeams { Commit = commit => _commit(commit), Open = () => _open() });

    private void FailOnce(bool afterCommit) => _commit = commit =>
    {
        _commit = sound => sound();
        if (afterCommit)
        {
            commit();
        }

        throw new SqliteException("disk I/O error", IoError);
    };

    /// <summary>Lets the clock bring the commit that fails; who asks in the same round is told that it failed.</summary>
    private static async Task FailAsync(OutboxBench bench, long passMs)
    {
        bench.Time.Advance(passMs);
        while (bench.Outbox.Snapshot.StoreFailures == 0)
        {
            try
            {
                await bench.SettleAsync();
            }
            catch (OutboxUnavailableException)
            {
                Assert.Equal(1, bench.Outbox.Snapshot.StoreFailures);
            }
        }
    }

    private static async Task<(string, long)> NextOccurrenceAsync(OutboxBench bench)
    {
        Batch batch = await bench.NextAsync();
        return (batch.Transitions.Single().Occurrence, batch.Key.Sequence);
    }

    /// <summary>All samples that the hub gets to see, each as often as it does.</summary>
    private static async Task<double[]> DrainAsync(OutboxBench bench)
    {
        List<double> values = [];
        await bench.ConnectAsync();
        while (bench.Outbox.Snapshot.Telemetry.Rows > 0)
        {
            Batch batch = await bench.NextAsync();
            values.AddRange(batch.Samples.Select(sample => sample.Value));
            await bench.ReceiptAsync(batch);
            await bench.SettleAsync();
        }

        await bench.NothingAsync();
        return [.. values];
    }
}
