namespace IotProperty.Hub.Jobs;

/// <summary>
/// Work that is due by time. A run does what is due now and may be repeated at any moment, by another process too: whatever must happen once is held by a key in
/// the ledger, not by the schedule.
/// </summary>
public interface IJob
{
    /// <summary>For logs.</summary>
    string Name { get; }

    /// <summary>The pause between the end of a run and the next one.</summary>
    TimeSpan Every { get; }

    Task RunAsync(CancellationToken cancellationToken);
}
