using IotProperty.Edge.Points;

namespace IotProperty.Edge.Lines;

/// <summary>
/// Who decides upon values: alarms and access. Called by every line task at each poll with all that the poll brought, before deadband thins it.
/// Safe for callers on any task; never waits and never throws for what a device said. The span is valid only during the call.
/// </summary>
public interface IPointSink
{
    /// <summary>All samples share one <see cref="PointSample.At"/> and one device. Within a device calls come in order of time.</summary>
    void OnSamples(ReadOnlySpan<PointSample> samples);
}
