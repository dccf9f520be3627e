using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Control;

internal static partial class CommandLog
{
    [LoggerMessage(1450, LogLevel.Information, "Command {Id}, asked for by {AskedBy}: {Action} is begun")]
    public static partial void Begun(this ILogger logger, string id, string askedBy, string action);

    [LoggerMessage(1451, LogLevel.Information, "Command {Id} has ended: {Outcome}: {Detail}")]
    public static partial void Ended(this ILogger logger, string id, CommandOutcome outcome, string detail);

    [LoggerMessage(1452, LogLevel.Warning, "Command {Id}, asked for by {AskedBy}: {Action} is not carried out ({Outcome}): {Detail}")]
    public static partial void NotCarriedOut(this ILogger logger, string id, string askedBy, string action, CommandOutcome outcome, string detail);

    [LoggerMessage(1453, LogLevel.Warning, "Command {Id} is not believed: {Why}; further ones are counted and told at most once a minute")]
    public static partial void NotBelieved(this ILogger logger, string id, string why);

    [LoggerMessage(1454, LogLevel.Debug, "Command {Id} is known already, or for nobody here")]
    public static partial void Ignored(this ILogger logger, string id);

    [LoggerMessage(1455, LogLevel.Error, "Command {Id} cannot be stored, so it is not carried out: {Why}")]
    public static partial void CannotBegin(this ILogger logger, string id, string why);

    [LoggerMessage(1456, LogLevel.Error, "The result of command {Id} cannot be stored; trying again in {PauseMs} ms")]
    public static partial void CannotEnd(this ILogger logger, Exception exception, string id, double pauseMs);

    [LoggerMessage(1457, LogLevel.Error, "What the store holds of commands ({Keys}) cannot be read; it is given up, and nothing that was issued before now is carried out")]
    public static partial void Unreadable(this ILogger logger, string keys);
}
