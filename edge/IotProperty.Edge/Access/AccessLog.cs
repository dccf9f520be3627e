using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Access;

internal static partial class AccessLog
{
    [LoggerMessage(1420, LogLevel.Information, "Door {Device}: unlocked for {Credential} {Milliseconds} ms after it was asked for")]
    public static partial void Unlocked(this ILogger logger, string device, string credential, long milliseconds);

    [LoggerMessage(1421, LogLevel.Error, "Door {Device}: granted, but not unlocked: {Why}")]
    public static partial void UnlockFailed(this ILogger logger, string device, string why);

    [LoggerMessage(1422, LogLevel.Information, "Door {Device}: denied ({Reason})")]
    public static partial void Denied(this ILogger logger, string device, string reason);

    [LoggerMessage(1423, LogLevel.Warning, "Door {Device}: {Kind}")]
    public static partial void DoorEvent(this ILogger logger, string device, string kind);

    [LoggerMessage(1424, LogLevel.Warning, "Door {Device}: {Count} credentials were overwritten in the controller before they could be read and get no event of their own")]
    public static partial void Unrecorded(this ILogger logger, string device, int count);

    [LoggerMessage(1425, LogLevel.Error, "Door {Device}: {Count} access events cannot be stored, so nothing is unlocked; trying again in {PauseMs} ms")]
    public static partial void CannotStore(this ILogger logger, Exception exception, string device, int count, double pauseMs);

    [LoggerMessage(1426, LogLevel.Error, "Door {Device}: its stored state cannot be read; the controller's counter is taken over as it stands")]
    public static partial void UnreadableState(this ILogger logger, string device);

    [LoggerMessage(1427, LogLevel.Error, "Door {Device}: falls behind; what is presented meanwhile is recorded as missed")]
    public static partial void FallsBehind(this ILogger logger, string device);
}
