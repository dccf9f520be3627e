using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Alarms;

internal static partial class AlarmLog
{
    [LoggerMessage(1400, LogLevel.Warning, "Alarm rule {Rule}: {From} to {To} ({Cause}), value {Value}, occurrence {Occurrence}")]
    public static partial void Entered(this ILogger logger, string rule, string from, string to, string cause, double value, string occurrence);

    [LoggerMessage(1401, LogLevel.Information, "Alarm rule {Rule}: {From} to {To} ({Cause}), value {Value}, occurrence {Occurrence}")]
    public static partial void Left(this ILogger logger, string rule, string from, string to, string cause, double value, string occurrence);

    [LoggerMessage(1402, LogLevel.Error, "{Count} alarm transitions cannot be stored; trying again in {PauseMs} ms")]
    public static partial void CannotStore(this ILogger logger, Exception exception, int count, double pauseMs);

    [LoggerMessage(1403, LogLevel.Error, "The stored occurrence of alarm rule {Key} cannot be read ({Why}); it is dropped and the rule judged anew")]
    public static partial void UnreadableState(this ILogger logger, string key, string why);

    [LoggerMessage(1404, LogLevel.Error, "Alarm rules fall behind: samples are dropped until the store answers again; rules go on from the newest values then")]
    public static partial void FallsBehind(this ILogger logger);
}
