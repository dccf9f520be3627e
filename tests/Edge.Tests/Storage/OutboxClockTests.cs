using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Storage;

public class OutboxClockTests
{
    private const long DayMs = 86_400_000;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public async Task What_was_recorded_before_the_clock_was_set_is_corrected_in_all_lanes_and_says_so()
    {
        await using OutboxBench bench = new(isSynchronised: false);
        long startMs = bench.NowMs;
        bench.Outbox.Add(bench.Sample(1));
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1") with { TimeMs = startMs, ClockTrusted = false }] }, CancellationToken.None);
        await bench.Outbox.AddAsync([new MeterReading("meter-3", "energy", "kWh", startMs, 7m, 10, Quality.Good, false)], CancellationToken.None);
        await bench.PassAsync(1_000);
        bench.Outbox.Add(bench.Sample(2)); // still in memory when the clock is set
        await bench.StepAsync(Day, isSynchronised: true);
        bench.Outbox.Add(bench.Sample(3));
        await bench.PassAsync(1_000);

        await bench.ConnectAsync();
        List<Batch> hub = await bench.AllAsync(receipts: true);
        ClockStep step = Assert.Single(hub.SelectMany(batch => batch.ClockSteps));
        Assert.Equal((startMs + 1_000 + DayMs, DayMs, 1_000L, true), (step.TimeMs, step.StepMs, step.UptimeMs, step.ClockTrusted));
        Assert.Equal(
            [(1.0, startMs + DayMs, false, DayMs), (2.0, startMs + 1_000 + DayMs, false, DayMs), (3.0, startMs + 1_000 + DayMs, true, 0L)],
            hub.SelectMany(batch => batch.Samples.Select(sample => (sample.Value, sample.TimeMs, sample.ClockTrusted, batch.ClockCorrectionMs))).Order());
        Batch transition = Assert.Single(hub, batch => !batch.Transitions.IsEmpty);
        Assert.Equal((startMs + DayMs, false, DayMs), (transition.Transitions[0].TimeMs, transition.Transitions[0].ClockTrusted, transition.ClockCorrectionMs));
        Batch reading = Assert.Single(hub, batch => !batch.Readings.IsEmpty);
        Assert.Equal((startMs + DayMs, false, DayMs), (reading.Readings[0].TimeMs, reading.Readings[0].ClockTrusted, reading.ClockCorrectionMs));
        Assert.Equal(4, bench.Outbox.Snapshot.Corrected);
    }

    [Fact]
    public async Task What_was_published_is_never_changed()
    {
        await using OutboxBench bench = new(isSynchronised: false);
        await bench.ConnectAsync();
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(10);
        Batch before = await bench.NextAsync();
        await bench.StepAsync(Day, isSynchronised: true);
        Assert.Single((await bench.NextAsync()).ClockSteps);
        await bench.PassAsync(6_000);
        Batch after = (await bench.AllAsync()).First(batch => batch.Key == before.Key);
        Assert.Equal(before.Samples, after.Samples.AsEnumerable());
        Assert.Equal(0, after.ClockCorrectionMs);
        Assert.Equal(0, bench.Outbox.Snapshot.Corrected);
    }

    [Fact]
    public async Task A_step_of_a_trusted_clock_is_recorded_and_corrects_nothing()
    {
        await using OutboxBench bench = new();
        long startMs = bench.NowMs;
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(1_000);
        await bench.StepAsync(-Day, isSynchronised: true);
        await bench.ConnectAsync();
        List<Batch> hub = await bench.AllAsync();
        Assert.Equal((startMs, 0L), (hub.SelectMany(batch => batch.Samples).Single().TimeMs, hub.Sum(batch => batch.ClockCorrectionMs)));
        Assert.Equal(-DayMs, hub.SelectMany(batch => batch.ClockSteps).Single().StepMs);
    }

    [Fact]
    public async Task Corrections_of_several_steps_add_up_in_what_a_batch_says()
    {
        await using OutboxBench bench = new(isSynchronised: false);
        long startMs = bench.NowMs;
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(1_000);
        await bench.StepAsync(Day, isSynchronised: false);
        bench.Outbox.Add(bench.Sample(2));
        await bench.PassAsync(1_000);
        await bench.StepAsync(-3 * Day, isSynchronised: true);
        await bench.ConnectAsync();
        List<Batch> hub = await bench.AllAsync();
        Assert.Equal(
            [(1.0, startMs - (2 * DayMs), -2 * DayMs), (2.0, startMs + 1_000 - (2 * DayMs), -3 * DayMs)],
            hub.SelectMany(batch => batch.Samples.Select(sample => (sample.Value, sample.TimeMs, batch.ClockCorrectionMs))).Order());
        Assert.Equal([DayMs, -3 * DayMs], hub.SelectMany(batch => batch.ClockSteps).Select(step => step.StepMs));
    }

    [Fact]
    public async Task The_tallies_move_with_the_records()
    {
        await using OutboxBench bench = new(isSynchronised: false);
        long startMs = bench.NowMs;
        await bench.ConnectAsync();
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(10_000);
        Batch published = (await bench.AllAsync(receipts: true))[0];
        await bench.Outbox.DisconnectAsync();
        bench.Outbox.Add(bench.Sample(2));
        await bench.PassAsync(1_000);
        await bench.StepAsync(Day, isSynchronised: true);
        await bench.ConnectAsync();
        await bench.PassAsync(300_000);
        List<Batch> hub = [published, .. await bench.AllAsync(receipts: true)];
        Assert.Equal(
            [(startMs, 1L), (startMs + DayMs, 1L)],
            bench.Tallies.Values.Where(tally => tally.Lane == Lane.Telemetry).Select(tally => (tally.HourMs, tally.Records)).Order());
        Assert.All(bench.Tallies.Values, tally => Assert.Equal(
            tally.Hash,
            hub.DistinctBy(batch => batch.Key).Where(batch => batch.Key.Lane == tally.Lane).SelectMany(BatchTally.Of)
                .Where(of => of.HourMs == tally.HourMs).Aggregate(0UL, (sum, of) => unchecked(sum + of.Hash))));
    }

    [Fact]
    public async Task A_days_backlog_is_corrected_some_rows_at_a_time_and_no_event_waits_for_it()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBatchSamples = 1_000 }, isSynchronised: false);
        long startMs = bench.NowMs;
        for (int index = 0; index < 40_000; index++)
        {
            bench.Outbox.Add(bench.Sample(index, $"p-{index % 10}"));
            if (index % 10_000 == 9_999)
            {
                await bench.PassAsync(250);
            }
        }

        await bench.StepAsync(Day, isSynchronised: true);
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None);
        Assert.InRange(bench.Outbox.Snapshot.Corrected, 1, 39);
        await bench.ConnectAsync();
        List<Batch> hub = [];
        while (hub.Sum(batch => batch.Samples.Length) < 40_000)
        {
            hub.Add(await bench.NextAsync());
            await bench.ReceiptAsync(hub[^1]);
        }

        Sample[] samples = [.. hub.SelectMany(batch => batch.Samples)];
        Assert.Equal(40_000, samples.Select(sample => sample.Value).Distinct().Count());
        Assert.All(samples, sample => Assert.InRange(sample.TimeMs, startMs + DayMs, startMs + DayMs + 1_000));
        Assert.Equal(40, bench.Outbox.Snapshot.Corrected);
    }

    /// <summary>The hub knows a reading by its register and its millisecond: one that were moved onto another would vanish there.</summary>
    [Theory]
    [InlineData(8_192)]
    [InlineData(1)]
    public async Task Corrected_readings_that_would_fall_on_the_millisecond_of_others_are_told_apart(int correctedAtOnce)
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, CorrectedRecordsAtOnce = correctedAtOnce }, isSynchronised: false);
        long startMs = bench.NowMs;
        for (int value = 0; value < 5; value++)
        {
            // Each waits for its correction in a row of its own; with one at a time the last rows wait while later readings are stored.
            await bench.Outbox.AddAsync([Reading(startMs + value, value, trusted: false)], CancellationToken.None);
        }

        await bench.PassAsync(1_000);
        await bench.StepAsync(Day, isSynchronised: true);
        MeterReading onItsWay = Reading(startMs + 4, 5, trusted: false);
        await bench.Outbox.AddAsync([.. Enumerable.Range(0, 5).Select(value => Reading(startMs + DayMs + value, 10 + value, trusted: true)), onItsWay], CancellationToken.None);
        await bench.ConnectAsync();
        List<Batch> hub = await bench.AllAsync(receipts: true);
        MeterReading[] readings = [.. hub.SelectMany(batch => batch.Readings)];
        Assert.Equal([0m, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14], readings.Select(reading => reading.Value).Order());
        Assert.Equal(readings.Length, readings.Select(reading => reading.TimeMs).Distinct().Count());
        Assert.All(readings, reading => Assert.InRange(reading.TimeMs, startMs + DayMs, startMs + DayMs + readings.Length));
        await bench.PassAsync(300_000);
        hub.AddRange(await bench.AllAsync(receipts: true));
        Assert.Equal(readings.Length, bench.Tallies.Values.Where(tally => tally.Lane == Lane.Reading).Sum(tally => tally.Records));
        Assert.All(bench.Tallies.Values.Where(tally => tally.Records > 0), tally => Assert.Equal(
            tally.Hash,
            hub.Where(batch => batch.Key.Lane == tally.Lane).SelectMany(BatchTally.Of).Where(of => of.HourMs == tally.HourMs).Aggregate(0UL, (sum, of) => unchecked(sum + of.Hash))));
    }

    private static MeterReading Reading(long timeMs, int value, bool trusted) => new("meter-3", "energy", "kWh", timeMs, value, 10, Quality.Good, trusted);
}
