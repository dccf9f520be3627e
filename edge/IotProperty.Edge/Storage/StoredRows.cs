using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tallies;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Storage;

/// <param name="Lane">The lane of the batch.</param>
/// <param name="Reason">Why it was set aside.</param>
/// <param name="AtMs">When; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Payload">The encoded batch.</param>
internal sealed record AsideRow(long Lane, long Epoch, long Sequence, long Records, string Reason, long AtMs, byte[] Payload);

/// <summary>Makes the store's rows out of the records of its tables; null for what is no such row, or one whose checksum does not hold.</summary>
internal static class StoredRows
{
    /// <summary>Of table <c>outbox</c>.</summary>
    public static (OutboxRow Row, byte[] Payload)? RowOf(StoredRecord record)
    {
        if (record.Values is not [null, long lane, long epoch, long sequence, long records, long fromMs, long toMs, long bookkeeping, long checksum, byte[] payload]
            || !IsLane(lane) || !IsCount(records))
        {
            return null;
        }

        OutboxRow row = new(record.RowId, new BatchNumber(epoch, (Lane)lane, sequence), payload.Length, (int)records, fromMs, toMs, bookkeeping != 0);
        return RowChecksum.Of(row, payload) == checksum ? (row, payload) : null;
    }

    /// <summary>Of table <c>aside</c>, which has no checksums of its own: an encoded batch is sealed by itself.</summary>
    public static AsideRow? AsideOf(StoredRecord record) =>
        record.Values is [null, long lane, long epoch, long sequence, long records, string reason, long atMs, byte[] payload] && BatchCodec.Decode(payload).Why.Length == 0
            ? new AsideRow(lane, epoch, sequence, records, reason, atMs, payload)
            : null;

    /// <summary>Of table <c>state</c>.</summary>
    public static (string Name, byte[] Value)? StateOf(StoredRecord record) =>
        record.Values is [string name, byte[] value, long checksum] && RowChecksum.Of(name, value) == checksum ? (name, value) : null;

    /// <summary>Of table <c>tally</c>, which has no checksums: a tally that is wrong shows a difference where there is none, and hides none.</summary>
    public static TallyRow? TallyOf(StoredRecord record) =>
        record.Values is [long epoch, long lane, long hourMs, long records, long hash, long first, long last, long revision, long changed, long carrier]
            && IsLane(lane) && records >= 0 && epoch > 0 && HourTally.StartOfHour(hourMs) == hourMs
            ? new TallyRow(new HourTally(epoch, (Lane)lane, hourMs, records, unchecked((ulong)hash), first, last, revision), changed != 0, carrier)
            : null;

    public static bool IsLane(long lane) => lane is >= (long)Lane.Event and <= (long)Lane.Telemetry;

    public static bool IsCount(long records) => records is >= 1 and <= UplinkLimits.MaxRecords;
}
