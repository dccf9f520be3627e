using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage;

/// <summary>What was committed of one lane of one boot epoch; without loss, <see cref="Count"/> is max − min + 1.</summary>
public readonly record struct BatchTally(long Epoch, Lane Lane, long Count, long MinSequence, long MaxSequence);

/// <summary>The batches of the event and reading lanes that the ledger holds; telemetry's are in the telemetry store.</summary>
public interface IBatchTallies
{
    /// <summary>In order of epoch and lane.</summary>
    ValueTask<IReadOnlyList<BatchTally>> BatchesAsync(string site, CancellationToken cancellationToken);
}
