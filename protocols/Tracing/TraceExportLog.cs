using Microsoft.Extensions.Logging;

namespace IotProperty.Tracing;

internal static partial class TraceExportLog
{
    [LoggerMessage(3101, LogLevel.Information, "Traces go to {Endpoint}; of {Ratio} of all reads and requests, and of all events")]
    public static partial void Started(ILogger logger, string endpoint, double ratio);

    [LoggerMessage(3102, LogLevel.Warning, "Traces are not taken by {Endpoint}: {Reason}; they are dropped and counted, and this is said once until they are taken again")]
    public static partial void NotTaken(ILogger logger, string endpoint, string reason);

    [LoggerMessage(3103, LogLevel.Information, "Traces are taken again by {Endpoint}")]
    public static partial void TakenAgain(ILogger logger, string endpoint);

    [LoggerMessage(3104, LogLevel.Warning, "Spans are made faster than the collector takes them: beyond {Waiting} waiting ones they are dropped and counted; a smaller ratio makes fewer")]
    public static partial void Dropping(ILogger logger, int waiting);
}
