namespace IotProperty.Hub.Storage;

internal static partial class TelemetryLog
{
    [LoggerMessage(2150, LogLevel.Information, "Telemetry store {File}: {Series} points, {Unsealed} samples in the journal")]
    public static partial void Opened(this ILogger logger, string file, int series, int unsealed);

    [LoggerMessage(2151, LogLevel.Error, "Telemetry store cannot commit {Batches} batches; their edges keep them and try again")]
    public static partial void CannotCommit(this ILogger logger, Exception exception, int batches);

    [LoggerMessage(2152, LogLevel.Error, "Telemetry store cannot seal its journal; it is tried again in {PauseSeconds} s and nothing is lost meanwhile")]
    public static partial void CannotSeal(this ILogger logger, Exception exception, double pauseSeconds);

    [LoggerMessage(2153, LogLevel.Error, "Telemetry store: {Place} is damaged ({Why}); its samples cannot be shown, all others can")]
    public static partial void Damaged(this ILogger logger, string place, string why);
}
