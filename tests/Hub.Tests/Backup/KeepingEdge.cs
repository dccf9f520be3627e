using System.Collections.Concurrent;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Backup;

/// <summary>
/// What an edge does as a hub sees it: numbers its batches lane by lane, keeps each until its receipt, sends again what it keeps, and tells what it recorded of each hour. Its
/// records lie in a few hours that were over long ago.
/// </summary>
internal sealed class KeepingEdge : IDisposable
{
    public const int Hours = 3;
    private const long Epoch = 7;

    private readonly string _site;
    private readonly Dictionary<Lane, long> _sequences = Enum.GetValues<Lane>().ToDictionary(lane => lane, _ => 0L);
    private readonly ConcurrentDictionary<BatchKey, byte[]> _waiting = new();
    private readonly Dictionary<(Lane Lane, long HourMs), HourTally> _tallies = [];
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _taken = new(0);
    private long _acknowledged;
    private volatile bool _receiptsLost;

    public KeepingEdge(string site, DateTimeOffset now)
    {
        _site = site;
        Begin = DateTimeOffset.FromUnixTimeMilliseconds(HourTally.StartOfHour(now.ToUnixTimeMilliseconds())).AddHours(-30);
    }

    /// <summary>When its first hour begins.</summary>
    public DateTimeOffset Begin { get; }

    public long Made { get; private set; }

    public long Samples { get; private set; }

    public long Readings { get; private set; }

    public void Dispose() => _taken.Dispose();

    /// <summary>Sends batches of one lane, one after the other, until it is told to stop.</summary>
    public Task SendAsync(IUplinkIngest hub, Lane lane, CancellationToken stop) => Task.Run(
        async () =>
        {
            // On a task of its own: a hub on SQLite may take in a batch before it first waits, and the caller would never come to the next lane.
            while (!stop.IsCancellationRequested)
            {
                await SendOneAsync(hub, lane);
            }
        },
        CancellationToken.None);

    public async Task SendOneAsync(IUplinkIngest hub, Lane lane)
    {
        Batch batch = Make(lane);
        _waiting[batch.Key] = BatchCodec.Encode(batch);
        await SendAsync(hub, batch.Key);
    }

    /// <summary>Returns when the hub has taken in so many more batches.</summary>
    public async Task TakenAsync(int batches)
    {
        for (int i = 0; i < batches; i++)
        {
            Assert.True(await _taken.WaitAsync(TimeSpan.FromSeconds(60)), "the hub takes in nothing");
        }
    }

    /// <summary>From now on receipts are lost on their way. Returns how many came.</summary>
    public long CutReceipts()
    {
        _receiptsLost = true;
        return Interlocked.Read(ref _acknowledged);
    }

    /// <summary>Sends everything that it keeps, and keeps it.</summary>
    public async Task SendWaitingAsync(IUplinkIngest hub)
    {
        foreach (BatchKey key in _waiting.Keys)
        {
            await SendAsync(hub, key);
        }
    }

    /// <summary>One batch that says what was recorded of each hour and lane.</summary>
    public async Task TellTalliesAsync(IUplinkIngest hub)
    {
        Batch batch = new() { Key = Next(Lane.Event), Tallies = [.. _tallies.Values] };
        Receipt? receipt = await hub.AcceptAsync(_site, Lane.Event, BatchCodec.Encode(batch), default);
        Assert.Equal(ReceiptStatus.Committed, receipt?.Status);
    }

    private async Task SendAsync(IUplinkIngest hub, BatchKey key)
    {
        Receipt? receipt = await hub.AcceptAsync(_site, key.Lane, _waiting[key], default);
        Assert.True(receipt?.Status == ReceiptStatus.Committed, receipt?.Reason ?? "no receipt");
        if (!_receiptsLost)
        {
            _waiting.TryRemove(key, out _);
            Interlocked.Increment(ref _acknowledged);
        }

        _taken.Release();
    }

    private Batch Make(Lane lane)
    {
        lock (_gate)
        {
            BatchKey key = Next(lane);
            long number = key.Sequence;
            long timeMs = Begin.ToUnixTimeMilliseconds() + (number % Hours * HourTally.HourLengthMs) + number;
            Batch batch = lane switch
            {
                Lane.Telemetry => new Batch
                {
                    Key = key,
                    Samples = [.. Enumerable.Range(0, 40).Select(n => new Sample(new PointRef($"lift-{n / 20}", "position"), timeMs + n, number + (n / 100.0), Quality.Good, true))],
                },
                Lane.Reading => new Batch
                {
                    Key = key,
                    Readings = [.. Enumerable.Range(0, 5).Select(n => new MeterReading($"meter-{n}", "energy", "kWh", timeMs, 0.01m * number, 9, Quality.Good, true))],
                },
                _ => new Batch { Key = key, CommandResults = [new CommandResult($"command-{number}", CommandOutcome.Refused, CommandReason.Late, "late", timeMs, true)] },
            };
            Made++;
            Samples += batch.Samples.Length;
            Readings += batch.Readings.Length;
            foreach (BatchTally part in BatchTally.Of(batch))
            {
                _tallies[(lane, part.HourMs)] = _tallies.TryGetValue((lane, part.HourMs), out HourTally? known)
                    ? known with { Records = known.Records + part.Records, Hash = unchecked(known.Hash + part.Hash), LastSequence = number }
                    : new HourTally(Epoch, lane, part.HourMs, part.Records, part.Hash, number, number, 1);
            }

            return batch;
        }
    }

    private BatchKey Next(Lane lane) => new(_site, Epoch, lane, ++_sequences[lane]);
}
