using System.Globalization;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

internal static partial class FrontDoorLog
{
    private const int MaxForeignChars = 100;

    [LoggerMessage(2000, LogLevel.Information, "Edge {Site} is connected from {Remote}")]
    public static partial void EdgeConnected(ILogger logger, string site, string remote);

    [LoggerMessage(2001, LogLevel.Information, "Edge {Site} is gone: {Reason} ({Code})")]
    public static partial void EdgeGone(ILogger logger, string site, string reason, MqttReasonCode code);

    [LoggerMessage(2002, LogLevel.Warning, "Refused a connection from {Remote}, client id {ClientId}: {Reason} ({Code})")]
    public static partial void Refused(ILogger logger, string remote, string clientId, string reason, MqttReasonCode code);

    [LoggerMessage(2003, LogLevel.Warning, "Edge {Site} may not use topic {Topic}; further refusals of this connection are only counted")]
    public static partial void TopicRefused(ILogger logger, string site, string topic);

    [LoggerMessage(2004, LogLevel.Error, "A message of edge {Site} on {Topic} could not be taken over")]
    public static partial void IngestFailed(ILogger logger, Exception error, string site, string topic);

    [LoggerMessage(2005, LogLevel.Warning, "Turned away a connection from {Remote}: {Limit} are the limit; further ones within ten seconds are only counted")]
    public static partial void LimitReached(ILogger logger, string remote, string limit);

    [LoggerMessage(2006, LogLevel.Error, "The connection from {Remote} ended by an error of the hub")]
    public static partial void ConnectionFailed(ILogger logger, Exception error, string remote);

    /// <summary>Foreign text for a log line: bounded, and without what could end a line, fake one, turn its direction or drive a terminal.</summary>
    public static string Bounded(string text)
    {
        string shown = text.Length <= MaxForeignChars ? text : string.Concat(text.AsSpan(0, MaxForeignChars), "…");
        return shown.Any(Misleads) ? string.Concat(shown.Select(c => Misleads(c) ? '?' : c)) : shown;
    }

    private static bool Misleads(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
