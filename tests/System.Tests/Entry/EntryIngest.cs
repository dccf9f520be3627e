using System.Collections.Concurrent;
using System.Text;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Entry;

/// <summary>Writes down what was let through, and commits it.</summary>
internal sealed class EntryIngest : IUplinkIngest
{
    private long _sequence;

    public ConcurrentQueue<string> Arrived { get; } = new();

    public ValueTask<Receipt?> AcceptAsync(string site, Lane lane, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        Arrived.Enqueue($"{site} {lane} {Encoding.UTF8.GetString(payload.Span)}");
        return ValueTask.FromResult<Receipt?>(new Receipt(new BatchKey(site, 7, lane, Interlocked.Increment(ref _sequence)), ReceiptStatus.Committed, ""));
    }

    public ValueTask AcceptStateAsync(string site, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        Arrived.Enqueue($"{site} state");
        return ValueTask.CompletedTask;
    }
}
