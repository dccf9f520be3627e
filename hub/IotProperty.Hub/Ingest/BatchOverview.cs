using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Ingest;

/// <summary>Which batches of a site the hub holds, over both stores; what an operator compares with the edge's own counts.</summary>
public sealed class BatchOverview(ITelemetryStore telemetry, IEventLedger ledger)
{
    /// <summary>All lanes, by epoch and then by lane.</summary>
    public async ValueTask<IReadOnlyList<BatchSpan>> ReadAsync(string site, CancellationToken cancellationToken)
    {
        IReadOnlyList<BatchSpan> events = await ledger.BatchesAsync(site, cancellationToken);
        IReadOnlyList<BatchSpan> samples = await telemetry.BatchesAsync(site, cancellationToken);
        return [.. events.Concat(samples).OrderBy(span => span.Epoch).ThenBy(span => span.Lane)];
    }
}
