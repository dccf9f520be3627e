using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Fuzzing.Hub;

/// <summary>
/// The hub's real ingest over stores that keep nothing but count, and throw what a store would: so that whatever gets through the ingest is gone through to its last
/// sample. Its log holds every line to what a log promises. One user at a time.
/// </summary>
internal sealed class CheckedHub : ITelemetryStore, IEventLedger, IEdgeDirectory, ILiveFeed, IDisposable
{
    public const string Site = "riverside";

    private readonly IngestMeter _meter = new();

    public CheckedHub() => Ingest = new(this, this, this, this, _meter, TimeProvider.System, new CheckedLog<UplinkIngest>());

    public UplinkIngest Ingest { get; }

    /// <summary>Batches that a store was given.</summary>
    public long Commits { get; private set; }

    public long States { get; private set; }

    public void Dispose() => _meter.Dispose();

    ValueTask<CommitOutcome> ITelemetryStore.CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Take(batch, contentHash));

    ValueTask<LedgerCommit> IEventLedger.CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new LedgerCommit(Take(batch, contentHash), []));

    public ValueTask<bool> TakeStateAsync(EdgeState state, CancellationToken cancellationToken)
    {
        Promise.Hold(state.Site == Site, "a state speaks for the site that it came from");
        States++;
        return ValueTask.FromResult(true);
    }

    public void Heard(string site) => Promise.Hold(site == Site, "only the site of the connection is heard");

    public void Publish(LiveEvent change)
    {
    }

    public IAsyncEnumerable<LiveEvent> WatchAsync(CancellationToken cancellationToken) => throw new NotSupportedException("nobody watches");

    public ValueTask<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken) => throw new NotSupportedException("nobody asks");

    public ValueTask<IReadOnlyList<StoredSample>> RangeAsync(string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken) =>
        throw new NotSupportedException("nobody asks");

    public ValueTask<long> CountAsync(string site, CancellationToken cancellationToken) => throw new NotSupportedException("nobody asks");

    public ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken) => throw new NotSupportedException("nobody asks");

    public ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken) => throw new NotSupportedException("nobody asks");

    ValueTask<IReadOnlyList<SequenceRange>> ITelemetryStore.MissingAsync(string site, long epoch, SequenceRange span, CancellationToken cancellationToken) =>
        throw new NotSupportedException("nobody asks");

    ValueTask<IReadOnlyList<SequenceRange>> IEventLedger.MissingAsync(string site, Lane lane, long epoch, SequenceRange span, CancellationToken cancellationToken) =>
        throw new NotSupportedException("nobody asks");

    private CommitOutcome Take(Batch batch, ReadOnlyMemory<byte> contentHash)
    {
        Promise.Hold(batch.Key.Site == Site, "a batch speaks for the site that it came from");
        Promise.Hold(batch.Key is { Epoch: > 0, Sequence: > 0 }, "a batch has an epoch and a sequence");
        Promise.Hold(contentHash.Length == UplinkIngest.ContentHashBytes, "a repeat can be told from a collision");
        long tallied = BatchTally.Of(batch).Sum(tally => tally.Records);
        Promise.Hold(tallied <= batch.RecordCount, "no record is tallied twice");
        Commits++;
        return (Commits % 5) switch
        {
            3 => CommitOutcome.Duplicate,
            4 => CommitOutcome.KeyCollision,
            _ => CommitOutcome.Committed,
        };
    }
}

/// <summary>Makes every line and holds it to be one line, of bounded length, without what could drive a terminal.</summary>
internal sealed class CheckedLog<T> : ILogger<T>
{
    private const int MaxLine = 2_000;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string line = formatter(state, exception);
        Promise.Hold(line.Length <= MaxLine, $"a log line is bounded, not {line.Length} characters long");
        Promise.Hold(!line.Any(char.IsControl), $"a log line holds no control characters: {Uri.EscapeDataString(line)}");
        Promise.Hold(exception is null, $"nothing from outside makes the hub throw: {exception}");
    }
}
