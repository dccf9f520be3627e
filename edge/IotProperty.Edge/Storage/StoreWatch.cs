using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Points;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Hosting;

namespace IotProperty.Edge.Storage;

/// <summary>Tells the alarm rules every second how the store fares, and the hub when that changes and now and then.</summary>
public sealed class StoreWatch(Func<StoreCondition> condition, IPointSink alarms, IOutbox outbox, EdgeClock clock) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Every, clock.Time);
        StoreCondition? told = null;
        long toldMs = 0;
        long losses = 0;
        do
        {
            Moment now = clock.Now();
            StoreCondition present = condition();
            alarms.OnSamples([new PointSample(StoreAlarm.Point, now, (double)present, Quality.Good)]);
            if (present != told || outbox.TelemetryLosses != losses || now.MonotonicMs - toldMs >= StoreAlarm.EverySeconds * 1_000)
            {
                (told, toldMs, losses) = (present, now.MonotonicMs, outbox.TelemetryLosses);
                outbox.Add(new Sample(StoreAlarm.Point, now.UtcMs, (double)present, Quality.Good, now.ClockTrusted));
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
