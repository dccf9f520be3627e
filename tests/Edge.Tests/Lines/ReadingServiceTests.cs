using IotProperty.Edge.Lines;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Lines;

public class ReadingServiceTests
{
    [Fact]
    public async Task Readings_that_come_together_are_stored_together_and_none_is_left_at_the_end()
    {
        RecordingOutbox outbox = new();
        using ReadingService service = new(outbox, new FakeTime(), NullLogger<ReadingService>.Instance);
        for (int i = 0; i < 600; i++)
        {
            service.OnReading(Reading(i));
        }

        await service.StartAsync(CancellationToken.None);
        service.Complete();
        await service.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal([500, 100], outbox.Readings.Select(batch => batch.Count));
        Assert.Equal(Enumerable.Range(0, 600).Select(i => (decimal)i), outbox.Readings.SelectMany(batch => batch).Select(r => r.Value));
        Assert.Equal((600, 0), (service.Stored, service.Dropped));
    }

    [Fact]
    public async Task Full_disk_is_waited_for()
    {
        RecordingOutbox outbox = new();
        outbox.FailNext(2);
        FakeTime time = new();
        using ReadingService service = new(outbox, time, NullLogger<ReadingService>.Instance);
        service.OnReading(Reading(1));
        await service.StartAsync(CancellationToken.None);
        foreach (int pauseMs in new[] { 100, 200 })
        {
            await time.TimersAsync(1).WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Empty(outbox.Readings);
            time.Advance(pauseMs);
        }

        service.Complete();
        await service.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(1, service.Stored);
    }

    [Fact]
    public async Task Store_that_stands_still_for_too_long_costs_readings_and_says_so()
    {
        RecordingOutbox outbox = new();
        outbox.FailNext(int.MaxValue);
        using ReadingService service = new(outbox, new FakeTime(), NullLogger<ReadingService>.Instance);
        for (int i = 0; i < 20_005; i++)
        {
            service.OnReading(Reading(i));
        }

        Assert.Equal(5, service.Dropped);
        await service.StopAsync(CancellationToken.None);
    }

    private static MeterReading Reading(int value) => new("m", "energy", "kWh", value, value, 8, Quality.Good, true);
}
