using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Edge.Tests.Storage;

public class OutboxTallyTests
{
    private const long Hour = HourTally.HourLengthMs;

    [Fact]
    public async Task The_tallies_of_a_complete_hour_equal_those_of_the_batches_that_the_hub_got()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBatchSamples = 7 });
        await bench.ConnectAsync();
        List<Batch> hub = [];
        for (int turn = 0; turn < 100; turn++)
        {
            for (int sample = 0; sample < turn % 11; sample++)
            {
                bench.Outbox.Add(bench.Sample(sample, $"p-{sample % 3}"));
            }

            await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition($"o-{turn}") with { TimeMs = bench.NowMs }] }, CancellationToken.None);
            await bench.Outbox.AddAsync([Reading(bench, turn)], CancellationToken.None);
            await bench.PassAsync(60_000);
            hub.AddRange(await bench.AllAsync(receipts: true));
        }

        await bench.PassAsync(Hour);
        hub.AddRange(await bench.AllAsync(receipts: true));
        Assert.Equal(Sums(hub), Sums(bench));
        Assert.Equal(6, bench.Tallies.Count);
        Assert.All(bench.Tallies.Values, tally =>
        {
            long[] sequences = [.. hub.Where(batch => batch.Key.Lane == tally.Lane && BatchTally.Of(batch).Any(of => of.HourMs == tally.HourMs)).Select(batch => batch.Key.Sequence)];
            Assert.Equal((sequences.Min(), sequences.Max()), (tally.FirstSequence, tally.LastSequence));
        });
    }

    [Fact]
    public async Task Tallies_and_gaps_are_bookkeeping_and_not_tallied_themselves()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, TallySeconds = 1 });
        await bench.ConnectAsync();
        await bench.Outbox.AddAsync(new OutboxEvents { Gaps = [new GapRecord("g", Lane.Telemetry, 1, 1, 1, bench.NowMs, bench.NowMs, 3, "disk quota")] }, CancellationToken.None);
        await bench.PassAsync(60_000);
        Assert.Single((await bench.NextAsync()).Gaps);
        Assert.Empty(bench.Tallies);
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(1_000);
        await bench.PassAsync(60_000);
        await bench.AllAsync(receipts: true);
        await bench.PassAsync(Hour);
        await bench.NothingAsync();
        Assert.Equal(Lane.Telemetry, Assert.Single(bench.Tallies).Key.Lane);
        Assert.Equal(1, bench.Tallies.Values.Single().Revision);
    }

    [Fact]
    public async Task A_hub_that_is_away_gets_one_batch_of_tallies_for_the_whole_outage()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, TallySeconds = 1, MaxBatchSamples = 4 });
        for (int turn = 0; turn < 50; turn++)
        {
            bench.Outbox.Add(bench.Sample(turn));
            await bench.PassAsync(Hour / 10);
        }

        Assert.Equal(1, bench.Outbox.Snapshot.Events.Rows);
        await bench.ConnectAsync();
        List<Batch> hub = await bench.AllAsync(receipts: true);
        Assert.Equal(Sums(hub), Sums(bench));
        Assert.Equal(50, bench.Tallies.Values.Sum(tally => tally.Records));
    }

    [Fact]
    public async Task What_a_killed_run_recorded_and_did_not_tell_the_next_run_tells()
    {
        await using OutboxBench bench = new();
        for (int index = 0; index < 5; index++)
        {
            bench.Outbox.Add(bench.Sample(index));
            await bench.PassAsync(250);
        }

        long epoch = bench.Outbox.Epoch;
        await bench.ContinueAfterKillAsync();
        await bench.ConnectAsync();
        await bench.PassAsync(10_000);
        List<Batch> hub = await bench.AllAsync(receipts: true);
        Assert.Equal(Sums(hub), Sums(bench));
        Assert.Equal((epoch, 5), (bench.Tallies.Values.Single().Epoch, bench.Tallies.Values.Single().Records));

        // And once is enough.
        await bench.RestartAsync();
        await bench.ConnectAsync();
        bench.Tallies.Clear();
        await bench.PassAsync(10_000);
        await bench.NothingAsync();
        Assert.Empty(bench.Tallies);
    }

    [Fact]
    public async Task Tallies_whose_batch_is_lost_from_the_store_are_told_again()
    {
        await using OutboxBench bench = new();
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(10_000);
        await bench.PassAsync(1);
        Assert.Equal(1, bench.Outbox.Snapshot.Events.Rows);
        await bench.Outbox.DisposeAsync();
        Execute(bench.Path, "DELETE FROM outbox WHERE lane = 1");
        File.Delete(OutboxBench.NotesOf(bench.Path));
        await bench.RestartAsync();
        await bench.ConnectAsync();
        await bench.PassAsync(10_000);
        await bench.AllAsync(receipts: true);
        Assert.Equal((1, 2), (bench.Tallies.Values.Single().Records, bench.Tallies.Values.Single().Revision));
    }

    [Fact]
    public async Task Damaged_tallies_are_told_again_and_declared_to_nobody()
    {
        await using OutboxBench bench = new();
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(10_000);
        await bench.PassAsync(1);
        await bench.Outbox.DisposeAsync();
        Execute(bench.Path, "UPDATE outbox SET payload = zeroblob(length(payload)) WHERE lane = 1");
        await bench.RestartAsync();
        await bench.ConnectAsync();
        await bench.PassAsync(10_000);
        Assert.All(await bench.AllAsync(receipts: true), batch => Assert.Equal(Lane.Telemetry, batch.Key.Lane));
        Assert.Equal((1, 2), (bench.Tallies.Values.Single().Records, bench.Tallies.Values.Single().Revision));
    }

    [Fact]
    public async Task A_hub_that_refuses_tallies_is_not_answered_with_a_gap_and_keeps_nothing_aside()
    {
        await using OutboxBench bench = new();
        await using (bench.Outbox)
        {
            bench.Outbox.Add(bench.Sample(1));
            System.Threading.Channels.ChannelReader<OutboundBatch> outbound = await bench.Outbox.ConnectAsync(CancellationToken.None);
            await bench.PassAsync(10);
            await bench.ReceiptAsync(await OutboxBench.NextAsync(outbound));
            await bench.PassAsync(10_000);
            Batch tallies = await OutboxBench.NextAsync(outbound);
            Assert.Single(tallies.Tallies);
            await bench.ReceiptAsync(tallies, ReceiptStatus.Refused, "unknown records");
            await bench.PassAsync(600_000);
            Assert.False(outbound.TryRead(out _));
        }

        Assert.Equal(0L, Scalar(bench.Path, "SELECT count(*) FROM aside"));
        Assert.Equal(0L, Scalar(bench.Path, "SELECT count(*) FROM outbox"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_is_stored_grows_is_killed_and_lost_the_hub_can_tell_what_is_missing(int seed)
    {
        Random random = new(seed);
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBatchSamples = 5, Window = 3, TallySeconds = 20 });
        List<Batch> hub = [];
        int recorded = 0;
        for (int turn = 0; turn < 250; turn++)
        {
            for (int sample = random.Next(7); sample > 0; sample--)
            {
                bench.Outbox.Add(bench.Sample(random.NextDouble(), $"p-{random.Next(3)}"));
                recorded++;
            }

            if (random.Next(3) == 0)
            {
                await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition($"o-{turn}") with { TimeMs = bench.NowMs }] }, CancellationToken.None);
                recorded++;
            }

            await bench.PassAsync(300);
            switch (random.Next(12))
            {
                case 0:
                    await bench.ContinueAfterKillAsync();
                    break;
                case 1:
                    await bench.ConnectAsync();
                    break;
                case < 6 when bench.IsConnected:
                    hub.AddRange(await bench.AllAsync(receipts: random.Next(4) > 0));
                    break;
                default:
                    await bench.PassAsync(random.Next(300_000));
                    break;
            }
        }

        await bench.ConnectAsync();
        await bench.PassAsync(20_000);
        hub.AddRange(await bench.AllAsync(receipts: true));
        await bench.PassAsync(20_000);
        hub.AddRange(await bench.AllAsync(receipts: true));
        Assert.Equal(recorded, hub.DistinctBy(batch => batch.Key).Sum(batch => batch.RecordCount));
        Assert.Equal(Sums(hub), Sums(bench));
    }

    private static MeterReading Reading(OutboxBench bench, int value) => new("meter-3", "energy", "kWh", bench.NowMs, value, 10, Quality.Good, true);

    private static SortedDictionary<string, (long Records, ulong Hash)> Sums(OutboxBench bench) => new(
        bench.Tallies.Values.Where(tally => tally.Records > 0).ToDictionary(tally => $"{tally.Epoch} {tally.Lane} {tally.HourMs}", tally => (tally.Records, tally.Hash)),
        StringComparer.Ordinal);

    private static SortedDictionary<string, (long Records, ulong Hash)> Sums(IEnumerable<Batch> batches)
    {
        SortedDictionary<string, (long Records, ulong Hash)> sums = new(StringComparer.Ordinal);
        foreach (Batch batch in batches.DistinctBy(batch => batch.Key))
        {
            foreach (BatchTally tally in BatchTally.Of(batch))
            {
                string key = $"{batch.Key.Epoch} {batch.Key.Lane} {tally.HourMs}";
                (long records, ulong hash) = sums.GetValueOrDefault(key);
                sums[key] = (records + tally.Records, unchecked(hash + tally.Hash));
            }
        }

        return sums;
    }

    private static void Execute(string path, string sql) => Assert.Equal(1L, Scalar(path, $"{sql}; SELECT changes()"));

    private static long Scalar(string path, string sql)
    {
        using SqliteConnection connection = new($"Data Source={path};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
