using IotProperty.Edge.Lines;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Hosting;

/// <summary>
/// Tells the service manager that all is well, as long as it is: every line's task must have begun a step lately. A line that hangs stops the signs of
/// life, and the manager restarts the daemon.
/// </summary>
public sealed partial class Watchdog(SystemdNotifier systemd, IReadOnlyList<LineRunner> lines, EdgeClock clock, ILogger<Watchdog> logger)
{
    /// <summary>A line rests for a second at most and waits for one time-out, or for its endpoint to be connected; more than this is a hang. Milliseconds.</summary>
    private const long SlackMs = 15_000;

    /// <summary>Runs until cancelled; ends at once when nobody watches.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (systemd.WatchdogInterval is not { } interval)
        {
            return;
        }

        using PeriodicTimer timer = new(interval / 3, clock.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                Check();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way a watch is meant to end.
        }
    }

    /// <summary>The lines that have not moved for too long.</summary>
    public IEnumerable<LineRunner> Hanging()
    {
        long now = clock.Now().MonotonicMs;
        return lines.Where(line => line.HasEnded || now - line.ProgressMs > SlackMs + (2L * line.Line.TimeoutMs));
    }

    private void Check()
    {
        LineRunner? hanging = Hanging().FirstOrDefault();
        if (hanging is null)
        {
            systemd.Alive();
            return;
        }

        LogHanging(logger, hanging.Line.Id, clock.Now().MonotonicMs - hanging.ProgressMs);
    }

    [LoggerMessage(1520, LogLevel.Critical, "Line {Line} has not moved for {Milliseconds} ms; the watchdog hears nothing until it does")]
    private static partial void LogHanging(ILogger logger, string line, long milliseconds);
}
