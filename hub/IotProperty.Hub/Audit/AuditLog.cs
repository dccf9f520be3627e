namespace IotProperty.Hub.Audit;

/// <summary>Event ids 2320–2329.</summary>
internal static partial class AuditLog
{
    [LoggerMessage(2320, LogLevel.Information, "The audit log stands at {Head}.")]
    public static partial void Head(ILogger logger, AuditHead head);
}
