using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>Changes of the box's own inputs.</summary>
internal static partial class OnboardLog
{
    [LoggerMessage(EventId = 1051, Level = LogLevel.Warning, Message = "Input {Input} cannot be read: {Reason}")]
    public static partial void InputDown(ILogger logger, string input, string reason);

    [LoggerMessage(EventId = 1052, Level = LogLevel.Information, Message = "Input {Input} can be read again")]
    public static partial void InputUp(ILogger logger, string input);

    [LoggerMessage(EventId = 1053, Level = LogLevel.Warning, Message = "Input {Input}: the current loop shows {Milliamperes} mA: {State}")]
    public static partial void LoopFailed(ILogger logger, string input, decimal milliamperes, string state);

    [LoggerMessage(EventId = 1054, Level = LogLevel.Information, Message = "Input {Input}: the current loop measures again")]
    public static partial void LoopMeasures(ILogger logger, string input);

    [LoggerMessage(EventId = 1055, Level = LogLevel.Error, Message = "Pulse counts cannot be saved; until they can, the meters seem to stand still: {Reason}")]
    public static partial void CountsNotSaved(ILogger logger, string reason);

    [LoggerMessage(EventId = 1056, Level = LogLevel.Information, Message = "Pulse counts are saved again")]
    public static partial void CountsSaved(ILogger logger);

    [LoggerMessage(EventId = 1057, Level = LogLevel.Warning, Message = "Input {Input}: pulses came faster than they were taken; {Lost} had to be counted by their sequence number")]
    public static partial void EventsLost(ILogger logger, string input, long lost);
}
