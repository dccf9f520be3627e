using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>A batch on its way into the store, and the answer that its sender waits for.</summary>
internal sealed class PendingCommit(Batch batch, byte[] contentHash)
{
    public Batch Batch { get; } = batch;

    public byte[] ContentHash { get; } = contentHash;

    public CommitOutcome Outcome { get; set; }

    public TaskCompletionSource<CommitOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
