using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Hosting;

internal static partial class HostLog
{
    [LoggerMessage(1500, LogLevel.Information, "Edge {Version} of site {Site} runs: {Lines} lines, {Devices} devices, boot epoch {Epoch}")]
    public static partial void Runs(this ILogger logger, string version, string site, int lines, int devices, long epoch);

    [LoggerMessage(1501, LogLevel.Information, "Health and metrics at http://{EndPoint}/")]
    public static partial void Health(this ILogger logger, string endPoint);

    [LoggerMessage(1502, LogLevel.Information, "Stopping")]
    public static partial void Stopping(this ILogger logger);

    [LoggerMessage(1503, LogLevel.Information, "Stopped after {Milliseconds} ms; everything that was read is on disk")]
    public static partial void Stopped(this ILogger logger, long milliseconds);

    [LoggerMessage(1504, LogLevel.Critical, "The {Part} has ended, which it never does by itself; the edge ends and is to be restarted")]
    public static partial void PartEnded(this ILogger logger, Exception? exception, string part);

    [LoggerMessage(1505, LogLevel.Error, "The {Part} did not stop in time")]
    public static partial void DidNotStop(this ILogger logger, string part);

    [LoggerMessage(1506, LogLevel.Error, "Health cannot listen at {EndPoint}: {Why}. The edge goes on without it")]
    public static partial void NoHealth(this ILogger logger, string endPoint, string why);
}
