using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>What the quota takes is declared, and the declaration outlives whatever else the quota takes.</summary>
public class OutboxGapTests
{
    private readonly Random _random = new(12);
    private int _samples;

    [Fact]
    public async Task Declarations_alone_fill_the_quota_and_none_is_dropped_for_another()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxRows = 40, Window = 256 });
        for (int number = 0; number < 60; number++)
        {
            await bench.Outbox.AddAsync(new OutboxEvents { Gaps = [Gap(bench, $"g-{number}", "disk quota")] }, CancellationToken.None);
        }

        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(1_000);
        StoreHub hub = new();
        await hub.DrainAsync(bench.Outbox, bench.Time);
        Assert.Equal(Enumerable.Range(0, 60).Select(number => $"g-{number}").Order(), hub.Gaps.Where(gap => gap.Epoch == 1).Select(gap => gap.Id).Order());
        Assert.Equal((Lane.Telemetry, 1L, 1), Assert.Single(hub.Gaps.Where(gap => gap.Epoch != 1).Select(gap => (gap.Lane, gap.FirstSequence, gap.Records))));
    }

    [Fact]
    public async Task A_declaration_larger_than_what_one_drop_frees_costs_what_it_needs_and_stays()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBytes = OutboxSettings.MinMaxBytes, MaxBatchSamples = 200, Window = 256 });
        await FillAsync(bench, rounds: 700);
        GapRecord[] large = [.. Enumerable.Range(0, 900).Select(number => Gap(bench, $"g-{number}", Convert.ToHexString(Bytes(60))))];
        await bench.Outbox.AddAsync(new OutboxEvents { Gaps = large }, CancellationToken.None);
        await FillAsync(bench, rounds: 100);
        Assert.True(Size(bench) <= OutboxSettings.MinMaxBytes, $"{Size(bench)} bytes");
        StoreHub hub = new();
        await hub.DrainAsync(bench.Outbox, bench.Time);
        Assert.Empty(large.Except(hub.Gaps));
        AssertAccounted(hub, [.. hub.Gaps.Except(large)]);
    }

    [Fact]
    public async Task An_outage_that_overflows_the_quota_again_and_again_leaves_one_declaration()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBytes = OutboxSettings.MinMaxBytes, MaxBatchSamples = 200, Window = 256 });
        await FillAsync(bench, rounds: 3_000);
        Assert.InRange(bench.Outbox.Snapshot.Events.Rows, 1, 2); // the declaration and the tallies
        StoreHub hub = new();
        await hub.DrainAsync(bench.Outbox, bench.Time);
        GapRecord gap = Assert.Single(hub.Gaps);
        Assert.Equal((Lane.Telemetry, 1L, "disk quota"), (gap.Lane, gap.FirstSequence, gap.Reason));
        AssertAccounted(hub, hub.Gaps);
    }

    [Fact]
    public async Task Declarations_of_many_runs_without_a_hub_are_gathered_and_all_of_them_arrive()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBytes = OutboxSettings.MinMaxBytes, MaxBatchSamples = 200, Window = 256 });
        await FillAsync(bench, rounds: 700);
        int most = 0;
        for (int run = 0; run < 80; run++)
        {
            await bench.RestartAsync();
            await FillAsync(bench, rounds: 30);
            most = Math.Max(most, bench.Outbox.Snapshot.Events.Rows);
        }

        // As many as are left alone, and one of tallies.
        Assert.InRange(most, 20, 34);
        StoreHub hub = new();
        await hub.DrainAsync(bench.Outbox, bench.Time);
        AssertAccounted(hub, hub.Gaps);
        Assert.All(hub.Gaps.Where(gap => gap.Lane == Lane.Event), gap => Assert.Equal("its gap records are told again in another batch", gap.Reason));
    }

    [Fact]
    public async Task What_was_declared_survives_a_kill_in_the_middle_of_its_growing()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBytes = OutboxSettings.MinMaxBytes, MaxBatchSamples = 200, Window = 256 });
        for (int kill = 0; kill < 10; kill++)
        {
            await FillAsync(bench, rounds: 200);
            await bench.ContinueAfterKillAsync();
        }

        StoreHub hub = new();
        await hub.DrainAsync(bench.Outbox, bench.Time);
        AssertAccounted(hub, hub.Gaps);
    }

    /// <summary>A second of telemetry that does not shrink, each round.</summary>
    private async Task FillAsync(OutboxBench bench, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int index = 0; index < 200; index++)
            {
                bench.Outbox.Add(bench.Sample(BitConverter.Int64BitsToDouble(_random.NextInt64()), $"p-{index % 5}"));
                _samples++;
            }

            await bench.PassAsync(250);
        }
    }

    /// <summary>Every sample was served or is declared, none is both, and no telemetry batch is missing without a word.</summary>
    private void AssertAccounted(StoreHub hub, IReadOnlyCollection<GapRecord> gaps)
    {
        Batch[] served = [.. hub.Served.Values.Select(payload => BatchCodec.Decode(payload).Batch!)];
        Assert.Equal(_samples, served.Sum(batch => batch.Samples.Length) + gaps.Where(gap => gap.Lane == Lane.Telemetry).Sum(gap => gap.Records));
        HashSet<BatchNumber> declared = [];
        foreach (GapRecord gap in gaps)
        {
            for (long sequence = gap.FirstSequence; sequence <= gap.LastSequence; sequence++)
            {
                Assert.True(declared.Add(new BatchNumber(gap.Epoch, gap.Lane, sequence)), $"{gap} declares {sequence} twice");
            }
        }

        Assert.Empty(declared.Intersect(hub.Served.Keys));
        foreach (IGrouping<long, BatchNumber> epoch in declared.Concat(hub.Served.Keys).Where(number => number.Lane == Lane.Telemetry).GroupBy(number => number.Epoch))
        {
            Assert.Equal(epoch.Max(number => number.Sequence), epoch.Count());
        }
    }

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private static GapRecord Gap(OutboxBench bench, string id, string reason) => new(id, Lane.Telemetry, 1, 1, 1, bench.NowMs, bench.NowMs, 3, reason);

    private static long Size(OutboxBench bench) =>
        bench.Outbox.Snapshot.Events.Bytes + bench.Outbox.Snapshot.Readings.Bytes + bench.Outbox.Snapshot.Telemetry.Bytes;
}
