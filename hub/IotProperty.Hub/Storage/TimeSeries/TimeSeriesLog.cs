namespace IotProperty.Hub.Storage.TimeSeries;

internal static partial class TimeSeriesLog
{
    [LoggerMessage(2160, LogLevel.Information, "Telemetry goes to {Server}, keys and tallies to PostgreSQL; {Batches} batches were written again that the server might have lost")]
    public static partial void Ready(this ILogger logger, string server, int batches);

    [LoggerMessage(2161, LogLevel.Error, "Telemetry store cannot commit {Batches} batches; their edges keep them and try again")]
    public static partial void CannotCommit(this ILogger logger, Exception exception, int batches);

    [LoggerMessage(2162, LogLevel.Error, "{Server} refused a group of {Batches} batches ({Why}); each is tried alone, so that only those which it refuses fail")]
    public static partial void RefusedGroup(this ILogger logger, string server, int batches, string why);

    [LoggerMessage(2163, LogLevel.Warning, "{Server} has been started again; {Batches} batches that it had not proven to be on disk were written again")]
    public static partial void WrittenAgain(this ILogger logger, string server, int batches);

    [LoggerMessage(2164, LogLevel.Error, "{Server} cannot be made to prove what is on disk; the batches are kept in PostgreSQL meanwhile, and nothing is lost")]
    public static partial void CannotFlush(this ILogger logger, Exception exception, string server);

    [LoggerMessage(2165, LogLevel.Error, "A row of telemetry.pending ({Id}) is damaged ({Why}); if {Server} had not synced its batches yet, they are lost")]
    public static partial void DamagedPending(this ILogger logger, long id, string why, string server);

    [LoggerMessage(2166, LogLevel.Warning, "{Server} fails when it is asked for its health; said once until it answers again")]
    public static partial void ServerFails(this ILogger logger, string server, Exception exception);

    [LoggerMessage(2167, LogLevel.Information, "{Server} answers again when it is asked for its health")]
    public static partial void ServerAnswers(this ILogger logger, string server);
}
