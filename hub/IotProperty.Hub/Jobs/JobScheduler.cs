namespace IotProperty.Hub.Jobs;

/// <summary>
/// Runs every job, when it is this hub's turn, at the start and then again and again, each on a task of its own, so that a slow one delays nobody else. A run that fails is logged and tried again
/// when its pause is over. Stops when the running jobs have come to their end.
/// </summary>
public sealed partial class JobScheduler(IEnumerable<IJob> jobs, IJobTurns turns, TimeProvider time, ILogger<JobScheduler> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(jobs.Select(job => KeepRunningAsync(job, stoppingToken)));

    private async Task KeepRunningAsync(IJob job, CancellationToken stoppingToken)
    {
        // The host waits for the part before the first await.
        await Task.Yield();
        bool failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            TimeSpan pause = job.Every;
            try
            {
                pause = await turns.RunAsync(job, stoppingToken);
                if (failing)
                {
                    LogRecovered(job.Name);
                }

                failing = false;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A job that fails, however it fails, must not end the hub; it is told once and tried again.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                if (!failing)
                {
                    LogFailed(job.Name, job.Every, failure);
                }

                failing = true;
            }

            try
            {
                await Task.Delay(pause, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(2250, LogLevel.Error, "Job {Job} failed; it is tried again every {Every} until it succeeds")]
    private partial void LogFailed(string job, TimeSpan every, Exception failure);

    [LoggerMessage(2251, LogLevel.Information, "Job {Job} succeeds again")]
    private partial void LogRecovered(string job);
}
