using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers;

/// <summary>Changes of a line's state; single requests are counted, not logged.</summary>
internal static partial class DriverLog
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Warning, Message = "Line {Line} is down: {Reason}")]
    public static partial void LineDown(ILogger logger, string line, string reason);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Information, Message = "Line {Line} is up again: {Endpoint}")]
    public static partial void LineUp(ILogger logger, string line, string endpoint);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Warning, Message = "Line {Line} is out of step and will be opened anew: {Detail}")]
    public static partial void OutOfStep(ILogger logger, string line, string detail);

    [LoggerMessage(EventId = 1004, Level = LogLevel.Information, Message = "Line {Line}, its port: {Note}")]
    public static partial void PortNote(ILogger logger, string line, string note);

    [LoggerMessage(EventId = 1005, Level = LogLevel.Warning, Message = "The adapter of line {Line} hears its own sending: write echo: true at the line in the site file. Until then its echo is taken out as soon as a read has shown it")]
    public static partial void EchoHeard(ILogger logger, string line);

    [LoggerMessage(EventId = 1010, Level = LogLevel.Warning, Message = "Device {Device} sends item {Item} in a way that its profile cannot use: {Mistake}")]
    public static partial void UnusableItem(ILogger logger, string device, string item, string mistake);
}
