namespace IotProperty.Protocols.Uplink;

/// <summary>One value of one point.</summary>
/// <param name="Point">The point inside the batch's site.</param>
/// <param name="TimeMs">When the device's response had arrived at the edge; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Value">The scaled value in the profile's unit; NaN when no value was ever read. Booleans are 0 and 1.</param>
/// <param name="Quality">How far <paramref name="Value"/> may be trusted.</param>
/// <param name="ClockTrusted">Whether the edge's clock was synchronised when <paramref name="TimeMs"/> was taken.</param>
public readonly record struct Sample(PointRef Point, long TimeMs, double Value, Quality Quality, bool ClockTrusted);
