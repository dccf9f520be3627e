using IotProperty.Protocols.Uplink.Wire;

namespace IotProperty.Protocols.Uplink;

/// <summary>Receipts from and to the bytes of <c>uplink.proto</c>; one message may carry several of one site.</summary>
public static class ReceiptCodec
{
    private const int MaxFields = UplinkLimits.MaxRecords + 16;

    /// <summary>Throws <see cref="ArgumentException"/> when there is no receipt, more than <see cref="UplinkLimits.MaxRecords"/>, or receipts of several sites.</summary>
    public static byte[] Encode(params IReadOnlyList<Receipt> receipts)
    {
        ArgumentNullException.ThrowIfNull(receipts);
        if (receipts.Count is 0 or > UplinkLimits.MaxRecords)
        {
            throw new ArgumentException($"{receipts.Count} receipts, not 1 to {UplinkLimits.MaxRecords}", nameof(receipts));
        }

        Receipts wire = new() { Site = receipts[0].Key.Site };
        foreach (Receipt receipt in receipts)
        {
            if (receipt.Key.Site != wire.Site)
            {
                throw new ArgumentException("the receipts belong to several sites", nameof(receipts));
            }

            wire.Receipts_.Add(new Wire.Receipt
            {
                Epoch = receipt.Key.Epoch,
                Lane = (Wire.Lane)WireEnum.Number(receipt.Key.Lane),
                Sequence = receipt.Key.Sequence,
                Status = WireEnum.Number(receipt.Status),
                Reason = receipt.Reason,
            });
        }

        return WireMessage.Seal(wire);
    }

    /// <summary>Never throws for what the bytes hold. A receipt of a lane or status that this version does not know makes the whole message malformed.</summary>
    public static Decoded<IReadOnlyList<Receipt>> Decode(ReadOnlySpan<byte> payload)
    {
        if (!WireMessage.TryOpen(Receipts.Parser, payload, MaxFields, out Receipts? wire, out string why))
        {
            return Decoded<IReadOnlyList<Receipt>>.Malformed($"receipt message {why}");
        }

        if (wire.Site.Length == 0 || wire.Receipts_.Count is 0 or > UplinkLimits.MaxRecords)
        {
            return Decoded<IReadOnlyList<Receipt>>.Malformed("receipt message names no site, or has no receipt or too many");
        }

        List<Receipt> receipts = new(wire.Receipts_.Count);
        foreach (Wire.Receipt receipt in wire.Receipts_)
        {
            if (!WireEnum.TryRead(unchecked((uint)receipt.Lane), out Lane lane) || !WireEnum.TryRead(receipt.Status, out ReceiptStatus status))
            {
                return Decoded<IReadOnlyList<Receipt>>.Malformed($"receipt {receipts.Count} has an unknown lane or status");
            }

            receipts.Add(new Receipt(new BatchKey(wire.Site, receipt.Epoch, lane, receipt.Sequence), status, receipt.Reason));
        }

        return new Decoded<IReadOnlyList<Receipt>>(receipts, "");
    }
}
