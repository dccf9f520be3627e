using FsCheck;
using FsCheck.Fluent;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>What every telemetry store must do. Each implementation runs all of it.</summary>
public abstract class TelemetryStoreConformance : IAsyncLifetime
{
    protected const string Site = "riverside";
    protected static readonly PointRef Pressure = new("pump-1", "pressure");
    protected static readonly PointRef Speed = new("lift-1", "speed");

    private ITelemetryStore? _store;

    protected ITelemetryStore Store => _store ?? throw new InvalidOperationException("not opened yet");

    public async Task InitializeAsync() => _store = await OpenAsync();

    public virtual async Task DisposeAsync() => await CloseAsync(Store);

    /// <summary>Opens the store, empty at first, later with what it holds.</summary>
    protected abstract Task<ITelemetryStore> OpenAsync();

    /// <summary>Ends the open store in order.</summary>
    protected abstract Task CloseAsync(ITelemetryStore store);

    /// <summary>Opens a second store on what a power cut would have left of the open one.</summary>
    protected abstract Task<ITelemetryStore> OpenAfterKillAsync();

    /// <summary>
    /// Whether different samples of one point in the very same millisecond, in batches of their own, keep their order of arrival, and exact repeats stay two.
    /// Within a batch every store keeps both.
    /// </summary>
    protected virtual bool KeepsRepeatsAcrossBatches => true;

    /// <summary>Whether a value that was read back is what was committed. All bits, unless the store's README says otherwise.</summary>
    protected virtual bool IsKept(double committed, double read) => BitConverter.DoubleToInt64Bits(committed) == BitConverter.DoubleToInt64Bits(read);

    [ConformanceFact]
    public async Task A_committed_batch_can_be_read_and_a_repeat_changes_nothing()
    {
        Batch batch = Batch(1, S(Pressure, 1000, 0.6), S(Pressure, 1500, 0.61), S(Speed, 1200, 1.75));
        Assert.Equal(CommitOutcome.Committed, await CommitAsync(batch));
        Assert.Equal(CommitOutcome.Duplicate, await CommitAsync(batch));
        Assert.Equal([(1000L, 0.6), (1500L, 0.61)], await RangeAsync(Pressure, 0, 9999));
        Assert.Equal(3, await Store.CountAsync(Site, default));
    }

    [ConformanceFact]
    public async Task Other_content_under_a_known_key_is_a_collision_and_changes_nothing()
    {
        await CommitAsync(Batch(1, S(Pressure, 1000, 0.6)));
        Assert.Equal(CommitOutcome.KeyCollision, await CommitAsync(Batch(1, S(Pressure, 1000, 0.7)), hash: 99));
        Assert.Equal([(1000L, 0.6)], await RangeAsync(Pressure, 0, 9999));
        Assert.Equal([new BatchSpan(7, Lane.Telemetry, 1, 1, 1)], await Store.BatchesAsync(Site, default));
    }

    [ConformanceFact]
    public async Task Keys_of_other_sites_and_boots_are_other_keys()
    {
        await CommitAsync(Batch(1, S(Pressure, 1000, 1)));
        Assert.Equal(CommitOutcome.Committed, await CommitAsync(Batch(1, epoch: 8, samples: S(Pressure, 1000, 2)), hash: 2));
        Assert.Equal(CommitOutcome.Committed, await CommitAsync(Batch(1, site: "hillside", samples: S(Pressure, 1000, 3)), hash: 3));
        IReadOnlyList<(long, double)> read = await RangeAsync(Pressure, 0, 9999);
        Assert.Equal([(1000L, 1.0), (1000L, 2.0)], KeepsRepeatsAcrossBatches ? read : read.Order());
        Assert.Equal(1, await Store.CountAsync("hillside", default));
    }

    [ConformanceFact]
    public async Task Quality_trust_and_every_bit_of_a_value_come_back()
    {
        double nan = BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0001);
        Sample[] samples =
        [
            new(Pressure, 1, nan, Quality.CommFail, false),
            new(Pressure, 2, -0.0, Quality.Stale, true),
            new(Pressure, 3, double.PositiveInfinity, Quality.OutOfRange, true),
            new(Pressure, 4, 0.1 + 0.2, Quality.Good, true),
        ];
        await CommitAsync(Batch(1, samples));
        IReadOnlyList<StoredSample> read = await Store.RangeAsync(Site, Pressure, 0, 10, 10, default);
        Assert.Equal(samples.Select(s => (s.TimeMs, s.Quality, s.ClockTrusted)), read.Select(s => (s.TimeMs, s.Quality, s.ClockTrusted)));
        Assert.All(samples.Zip(read), pair => Assert.True(IsKept(pair.First.Value, pair.Second.Value), $"{pair.First.Value:R} became {pair.Second.Value:R}"));
    }

    [ConformanceFact]
    public async Task A_range_is_half_open_oldest_first_and_bounded()
    {
        await CommitAsync(Batch(1, [.. Enumerable.Range(1, 100).Select(i => S(Pressure, i * 10, i))]));
        Assert.Equal([(100L, 10.0), (110L, 11.0)], await RangeAsync(Pressure, 100, 120));
        Assert.Equal([(100L, 10.0), (110L, 11.0), (120L, 12.0)], await RangeAsync(Pressure, 95, 9999, limit: 3));
        Assert.Empty(await RangeAsync(Pressure, 1001, 9999));
        Assert.Empty(await RangeAsync(Pressure, 100, 100));
        Assert.Empty(await RangeAsync(Pressure, 0, 9999, limit: 0));
        Assert.Equal(100, (await RangeAsync(Pressure, long.MinValue, long.MaxValue)).Count);
    }

    [ConformanceFact]
    public async Task Batches_that_overtake_each_other_are_read_in_order_of_time()
    {
        await CommitAsync(Batch(3, S(Pressure, 3000, 3), S(Pressure, 3500, 3.5)));
        await CommitAsync(Batch(1, S(Pressure, 1000, 1), S(Pressure, 3200, 1.5)));
        await CommitAsync(Batch(2, S(Pressure, 2000, 2)));
        Assert.Equal([1000L, 2000, 3000, 3200, 3500], (await RangeAsync(Pressure, 0, 9999)).Select(s => s.TimeMs));
        Assert.Equal([1000L, 2000], (await RangeAsync(Pressure, 0, 9999, limit: 2)).Select(s => s.TimeMs));
    }

    [ConformanceFact]
    public async Task Repeated_times_keep_their_order_of_arrival()
    {
        await CommitAsync(Batch(1, S(Pressure, 1000, 1), S(Pressure, 1000, 2)));
        await CommitAsync(Batch(2, S(Pressure, 900, 0), S(Pressure, 1000, 3)));
        await CommitAsync(Batch(3, S(Pressure, 1000, 4)));
        IEnumerable<double> values = (await RangeAsync(Pressure, 0, 9999)).Select(s => s.Value);
        if (!KeepsRepeatsAcrossBatches)
        {
            Assert.Equal([0.0, 1, 2, 3, 4], values.Order());
            Assert.Equal(1000, Assert.Single(await Store.LatestAsync(Site, default)).Sample.TimeMs);
            return;
        }

        Assert.Equal([0.0, 1, 2, 3, 4], values);
        Assert.Equal(4, Assert.Single(await Store.LatestAsync(Site, default)).Sample.Value);
    }

    [ConformanceFact]
    public async Task The_latest_sample_is_so_by_event_time()
    {
        await CommitAsync(Batch(2, S(Pressure, 5000, 0.5), S(Speed, 100, 1)));
        await CommitAsync(Batch(1, S(Pressure, 4000, 0.4)));
        IReadOnlyList<LatestSample> latest = await Store.LatestAsync(Site, default);
        Assert.Equal([(Speed, 100L, 1.0), (Pressure, 5000L, 0.5)], latest.OrderBy(l => l.Point.Device).Select(l => (l.Point, l.Sample.TimeMs, l.Sample.Value)));
        Assert.All(latest, l => Assert.Equal(Site, l.Site));
    }

    [ConformanceFact]
    public async Task What_is_not_there_is_empty()
    {
        Assert.Empty(await Store.LatestAsync("nowhere", default));
        Assert.Empty(await Store.RangeAsync("nowhere", Pressure, 0, 10, 10, default));
        Assert.Empty(await Store.BatchesAsync("nowhere", default));
        Assert.Equal(0, await Store.CountAsync("nowhere", default));
        await CommitAsync(Batch(1, S(Pressure, 1, 1)));
        Assert.Empty(await RangeAsync(Speed, 0, 10));
    }

    [ConformanceFact]
    public async Task Batches_are_counted_by_boot_and_missing_ones_show()
    {
        foreach (long sequence in new long[] { 5, 2, 3 })
        {
            await CommitAsync(Batch(sequence, S(Pressure, sequence, 1)), hash: (byte)sequence);
        }

        await CommitAsync(Batch(1, epoch: 8, samples: S(Pressure, 1, 1)));
        Assert.Equal(
            [new BatchSpan(7, Lane.Telemetry, 3, 2, 5), new BatchSpan(8, Lane.Telemetry, 1, 1, 1)],
            (await Store.BatchesAsync(Site, default)).OrderBy(span => span.Epoch));
    }

    [ConformanceFact]
    public async Task A_batch_of_another_lane_is_misuse() =>
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await CommitAsync(new Batch { Key = new(Site, 7, Lane.Event, 1), Samples = [S(Pressure, 1, 1)] }));

    [ConformanceFact]
    public async Task What_was_committed_survives_a_kill_and_keys_are_still_known()
    {
        Batch first = Batch(1, S(Pressure, 1000, 1), S(Speed, 1000, 2));
        await CommitAsync(first);
        await CommitAsync(Batch(2, S(Pressure, 500, 3)));
        ITelemetryStore after = await OpenAfterKillAsync();
        try
        {
            Assert.Equal([(500L, 3.0), (1000L, 1.0)], Told(await after.RangeAsync(Site, Pressure, 0, 9999, 10, default)));
            Assert.Equal(3, await after.CountAsync(Site, default));
            Assert.Equal(1000, (await after.LatestAsync(Site, default)).Single(l => l.Point == Pressure).Sample.TimeMs);
            Assert.Equal(CommitOutcome.Duplicate, await after.CommitAsync(first, Hash(1), default));
            Assert.Equal(CommitOutcome.Committed, await after.CommitAsync(Batch(3, S(Pressure, 2000, 4)), Hash(1), default));
            Assert.Equal(4, await after.CountAsync(Site, default));
        }
        finally
        {
            await CloseAsync(after);
        }
    }

    [ConformanceFact]
    public async Task Callers_on_many_tasks_each_get_their_own_answer()
    {
        Task<CommitOutcome>[] commits =
        [
            .. Enumerable.Range(0, 200).Select(i => Task.Run(async () => await CommitAsync(Batch((i / 2) + 1, S(Pressure, (i / 2) + 1, i / 2), S(Speed, (i / 2) + 1, 1))))),
        ];
        CommitOutcome[] outcomes = await Task.WhenAll(commits);
        Assert.Equal(100, outcomes.Count(outcome => outcome == CommitOutcome.Committed));
        Assert.Equal(100, outcomes.Count(outcome => outcome == CommitOutcome.Duplicate));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (i + 1L, (double)i)), await RangeAsync(Pressure, 0, 9999));
        Assert.Equal(200, await Store.CountAsync(Site, default));
    }

    [ConformanceFact]
    public async Task Readers_beside_the_writer_see_each_sample_once()
    {
        Task writing = Task.Run(async () =>
        {
            for (int i = 1; i <= 300; i++)
            {
                await CommitAsync(Batch(i, S(Pressure, i, i)));
            }
        });
        int seen = 0;
        while (seen < 300)
        {
            Assert.False(writing.IsFaulted, writing.Exception?.Message);
            IReadOnlyList<(long TimeMs, double)> read = await RangeAsync(Pressure, 0, 9999);
            Assert.Equal(Enumerable.Range(1, read.Count).Select(i => (long)i), read.Select(s => s.TimeMs));
            Assert.InRange(read.Count, seen, 300);
            seen = read.Count;
        }

        await writing;
    }

    [ConformanceFact]
    public void Any_history_reads_like_a_list()
    {
        Gen<Sample> samples =
            from device in Gen.Elements("lift-1", "pump-1")
            from time in Gen.OneOf(Gen.Choose(1, 40).Select(n => (long)n), Gen.Choose(1, 40).Select(n => n * 40_000_000L))
            from value in Gen.Choose(0, 1000)
            select new Sample(new(device, "x"), time, value / 10.0, Quality.Good, true);
        Gen<(Sample[][] Batches, long From, long To, int Limit)> histories =
            from batches in samples.NonEmptyListOf().Select(list => list.ToArray()).ArrayOf()
            from fromMs in Gen.OneOf(Gen.Choose(0, 40).Select(n => (long)n), Gen.Choose(0, 40).Select(n => n * 40_000_000L))
            from length in Gen.OneOf(Gen.Choose(0, 40).Select(n => (long)n), Gen.Choose(0, 40).Select(n => n * 40_000_000L))
            from limit in Gen.Choose(1, 30)
            select (batches, fromMs, fromMs + length, limit);
        int run = 0;
        Check.One(PropertyRun.Config.WithMaxTest(25), Prop.ForAll(histories.ToArbitrary(), history =>
        {
            string site = $"site-{++run}";
            List<Sample> model = [];
            foreach ((Sample[] made, int index) in history.Batches.Select((batch, index) => (batch, index)))
            {
                Sample[] batch = KeepsRepeatsAcrossBatches ? made : [.. made.Where(s => !model.Any(m => m.Point == s.Point && m.TimeMs == s.TimeMs))];
                if (batch.Length == 0)
                {
                    continue;
                }

                model.AddRange(batch);
                CommitAsync(Batch(index + 1, batch, site: site)).GetAwaiter().GetResult();
            }

            return model.Select(s => s.Point).Distinct().All(point =>
            {
                Sample[] ofPoint = [.. model.Where(s => s.Point == point)];
                IEnumerable<(long, double)> expected = ofPoint.Where(s => s.TimeMs >= history.From && s.TimeMs < history.To)
                    .OrderBy(s => s.TimeMs).Take(history.Limit).Select(s => (s.TimeMs, s.Value));
                IReadOnlyList<(long, double)> read = Told(Store.RangeAsync(site, point, history.From, history.To, history.Limit, default).AsTask().GetAwaiter().GetResult());
                StoredSample latest = Store.LatestAsync(site, default).AsTask().GetAwaiter().GetResult().Single(l => l.Point == point).Sample;
                return expected.SequenceEqual(read) && latest.Value == ofPoint.OrderBy(s => s.TimeMs).Last().Value;
            });
        }));
    }

    [Fact]
    public async Task Every_batch_adds_to_the_tallies_of_its_hours_once()
    {
        const long Hour = HourTally.HourLengthMs;
        Batch first = Batch(1, S(Pressure, Hour - 1, 1), S(Pressure, Hour, 2), S(Speed, Hour + 1, double.NaN));
        Batch third = Batch(3, S(Pressure, Hour + 2, 3));
        await CommitAsync(first);
        await CommitAsync(third);
        Assert.Equal(CommitOutcome.Duplicate, await CommitAsync(first));
        Assert.Equal(CommitOutcome.KeyCollision, await CommitAsync(Batch(3, S(Pressure, Hour + 5, 9)), hash: 9));
        BatchTally[] sums = [.. BatchTally.Of(first)];
        ReceivedTallies tallies = await Store.TalliesAsync(Site, 0, 2 * Hour, default);
        Assert.Equal(0, tallies.KnownFromMs);
        Assert.Equal(
            [
                new ReceivedTally(7, Lane.Telemetry, 0, 1, sums[0].Hash),
                new ReceivedTally(7, Lane.Telemetry, Hour, 3, unchecked(sums[1].Hash + BatchTally.Of(third)[0].Hash)),
            ],
            tallies.Hours);
        Assert.Equal(Hour, Assert.Single((await Store.TalliesAsync(Site, Hour, Hour + 1, default)).Hours).HourMs);
        Assert.Empty((await Store.TalliesAsync("hillside", 0, 2 * Hour, default)).Hours);
    }

    [Fact]
    public async Task Tallies_hold_the_sum_of_very_many_batches()
    {
        ulong hash = 0;
        for (int sequence = 1; sequence <= 200; sequence++)
        {
            Batch batch = Batch(sequence, S(Pressure, sequence, sequence * 0.1));
            hash = unchecked(hash + BatchTally.Of(batch)[0].Hash);
            await CommitAsync(batch);
        }

        Assert.Equal(new ReceivedTally(7, Lane.Telemetry, 0, 200, hash), Assert.Single((await Store.TalliesAsync(Site, 0, 1, default)).Hours));
    }

    [Fact]
    public async Task What_is_missing_of_a_span_is_told()
    {
        await CommitAsync(Batch(1, S(Pressure, 1, 1)));
        await CommitAsync(Batch(4, S(Pressure, 4, 4)));
        await CommitAsync(Batch(2, epoch: 8, samples: S(Pressure, 4, 4)), hash: 3);
        Assert.Equal([new SequenceRange(2, 3), new SequenceRange(5, 6)], await Store.MissingAsync(Site, 7, new SequenceRange(1, 6), default));
        Assert.Empty(await Store.MissingAsync(Site, 7, new SequenceRange(4, 4), default));
        Assert.Equal([new SequenceRange(1, 9)], await Store.MissingAsync("hillside", 7, new SequenceRange(1, 9), default));
    }

    [Fact]
    public async Task A_time_that_the_edge_corrected_says_so()
    {
        Sample early = new(Pressure, 1000, 1, Quality.Good, false);
        Sample later = new(Pressure, 2000, 2, Quality.Good, true);
        await CommitAsync(Batch(1, early, later) with { ClockCorrectionMs = -500 });
        await CommitAsync(Batch(2, early with { TimeMs = 3000 }), hash: 2);
        Assert.Equal(
            [(false, true), (true, false), (false, false)],
            (await Store.RangeAsync(Site, Pressure, 0, 9999, 10, default)).Select(s => (s.ClockTrusted, s.ClockCorrected)));
    }

    protected static Sample S(PointRef point, long timeMs, double value) => new(point, timeMs, value, Quality.Good, true);

    protected static byte[] Hash(byte of) => [.. Enumerable.Repeat(of, 16)];

    protected static Batch Batch(long sequence, params Sample[] samples) => Batch(sequence, samples, Site);

    protected static Batch Batch(long sequence, Sample samples, string site = Site, long epoch = 7) => Batch(sequence, [samples], site, epoch);

    protected async Task<CommitOutcome> CommitAsync(Batch batch, byte hash = 1) => await Store.CommitAsync(batch, Hash(hash), default);

    protected async Task<IReadOnlyList<(long TimeMs, double Value)>> RangeAsync(PointRef point, long fromMs, long toMs, int limit = 10_000) =>
        Told(await Store.RangeAsync(Site, point, fromMs, toMs, limit, default));

    private static Batch Batch(long sequence, Sample[] samples, string site, long epoch = 7) =>
        new() { Key = new(site, epoch, Lane.Telemetry, sequence), Samples = [.. samples] };

    private static IReadOnlyList<(long TimeMs, double Value)> Told(IReadOnlyList<StoredSample> samples) => [.. samples.Select(s => (s.TimeMs, s.Value))];
}
