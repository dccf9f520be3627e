using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// What stands behind the front door or a broker subscription. Safe for callers on any task; calls of one site may overlap and overtake.
/// </summary>
public interface IUplinkIngest
{
    /// <summary>
    /// Takes one batch as it came on <c>iotp/v1/{site}/up/{lane}</c>, commits it and its key in one transaction (or finds that it is there already)
    /// and answers with the receipt to be sent. Null when the hub cannot say now (its disk is full, its database is away): no receipt is sent,
    /// the edge keeps the batch and tries again. A payload that cannot be read yields null and a log line, for it has no key to answer to.
    /// </summary>
    ValueTask<Receipt?> AcceptAsync(string site, Lane lane, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);

    /// <summary>Takes the state message of a site (<c>iotp/v1/{site}/state</c>), its will included.</summary>
    ValueTask AcceptStateAsync(string site, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);
}
