using System.Collections.Concurrent;
using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Doubles;

/// <summary>An outbox and state store in memory that shows what was stored and can be made to fail.</summary>
internal sealed class RecordingOutbox : IOutbox, IEdgeStateStore
{
    private readonly Channel<OutboxEvents> _stored = Channel.CreateUnbounded<OutboxEvents>();
    private int _ids;
    private int _failures;
    private long _telemetryLosses;

    public ConcurrentDictionary<string, byte[]> State { get; } = new();

    public ConcurrentQueue<Sample> Samples { get; } = new();

    /// <summary>One entry for each call.</summary>
    public ConcurrentQueue<IReadOnlyList<MeterReading>> Readings { get; } = new();

    /// <summary>The next so many calls fail as a full disk does.</summary>
    public void FailNext(int calls) => Volatile.Write(ref _failures, calls);

    /// <summary>Whether nothing can be stored just now.</summary>
    public bool Unavailable { get; set; }

    /// <summary>What was stored next.</summary>
    public async Task<OutboxEvents> NextAsync() => await _stored.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Whether everything stored so far was looked at.</summary>
    public bool IsQuiet => !_stored.Reader.TryPeek(out _);

    public long TelemetryLosses => Volatile.Read(ref _telemetryLosses);

    /// <summary>From here on telemetry counts as lost once more.</summary>
    public void LoseTelemetry() => Interlocked.Increment(ref _telemetryLosses);

    public string NewId() => $"id-{Interlocked.Increment(ref _ids)}";

    public void Add(in Sample sample) => Samples.Enqueue(sample);

    public ValueTask AddAsync(OutboxEvents events, CancellationToken cancellationToken)
    {
        if (Unavailable)
        {
            throw new OutboxUnavailableException("no space left on device");
        }

        if (Interlocked.Decrement(ref _failures) >= 0)
        {
            throw new IOException("no space left on device");
        }

        Apply(events.State);
        Assert.True(_stored.Writer.TryWrite(events));
        return ValueTask.CompletedTask;
    }

    public ValueTask AddAsync(IReadOnlyList<MeterReading> readings, CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _failures) >= 0)
        {
            throw new IOException("no space left on device");
        }

        Readings.Enqueue(readings);
        return ValueTask.CompletedTask;
    }

    public byte[]? Get(string key) => State.GetValueOrDefault(key);

    public IReadOnlyDictionary<string, byte[]> List(string prefix) =>
        State.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary();

    public ValueTask SetAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellationToken)
    {
        Apply(writes);
        return ValueTask.CompletedTask;
    }

    private void Apply(IReadOnlyList<StateWrite> writes)
    {
        foreach (StateWrite write in writes)
        {
            if (write.Value is null)
            {
                State.TryRemove(write.Key, out _);
            }
            else
            {
                State[write.Key] = write.Value;
            }
        }
    }
}
