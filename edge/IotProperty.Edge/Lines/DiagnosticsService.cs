using System.Collections.Immutable;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Polling;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Hosting;

namespace IotProperty.Edge.Lines;

/// <summary>Tells the hub of every line at a steady pace, through the ordinary outbox. Runs only where the site wants it.</summary>
public sealed class DiagnosticsService : BackgroundService
{
    private readonly ImmutableArray<(LineRunner Line, LineDiagnostics Diagnostics)> _lines;
    private readonly TimeSpan _every;
    private readonly IOutbox _outbox;
    private readonly EdgeClock _clock;

    public DiagnosticsService(IEnumerable<LineRunner> lines, int everySeconds, IOutbox outbox, EdgeClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _lines = [.. lines.Select(line => (line, new LineDiagnostics(line.Line, clock.Now())))];
        _every = TimeSpan.FromSeconds(everySeconds);
        _outbox = outbox;
        _clock = clock;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(_every, _clock.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach ((LineRunner line, LineDiagnostics diagnostics) in _lines)
            {
                foreach (Sample sample in diagnostics.Report(_clock.Now(), line.Figures()))
                {
                    _outbox.Add(sample);
                }
            }
        }
    }
}
