using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// The timing of each device of one line: the protocol's own, but for devices whose profile asks for a longer silence in front of a request
/// (<c>quirks: { minGapMs: … }</c>). Owned by the line's task.
/// </summary>
public sealed class DeviceTimings(BusTiming usual)
{
    // By the silence that a profile asks for; there are few.
    private readonly Dictionary<int, BusTiming> _slower = [];

    /// <summary>The same object each time, so that a poll allocates nothing.</summary>
    public BusTiming Of(DeviceConfiguration device)
    {
        ArgumentNullException.ThrowIfNull(device);
        int silenceMs = device.Profile.Quirks.MinGapMs;
        TimeSpan silence = TimeSpan.FromMilliseconds(silenceMs);
        if (silence <= usual.Silence)
        {
            return usual;
        }

        if (!_slower.TryGetValue(silenceMs, out BusTiming? timing))
        {
            timing = usual with { Silence = silence };
            _slower.Add(silenceMs, timing);
        }

        return timing;
    }
}
