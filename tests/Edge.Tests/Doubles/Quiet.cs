using IotProperty.Edge.Access;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Points;

namespace IotProperty.Edge.Tests.Doubles;

/// <summary>Sinks of tests that look elsewhere.</summary>
internal sealed class Quiet : IPointSink, IAccessSink
{
    public void OnSamples(ReadOnlySpan<PointSample> samples)
    {
    }

    public void OnSwipes(string device, ushort sequence, ReadOnlySpan<SwipeEntry> entries, Moment now)
    {
    }
}
