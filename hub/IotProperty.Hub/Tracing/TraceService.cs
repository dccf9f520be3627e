using System.Diagnostics.Metrics;
using IotProperty.Tracing;

namespace IotProperty.Hub.Tracing;

/// <summary>Exports the hub's traces while it runs: started before all other services and stopped after them, so that their last spans go along.</summary>
internal sealed class TraceService(TraceExportOptions options, ILogger<TraceExport> logger) : IHostedLifecycleService, IDisposable
{
    private readonly Meter _meter = new("IotProperty.Hub.Tracing");
    private TraceExport? _export;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _export = TraceExport.Start(options, logger);
        TraceCounters counters = _export.Counters;
        _meter.CreateObservableCounter("iotp_trace_spans_total", () => (Measurement<long>[])
        [
            new(counters.Exported, new KeyValuePair<string, object?>("outcome", "exported")),
            new(counters.Failed, new KeyValuePair<string, object?>("outcome", "failed")),
            new(counters.Dropped, new KeyValuePair<string, object?>("outcome", "dropped")),
        ], description: "Spans by what became of them: exported to the collector, failed there, dropped because too many waited.");
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _export?.Dispose();
        _export = null;
        _meter.Dispose();
    }
}
