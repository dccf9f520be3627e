using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage;

/// <summary>The short way for batches that hold readings and nothing else. Safe for callers on any task.</summary>
internal interface IReadingIntake
{
    /// <summary>As <see cref="IEventLedger.CommitAsync"/>.</summary>
    Task<LedgerCommit> CommitAsync(Batch batch, byte[] contentHash, CancellationToken cancellationToken);
}
