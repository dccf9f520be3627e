using IotProperty.Hub.Live;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>What a commit did, and what of it somebody may be watching.</summary>
/// <param name="Outcome">What became of the batch.</param>
/// <param name="Changes">What those who watch must fetch anew; published by the caller after the commit. Empty unless committed.</param>
public sealed record LedgerCommit(CommitOutcome Outcome, IReadOnlyList<LiveEvent> Changes)
{
    public static LedgerCommit Duplicate { get; } = new(CommitOutcome.Duplicate, []);

    public static LedgerCommit KeyCollision { get; } = new(CommitOutcome.KeyCollision, []);
}

/// <summary>
/// Where the batches of the event and reading lanes end: in the ledger, beside the records that follow from them. Safe for callers on any task;
/// batches of one site may overlap and overtake, so alarms are built by occurrence and ordinal, never by arrival.
/// </summary>
public interface IEventLedger
{
    /// <summary>
    /// Commits what an event or reading batch holds (transitions, access events, command results and gaps, or readings) and its key with
    /// <paramref name="contentHash"/> (16 bytes) in one transaction that is on disk when the task completes. A repeat of the same key and hash changes nothing; the
    /// same key with another hash is a collision and changes nothing either. A record whose own id (occurrence and ordinal, event id, device, register and time)
    /// is already there is kept as it is. Throws when the ledger cannot commit now; then nothing of the batch is there.
    /// </summary>
    ValueTask<LedgerCommit> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken);

    /// <summary>Which batches of the event and reading lanes of a site are committed.</summary>
    ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken);

    /// <summary>
    /// What was received of each hour in [fromMs, toMs) in the event and reading lanes, by boot epoch: written in the transaction of each batch, never by a repeat.
    /// </summary>
    ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken);

    /// <summary>The batches of the span that are not committed here, at most <see cref="ReceivedTallies.MaxMissing"/> ranges.</summary>
    ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, Lane lane, long epoch, SequenceRange span, CancellationToken cancellationToken);
}
