using System.Diagnostics;
using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Lines;

/// <summary>
/// Stands between line tasks and the outbox, so that a slow disk never slows a line. Readings that come together are stored together; a store that cannot
/// be written is tried again for ever, and beyond <see cref="InboxReadings"/> waiting readings further ones are dropped, counted and logged.
/// </summary>
public sealed class ReadingService(IOutbox outbox, TimeProvider time, ILogger<ReadingService> logger) : BackgroundService, IReadingSink
{
    private const int InboxReadings = 20_000;
    private const int ReadingsPerBatch = 500;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly Channel<(MeterReading Reading, ActivityContext Trace)> _inbox =
        Channel.CreateBounded<(MeterReading, ActivityContext)>(new BoundedChannelOptions(InboxReadings) { SingleReader = true });
    private long _stored;
    private long _dropped;
    private int _dropping;

    /// <summary>Readings on disk since the start.</summary>
    public long Stored => Interlocked.Read(ref _stored);

    /// <summary>Readings lost because the store stood still for too long.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <inheritdoc/>
    public void OnReading(MeterReading reading)
    {
        if (_inbox.Writer.TryWrite((reading, EdgeTraces.Source.Here())))
        {
            return;
        }

        Interlocked.Increment(ref _dropped);
        if (Interlocked.Exchange(ref _dropping, 1) == 0)
        {
            logger.ReadingsDropped();
        }
    }

    /// <summary>Takes no further readings; <see cref="BackgroundService.ExecuteTask"/> ends when the waiting ones are stored.</summary>
    public void Complete() => _inbox.Writer.TryComplete();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<MeterReading> batch = [];
        List<ActivityContext> journeys = [];
        while (await _inbox.Reader.WaitToReadAsync(stoppingToken))
        {
            while (batch.Count < ReadingsPerBatch && _inbox.Reader.TryRead(out (MeterReading Reading, ActivityContext Trace) taken))
            {
                batch.Add(taken.Reading);
                if (taken.Trace.IsRecorded() && (journeys.Count == 0 || journeys[^1] != taken.Trace))
                {
                    journeys.Add(taken.Trace);
                }
            }

            using (EdgeTraces.Source.Join("reading.take", journeys))
            {
                await StoreAsync([.. batch], stoppingToken);
            }

            journeys.Clear();
            Interlocked.Add(ref _stored, batch.Count);
            Volatile.Write(ref _dropping, 0);
            batch.Clear();
        }
    }

    private async ValueTask StoreAsync(MeterReading[] batch, CancellationToken cancellationToken)
    {
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await outbox.AddAsync(batch, cancellationToken);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.CannotStore(e, batch.Length, pause.TotalMilliseconds);
                await Task.Delay(pause, time, cancellationToken);
            }
        }
    }
}
