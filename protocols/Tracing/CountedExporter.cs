using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace IotProperty.Tracing;

/// <summary>The exporter, with what became of the spans. Called by the SDK's one exporting thread.</summary>
internal sealed class CountedExporter(OtlpExporterOptions options, ExportRequests requests, TraceCounters counters, string endpoint, ILogger logger) : OtlpTraceExporter(options)
{
    private bool _failing;

    public override ExportResult Export(in Batch<Activity> activityBatch)
    {
        ExportResult result = base.Export(activityBatch);
        bool taken = result == ExportResult.Success;
        counters.Sent(activityBatch.Count, taken);
        if (taken && _failing)
        {
            TraceExportLog.TakenAgain(logger, endpoint);
        }
        else if (!taken && !_failing)
        {
            TraceExportLog.NotTaken(logger, endpoint, requests.WhyNotTaken);
        }

        _failing = !taken;
        return result;
    }
}
