using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Benchmarks.Ingest;

/// <summary>The rooms around an ingest of telemetry that its benchmarks do not measure.</summary>
internal sealed class QuietRooms : IEventLedger, IEdgeDirectory, ILiveFeed
{
    public ValueTask<LedgerCommit> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken) => throw OnlyTelemetry();

    public ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken) => throw OnlyTelemetry();

    public ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken) => throw OnlyTelemetry();

    public ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, Lane lane, long epoch, SequenceRange span, CancellationToken cancellationToken) =>
        throw OnlyTelemetry();

    public ValueTask<bool> TakeStateAsync(EdgeState state, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    public void Heard(string site)
    {
    }

    public void Publish(LiveEvent change)
    {
    }

    public IAsyncEnumerable<LiveEvent> WatchAsync(CancellationToken cancellationToken) => throw new NotSupportedException("nobody watches");

    private static NotSupportedException OnlyTelemetry() => new("only telemetry is measured");
}
