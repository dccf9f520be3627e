using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Points;

/// <summary>What the points floor tells the alarms and access floors about every poll of a point, before deadband thins it for the uplink.</summary>
/// <param name="Point">The point.</param>
/// <param name="At">When the device's response had arrived, or when its absence was established.</param>
/// <param name="Value">The scaled value in the profile's unit; the last known one when <paramref name="Quality"/> is not good, NaN when there is none.</param>
/// <param name="Quality">How far the value may be trusted.</param>
public readonly record struct PointSample(PointRef Point, Moment At, double Value, Quality Quality);
