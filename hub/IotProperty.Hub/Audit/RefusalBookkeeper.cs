namespace IotProperty.Hub.Audit;

/// <summary>Lets the book tell once an hour is over, and at the end.</summary>
internal sealed partial class RefusalBookkeeper(RefusalBook book, TimeProvider time, ILogger<RefusalBookkeeper> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryFlushAsync(all: true, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryFlushAsync(all: false, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The way it is meant to end.
        }
    }

    private async Task TryFlushAsync(bool all, CancellationToken cancellationToken)
    {
        try
        {
            await book.FlushAsync(all, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogLost(failure);
        }
    }

    [LoggerMessage(2321, LogLevel.Error, "Could not write to the audit log how many further requests were refused")]
    private partial void LogLost(Exception failure);
}
