using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Lines;

internal static partial class LineLog
{
    [LoggerMessage(1300, LogLevel.Information, "Line {Line}: {Devices} devices over {Transport}")]
    public static partial void Started(this ILogger logger, string line, int devices, string transport);

    [LoggerMessage(1301, LogLevel.Warning, "Device {Device} does not answer and is asked only now and then")]
    public static partial void GivenUp(this ILogger logger, string device);

    [LoggerMessage(1302, LogLevel.Information, "Device {Device} answers again")]
    public static partial void Answers(this ILogger logger, string device);

    [LoggerMessage(1305, LogLevel.Warning, "Device {Device} refuses {Block}: {Detail}. The profile and the device do not agree")]
    public static partial void Refused(this ILogger logger, string device, string block, string detail);

    [LoggerMessage(1307, LogLevel.Warning, "Device {Device} has no {Block} ({Detail}); its other points are read on, this one is asked for only now and then. The profile and the device do not agree")]
    public static partial void HasNot(this ILogger logger, string device, string block, string detail);

    [LoggerMessage(1306, LogLevel.Warning, "Device {Device} sends what is no answer: {Detail}")]
    public static partial void Malformed(this ILogger logger, string device, string detail);

    [LoggerMessage(1310, LogLevel.Error, "{Count} meter readings cannot be stored; trying again in {PauseMs} ms")]
    public static partial void CannotStore(this ILogger logger, Exception exception, int count, double pauseMs);

    [LoggerMessage(1311, LogLevel.Error, "Meter readings are dropped until the store answers again")]
    public static partial void ReadingsDropped(this ILogger logger);
}
