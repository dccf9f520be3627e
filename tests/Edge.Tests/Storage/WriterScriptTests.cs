using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Storage;

public sealed class WriterScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-writer-").FullName;

    [Fact]
    public void Through_steps_of_the_clock_kills_and_outages_every_record_comes_once_with_the_time_it_should_have_and_the_tallies_say_so()
    {
        int kills = 0;
        int steps = 0;
        int corrected = 0;
        for (int seed = 1; seed <= 12; seed++)
        {
            using WriterScript script = new(seed);
            script.Play(150);
            script.Check();
            kills += script.Kills;
            steps += script.Steps;
            corrected += script.Corrected;
        }

        // The seeds do what they are here for.
        Assert.True(kills > 30 && steps > 30 && corrected > 30, $"{kills} kills, {steps} steps, {corrected} corrected batches");
    }

    [Fact]
    public void A_correction_that_was_killed_half_way_is_finished_by_the_next_run_once_for_each_batch()
    {
        FakeTime time = new();
        OutboxSettings settings = new() { MaxBatchSamples = 6, CorrectedRecordsAtOnce = 6 };
        EdgeClock clock = new(time, () => false);
        SampleBuffer samples = new(1_000);
        long startMs = clock.Now().UtcMs;
        using (OutboxWriter killed = Open(settings, clock, samples))
        {
            for (int value = 0; value < 30; value++)
            {
                samples.Add(new Sample(new PointRef("pump-1", "pressure"), clock.Now().UtcMs, value, Quality.Good, false), clock.Now().MonotonicMs);
                if (value % 6 == 5)
                {
                    killed.Work([], last: false);
                }
            }

            Assert.Equal(5, killed.Snapshot.Telemetry.Rows);
            time.StepWallClock(TimeSpan.FromDays(1));
            Assert.True(clock.Look().Step!.Corrects);
            killed.Work([], last: false);
            killed.Work([], last: false);
            Assert.Equal(2, killed.Snapshot.Corrected);
        }

        SampleBuffer none = new(1_000);
        using OutboxWriter next = Open(settings, new EdgeClock(time, () => true), none);
        Channel<OutboundBatch> outbound = Channel.CreateUnbounded<OutboundBatch>();
        next.Work([new StoreRequest.Connect(outbound)], last: false);
        next.Complete([]);
        List<Batch> hub = [];
        while (outbound.Reader.TryRead(out OutboundBatch published))
        {
            hub.Add(BatchCodec.Decode(published.Payload.Span).Batch!);
        }

        Assert.Equal(3, next.Snapshot.Corrected);
        Batch[] telemetry = [.. hub.Where(batch => !batch.Samples.IsEmpty)];
        Assert.All(telemetry, batch => Assert.Equal(86_400_000, batch.ClockCorrectionMs));
        Assert.Equal(
            Enumerable.Range(0, 30).Select(value => ((double)value, startMs + 86_400_000)),
            telemetry.SelectMany(batch => batch.Samples).Select(sample => (sample.Value, sample.TimeMs)).Order());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private OutboxWriter Open(OutboxSettings settings, EdgeClock clock, SampleBuffer samples) =>
        new(Path.Combine(_folder, "outbox.db"), OutboxBench.Site, settings, clock, samples, () => "id", NullLogger.Instance, StoreSeams.None);
}
