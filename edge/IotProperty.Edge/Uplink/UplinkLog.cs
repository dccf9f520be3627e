using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Uplink;

internal static partial class UplinkLog
{
    [LoggerMessage(1220, LogLevel.Information, "Connected to the hub at {Host}:{Port}")]
    public static partial void Connected(ILogger logger, string host, int port);

    [LoggerMessage(1221, LogLevel.Warning, "The connection to the hub is lost: {Reason}")]
    public static partial void Lost(ILogger logger, string reason);

    [LoggerMessage(1222, LogLevel.Warning, "Cannot connect to the hub at {Host}:{Port}: {Reason}; trying on")]
    public static partial void ConnectFailed(ILogger logger, string host, int port, string reason);

    [LoggerMessage(1223, LogLevel.Warning, "The peer does not take batches (lane {Lane}, sequence {Sequence}): reason code {ReasonCode} {Reason}; they are kept and tried again")]
    public static partial void PublishRejected(ILogger logger, Lane lane, long sequence, byte reasonCode, string reason);

    [LoggerMessage(1224, LogLevel.Warning, "A receipt cannot be read: {Reason}")]
    public static partial void Malformed(ILogger logger, string reason);

    [LoggerMessage(1225, LogLevel.Warning, "The hub refuses a batch (lane {Lane}, epoch {Epoch}, sequence {Sequence}): {Reason}")]
    public static partial void BatchRefused(ILogger logger, Lane lane, long epoch, long sequence, string reason);

    [LoggerMessage(1226, LogLevel.Warning, "The peer does not take the edge's state: reason code {ReasonCode} {Reason}")]
    public static partial void StateRejected(ILogger logger, byte reasonCode, string reason);

    [LoggerMessage(1230, LogLevel.Information, "The connection to the hub is opened anew: {Reason}")]
    public static partial void Renewing(ILogger logger, string reason);

    [LoggerMessage(1231, LogLevel.Warning, "A message that is neither a receipt nor a command is ignored: {Topic}")]
    public static partial void UnknownMessage(ILogger logger, string topic);

    [LoggerMessage(1233, LogLevel.Information, "Connecting anew with the new certificate")]
    public static partial void NewCertificate(ILogger logger);

    [LoggerMessage(1229, LogLevel.Information, "The hub did not take the goodbye: {Reason}")]
    public static partial void NoGoodbye(ILogger logger, string reason);
}
