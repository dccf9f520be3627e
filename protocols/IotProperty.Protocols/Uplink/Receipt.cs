namespace IotProperty.Protocols.Uplink;

public enum ReceiptStatus : byte
{
    /// <summary>The batch is on the hub's disk, now or since an earlier delivery.</summary>
    Committed = 1,

    /// <summary>The hub will never take this batch; <see cref="Receipt.Reason"/> says why. The edge keeps it aside and declares a gap.</summary>
    Refused = 2,
}

/// <summary>The hub's word about one batch. An MQTT acknowledgement is not a receipt.</summary>
/// <param name="Key">The batch.</param>
/// <param name="Status">What became of it.</param>
/// <param name="Reason">Empty when committed.</param>
public readonly record struct Receipt(BatchKey Key, ReceiptStatus Status, string Reason);
