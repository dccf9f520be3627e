namespace IotProperty.Hub.Hosting;

/// <summary>
/// A look that is taken at the start and then again and again. One that fails ends nothing: it is told once until one works again, and the next one tries anew.
/// </summary>
/// <param name="every">The pause between two looks.</param>
/// <param name="time">Whose pauses they are.</param>
public abstract class RepeatedLook(TimeSpan every, TimeProvider time) : BackgroundService
{
    private bool _failing;

    protected TimeProvider Time { get; } = time;

    /// <summary>One look. Throws whatever keeps it from being taken.</summary>
    public abstract Task LookAsync(CancellationToken cancellationToken);

    /// <summary>The first look that failed, after none or one that worked.</summary>
    protected abstract void TellFailed(Exception failure);

    /// <summary>The first look that worked, after one that failed.</summary>
    protected abstract void TellWorks();

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(every, Time);
        try
        {
            do
            {
                await TryLookAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The way it is meant to end.
        }
    }

    private async Task TryLookAsync(CancellationToken stoppingToken)
    {
        try
        {
            await LookAsync(stoppingToken);
            if (_failing)
            {
                TellWorks();
            }

            _failing = false;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            if (!_failing)
            {
                TellFailed(failure);
            }

            _failing = true;
        }
    }
}
