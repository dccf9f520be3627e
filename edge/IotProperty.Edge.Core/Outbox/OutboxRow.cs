using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Outbox;

/// <summary>A <see cref="BatchKey"/> without the site, which is the same for all batches of an edge.</summary>
public readonly record struct BatchNumber(long Epoch, Lane Lane, long Sequence);

/// <summary>What is known about a stored batch without reading it.</summary>
/// <param name="Id">The row in the store; grows in the order in which batches were stored, restarts included.</param>
/// <param name="Number">Names the batch to the hub.</param>
/// <param name="Bytes">Length of the encoded batch.</param>
/// <param name="Records">How many records it holds.</param>
/// <param name="FromMs">Event time of its oldest record; milliseconds since the Unix epoch, UTC.</param>
/// <param name="ToMs">Event time of its newest record.</param>
/// <param name="IsBookkeeping">Whether it holds nothing but gap records or nothing but tallies: its own loss is not declared, or a hub that refuses them would be answered for ever.</param>
public readonly record struct OutboxRow(long Id, BatchNumber Number, int Bytes, int Records, long FromMs, long ToMs, bool IsBookkeeping);
