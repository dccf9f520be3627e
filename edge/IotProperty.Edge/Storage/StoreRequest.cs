using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Storage;

/// <summary>A message to the task that owns the store.</summary>
internal abstract record StoreRequest
{
    /// <summary>Completes when the request's transaction is synced to disk.</summary>
    public TaskCompletionSource Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Batches to be stored, still without keys, each within the limits of a batch, and state to be written with them.</summary>
    public sealed record Add(Lane Lane, IReadOnlyList<Batch> Batches, IReadOnlyList<StateWrite> State) : StoreRequest;

    public sealed record Connect(Channel<OutboundBatch> Outbound) : StoreRequest;

    public sealed record Disconnect : StoreRequest;

    public sealed record Receipts(IReadOnlyList<Receipt> All) : StoreRequest;

    /// <summary>Look at the clock.</summary>
    public sealed record Tick : StoreRequest
    {
        public static Tick Instance { get; } = new();
    }
}
