using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace IotProperty.Tracing;

/// <summary>The SDK's batching with a bound of its own, because the SDK does not tell what it drops.</summary>
internal sealed class BoundedSpans(CountedExporter exporter, TraceCounters counters, ILogger logger)
    : BatchActivityExportProcessor(exporter, MaxWaiting, SendEveryMs, TraceExport.TimeoutMs, BatchSpans)
{
    /// <summary>Spans that may wait.</summary>
    public const int MaxWaiting = 4_096;

    private const int BatchSpans = 512;
    private const int SendEveryMs = 2_000;

    public override void OnEnd(Activity data)
    {
        if (!data.Recorded)
        {
            return;
        }

        if (counters.TryEnter(MaxWaiting))
        {
            base.OnEnd(data);
        }
        else if (counters.ShallSayDropping())
        {
            TraceExportLog.Dropping(logger, MaxWaiting);
        }
    }
}
