using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Overview;

/// <summary>Whether a stored value may be taken for how things are now.</summary>
public enum Freshness : byte
{
    Fresh = 0,

    /// <summary>There never was a value.</summary>
    Never,

    /// <summary>The edge is away, so nobody knows.</summary>
    EdgeAway,

    /// <summary>The edge is there and says that the device does not answer.</summary>
    DeviceSilent,

    /// <summary>The edge is there, but the value is older than the point's silence.</summary>
    Old,

    /// <summary>The device answers with a value outside the range of its profile.</summary>
    OutOfRange,
}

/// <summary>The rule by which a value is fresh. An edge repeats every value within its point's maximum silence, so silence means something.</summary>
public static class FreshnessRule
{
    /// <summary>An edge that was not heard of for so long is away, whatever its last state said.</summary>
    public const long EdgeSilenceMs = 90_000;

    /// <summary>No value is called old before this; longer than most points may keep silent.</summary>
    public const long LeastValueSilenceMs = 300_000;

    public static bool EdgeIsOnline(bool saysOnline, long? lastSeenMs, long nowMs) => saysOnline && lastSeenMs is { } seen && nowMs - seen <= EdgeSilenceMs;

    /// <param name="maxSilenceMs">Within which the edge repeats the point's value; a meter that is read every quarter of an hour is no older than it should be.</param>
    public static Freshness Of(StoredSample? sample, bool edgeOnline, long nowMs, int maxSilenceMs) => sample switch
    {
        null => Freshness.Never,
        { Value: double.NaN } => Freshness.Never,
        _ when !edgeOnline => Freshness.EdgeAway,
        { Quality: Quality.CommFail or Quality.Stale } => Freshness.DeviceSilent,
        { Quality: Quality.OutOfRange } => Freshness.OutOfRange,
        { } known when nowMs - known.TimeMs > Math.Max(LeastValueSilenceMs, 2L * maxSilenceMs) => Freshness.Old,
        _ => Freshness.Fresh,
    };
}
