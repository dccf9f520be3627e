using IotProperty.Edge.Timekeeping;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Hosting;

/// <summary>
/// Looks at the clocks twice a second, so that a step of the wall clock is taken over, told and, where it can be, mended in what was recorded before it; and notes when
/// the clock becomes trusted or ceases to be.
/// </summary>
/// <param name="clock">The edge's clock, which nobody else looks at.</param>
/// <param name="stepped">Told of a step after it was taken over: the store records it.</param>
/// <param name="logger">Where changes are told.</param>
public sealed partial class ClockWatch(EdgeClock clock, Action stepped, ILogger<ClockWatch> logger)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private long _steps;
    private long _lastStepMs;

    /// <summary>Steps since the start.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>By how much the last one moved the clock; 0 before the first. Milliseconds.</summary>
    public long LastStepMs => Volatile.Read(ref _lastStepMs);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!clock.Now().ClockTrusted)
        {
            LogUntrustedAtStart(logger);
        }

        using PeriodicTimer timer = new(Every, clock.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way a watch is meant to end.
        }
    }

    /// <summary>One look.</summary>
    internal void Look()
    {
        ClockChange change = clock.Look();
        if (change.Step is { } step)
        {
            Volatile.Write(ref _lastStepMs, step.StepMs);
            Volatile.Write(ref _steps, step.Number);
            LogStep(logger, step.StepMs, step.UptimeMs, step.Corrects ? "records that are still here are corrected" : "records stay as they are");
            stepped();
        }

        if (change.Trust is true)
        {
            LogTrusted(logger);
        }
        else if (change.Trust is false)
        {
            LogLost(logger);
        }
    }

    [LoggerMessage(1530, LogLevel.Warning, "The wall clock was stepped by {StepMs} ms, {UptimeMs} ms after the start; {Consequence}")]
    private static partial void LogStep(ILogger logger, long stepMs, long uptimeMs, string consequence);

    [LoggerMessage(1531, LogLevel.Information, "The wall clock is synchronised; what is recorded from now on is marked as trusted")]
    private static partial void LogTrusted(ILogger logger);

    [LoggerMessage(1532, LogLevel.Warning, "The wall clock is no longer synchronised; what is recorded from now on is marked as suspect")]
    private static partial void LogLost(ILogger logger);

    [LoggerMessage(1533, LogLevel.Warning, "The wall clock is not synchronised yet; what is recorded is marked as suspect until it is")]
    private static partial void LogUntrustedAtStart(ILogger logger);
}
