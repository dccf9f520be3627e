using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Storage;

public class BatchSplitTests
{
    private const int MaxBytes = 4_096;
    private static readonly OutboxSettings Settings = new() { FlushMs = 250, MaxBatchBytes = MaxBytes };

    [Fact]
    public void Parts_hold_the_records_of_all_lists_in_order_under_numbers_without_holes()
    {
        Random random = new(1);
        Batch batch = new()
        {
            Key = default,
            Transitions = [.. Enumerable.Range(0, 170).Select(n => OutboxBench.Transition($"t-{n}-{Text(random)}"))],
            CommandResults = [.. Enumerable.Range(0, 90).Select(n => new CommandResult($"c-{n}", CommandOutcome.Refused, CommandReason.Busy, Text(random), 1, true))],
            Gaps = [new GapRecord("g", Lane.Telemetry, 1, 1, 1, 1, 2, 1, Text(random))],
        };
        List<(Batch Batch, byte[] Payload)> parts = [];
        BatchSplit.Encode(batch, MaxBytes, () => new BatchKey("riverside", 1, Lane.Event, 7 + parts.Count), parts);
        Assert.True(parts.Count > 2, $"{parts.Count} parts");
        Assert.Equal(Enumerable.Range(7, parts.Count).Select(n => (long)n), parts.Select(part => part.Batch.Key.Sequence));
        Assert.All(parts, part => Assert.InRange(part.Payload.Length, 1, MaxBytes));
        List<Batch> read = [.. parts.Select(part => BatchCodec.Decode(part.Payload).Batch!)];
        Assert.Equal(batch.Transitions, read.SelectMany(part => part.Transitions));
        Assert.Equal(batch.CommandResults, read.SelectMany(part => part.CommandResults));
        Assert.Equal(batch.Gaps, read.SelectMany(part => part.Gaps));
    }

    [Fact]
    public void One_record_that_is_too_long_is_its_callers_mistake()
    {
        Random random = new(1);
        Batch batch = new() { Key = default, CommandResults = [new CommandResult("c", CommandOutcome.Refused, CommandReason.Busy, string.Concat(Enumerable.Range(0, 200).Select(_ => Text(random))), 1, true)] };
        ArgumentException refused = Assert.Throws<ArgumentException>(() => BatchSplit.Encode(batch, MaxBytes, () => new BatchKey("riverside", 1, Lane.Event, 1), []));
        Assert.Contains("more than the 4096 that the uplink carries", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_that_gather_while_the_hub_is_away_are_several_rows_within_the_bound_and_all_there()
    {
        await using OutboxBench bench = new(Settings);
        Random random = new(2);
        for (int round = 0; round < 10; round++)
        {
            for (int index = 0; index < 100; index++)
            {
                bench.Outbox.Add(bench.Sample(random.NextDouble(), $"point-{Text(random)}"));
            }

            await bench.PassAsync(bench.Settings.FlushMs);
        }

        await bench.ConnectAsync();
        List<Batch> all = await bench.AllAsync(receipts: true);
        Assert.Equal(1_000, all.Sum(batch => batch.Samples.Length));
        Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (long)n), all.Select(batch => batch.Key.Sequence).Order());
        Assert.All(all, batch => Assert.InRange(BatchCodec.Encode(batch).Length, 1, MaxBytes));
        Assert.Equal(0, bench.Outbox.Snapshot.DroppedRecords);
    }

    [Fact]
    public async Task Readings_and_events_of_one_call_are_split_and_all_there()
    {
        await using OutboxBench bench = new(Settings);
        Random random = new(3);
        MeterReading[] readings = [.. Enumerable.Range(0, 300).Select(n => new MeterReading($"m-{n}-{Text(random)}", "energy", "kWh", 1, n, 6, Quality.Good, true))];
        await bench.Outbox.AddAsync(readings, CancellationToken.None);
        await bench.ConnectAsync();
        List<Batch> all = await bench.AllAsync(receipts: true);
        Assert.True(all.Count > 3, $"{all.Count} batches");
        Assert.Equal(readings, all.OrderBy(batch => batch.Key.Sequence).SelectMany(batch => batch.Readings));
    }

    /// <summary>Text that no compression makes short.</summary>
    private static string Text(Random random)
    {
        byte[] bytes = new byte[36];
        random.NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }
}
