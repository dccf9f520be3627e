namespace IotProperty.Protocols.Uplink;

/// <summary>Names one measured value inside a site: <c>device/point</c>. The site itself stands in the <see cref="Batch"/>.</summary>
public readonly record struct PointRef(string Device, string Point)
{
    public override string ToString() => $"{Device}/{Point}";
}
