using IotProperty.Hub.Reconciliation;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage;

/// <summary>A stored sample. Times are milliseconds since the Unix epoch, UTC.</summary>
/// <param name="ClockCorrected">Whether the time was taken before the edge's clock was synchronised and corrected by the edge when it was; then the clock is not trusted.</param>
public readonly record struct StoredSample(long TimeMs, double Value, Quality Quality, bool ClockTrusted, bool ClockCorrected = false);

/// <summary>The newest sample of a point.</summary>
public readonly record struct LatestSample(string Site, PointRef Point, StoredSample Sample);

public enum CommitOutcome : byte
{
    Committed,

    /// <summary>The same key was committed before with the same content; nothing was changed.</summary>
    Duplicate,

    /// <summary>The same key was committed before with other content: two edges speak for one site, or an edge lost its store and its epoch.</summary>
    KeyCollision,
}

/// <summary>
/// Where samples live. Safe for callers on any task. Held by one conformance suite for every implementation.
/// </summary>
public interface ITelemetryStore
{
    /// <summary>
    /// Commits the samples and the batch's key in one transaction, which is on disk when the task completes. <paramref name="contentHash"/> (16 bytes) tells a
    /// repeat from a collision. Throws when the store cannot commit now; then nothing of the batch is there.
    /// </summary>
    ValueTask<CommitOutcome> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken);

    /// <summary>The newest sample by event time of every point of a site.</summary>
    ValueTask<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken);

    /// <summary>Samples of a point in the half-open interval [fromMs, toMs), oldest first, at most <paramref name="limit"/>; repeated times keep their order of arrival.</summary>
    ValueTask<IReadOnlyList<StoredSample>> RangeAsync(string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken);

    /// <summary>How many samples are stored for the site, for checks and capacity pages.</summary>
    ValueTask<long> CountAsync(string site, CancellationToken cancellationToken);

    /// <summary>Which batches of a site are committed here.</summary>
    ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken);

    /// <summary>What was received of each hour in [fromMs, toMs), by boot epoch: written in the transaction of each batch, never by a repeat.</summary>
    ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken);

    /// <summary>The batches of the span that are not committed here, at most <see cref="ReceivedTallies.MaxMissing"/> ranges.</summary>
    ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, long epoch, SequenceRange span, CancellationToken cancellationToken);
}
