using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage;

/// <summary>Which batches of one lane of one boot of an edge are committed. <paramref name="Count"/> short of the span's length means that batches are missing.</summary>
/// <param name="Epoch">The edge's boot epoch.</param>
/// <param name="Lane">The lane.</param>
/// <param name="Count">How many batches are committed.</param>
/// <param name="MinSequence">The lowest sequence among them.</param>
/// <param name="MaxSequence">The highest sequence among them.</param>
public readonly record struct BatchSpan(long Epoch, Lane Lane, long Count, long MinSequence, long MaxSequence);
