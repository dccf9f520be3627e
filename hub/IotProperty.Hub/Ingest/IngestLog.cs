namespace IotProperty.Hub.Ingest;

internal static partial class IngestLog
{
    [LoggerMessage(2120, LogLevel.Warning, "Site {Site}: a payload of {Bytes} bytes on the {Lane} lane cannot be read and names no batch to answer to: {Why}")]
    public static partial void Unreadable(this ILogger logger, string site, string lane, int bytes, string why);

    [LoggerMessage(2121, LogLevel.Warning, "Site {Site}: batch {Epoch}/{Lane}/{Sequence} is refused: {Why}")]
    public static partial void Refused(this ILogger logger, string site, long epoch, string lane, long sequence, string why);

    [LoggerMessage(2122, LogLevel.Error, "The {Lane} lane cannot be committed; edges keep their batches and send them again. Said once until it works again")]
    public static partial void CannotCommit(this ILogger logger, Exception exception, string lane);

    [LoggerMessage(2123, LogLevel.Information, "The {Lane} lane is committed again")]
    public static partial void CommitsAgain(this ILogger logger, string lane);

    [LoggerMessage(2124, LogLevel.Warning, "Site {Site}: a state message is ignored: {Why}")]
    public static partial void StateIgnored(this ILogger logger, string site, string why);

    [LoggerMessage(2125, LogLevel.Information, "Site {Site}: edge {Version} is {Presence} (boot epoch {Epoch})")]
    public static partial void StateTaken(this ILogger logger, string site, string version, string presence, long epoch);
}
