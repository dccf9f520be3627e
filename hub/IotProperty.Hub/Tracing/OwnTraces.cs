using System.Diagnostics;

namespace IotProperty.Hub.Tracing;

/// <summary>
/// Reads no trace from requests: whoever can reach the hub could otherwise have each of his requests recorded, and choose under which id. Edges' batches are the only way by which a
/// trace enters.
/// </summary>
internal sealed class OwnTraces : DistributedContextPropagator
{
    public override IReadOnlyCollection<string> Fields => [];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
    }

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) => (traceId, traceState) = (null, null);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
