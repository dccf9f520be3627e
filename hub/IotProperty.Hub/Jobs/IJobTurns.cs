namespace IotProperty.Hub.Jobs;

/// <summary>Who may run a job now. Safe on any task.</summary>
public interface IJobTurns
{
    /// <summary>Runs the job if it is due and no other hub is at it. Returns after which pause to ask again; throws what the job throws.</summary>
    Task<TimeSpan> RunAsync(IJob job, CancellationToken cancellationToken);
}

/// <summary>For a hub that is alone: every turn is its own.</summary>
public sealed class OwnJobTurns : IJobTurns
{
    public async Task<TimeSpan> RunAsync(IJob job, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(job);
        await job.RunAsync(cancellationToken);
        return job.Every;
    }
}
