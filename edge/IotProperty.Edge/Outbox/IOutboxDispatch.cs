using System.Threading.Channels;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Outbox;

/// <summary>A batch that shall be published now.</summary>
public readonly record struct OutboundBatch(BatchNumber Number, ReadOnlyMemory<byte> Payload);

/// <summary>
/// The outbox as the uplink sees it. One uplink, which calls: <see cref="ConnectAsync"/>, then reads the channel and hands in receipts as they come, then
/// <see cref="DisconnectAsync"/>, and so on for the next connection.
/// </summary>
public interface IOutboxDispatch
{
    /// <summary>This run's boot epoch.</summary>
    long Epoch { get; }

    /// <summary>
    /// The hub can be reached. Returns what is to be published under this connection, in order; the channel never holds more than the windows allow and is
    /// completed by <see cref="DisconnectAsync"/>.
    /// </summary>
    ValueTask<ChannelReader<OutboundBatch>> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>The connection is gone. Never blocks on a broken disk.</summary>
    ValueTask DisconnectAsync();

    /// <summary>Hands in the hub's receipts, in any order, as often as they come.</summary>
    ValueTask TakeAsync(IReadOnlyList<Receipt> receipts, CancellationToken cancellationToken);

    /// <summary>For <c>/metrics</c> and health.</summary>
    OutboxSnapshot Snapshot { get; }
}

/// <summary>The outbox at one moment; counters count since the start of the edge.</summary>
public sealed record OutboxSnapshot(
    LaneBacklog Events,
    LaneBacklog Readings,
    LaneBacklog Telemetry,
    long DroppedRecords,
    long Repeats,
    long SetAside,
    long Commits,
    long StoreFailures,
    long Corrected,
    long Tallies)
{
    /// <summary>How the store fares.</summary>
    public StoreCondition Condition { get; init; }
}
