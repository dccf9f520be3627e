using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers;

/// <summary>Tells once, and not at every poll, what a device sends that its profile cannot use. Owned by one line's task.</summary>
public sealed class ItemMistakes(ILogger logger)
{
    /// <summary>A line has far fewer points; beyond this nothing more is remembered or told.</summary>
    private const int MaxTold = 1_000;

    private readonly HashSet<(string Device, string Item)> _told = [];

    /// <param name="mistake">What is wrong and how to mend it, for people.</param>
    public void Tell(string device, string item, string mistake)
    {
        if (_told.Count < MaxTold && _told.Add((device, item)))
        {
            DriverLog.UnusableItem(logger, device, item, mistake);
        }
    }
}
