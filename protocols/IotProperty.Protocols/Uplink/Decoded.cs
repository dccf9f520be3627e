using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.Uplink;

/// <summary>What came out of a payload from outside: the value, or why there is none.</summary>
/// <param name="Value">The value; null when the payload is malformed.</param>
/// <param name="Why">For people: what is wrong with the payload; empty when nothing is.</param>
public readonly record struct Decoded<T>(T? Value, string Why)
    where T : class
{
    [MemberNotNullWhen(true, nameof(Value))]
    public bool Done => Value is not null;

    internal static Decoded<T> Malformed(string why) => new(null, why);
}

/// <summary>What came out of a batch's payload.</summary>
/// <param name="Batch">The batch; null when the payload is malformed.</param>
/// <param name="Key">
/// The batch's key wherever it can be believed: also for a payload whose checksum holds but whose body this version cannot read, so that it can be
/// refused by a receipt instead of being sent again for ever.
/// </param>
/// <param name="Why">For people: what is wrong with the payload; empty when nothing is.</param>
public readonly record struct DecodedBatch(Batch? Batch, BatchKey? Key, string Why)
{
    /// <summary>The batch's trace, also where only its key can be believed; null where it is not traced.</summary>
    public TraceContext? Trace { get; init; }

    [MemberNotNullWhen(true, nameof(Batch), nameof(Key))]
    public bool Done => Batch is not null;
}
