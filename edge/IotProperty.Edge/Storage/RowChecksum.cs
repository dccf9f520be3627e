using System.Buffers.Binary;
using System.Text;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Storage;

/// <summary>CRC-32C over everything in a row that must not change by itself: what names it, what describes it, and its payload.</summary>
internal static class RowChecksum
{
    public static uint Of(in OutboxRow row, ReadOnlySpan<byte> payload)
    {
        Span<byte> description = stackalloc byte[48];
        BinaryPrimitives.WriteInt64LittleEndian(description, row.Number.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(description[8..], row.Number.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(description[16..], row.FromMs);
        BinaryPrimitives.WriteInt64LittleEndian(description[24..], row.ToMs);
        BinaryPrimitives.WriteInt32LittleEndian(description[32..], row.Records);
        BinaryPrimitives.WriteInt32LittleEndian(description[36..], row.Bytes);
        BinaryPrimitives.WriteInt32LittleEndian(description[40..], (byte)row.Number.Lane);
        BinaryPrimitives.WriteInt32LittleEndian(description[44..], row.IsBookkeeping ? 1 : 0);
        return Crc32C.Of(description, payload);
    }

    /// <summary>Of a row of the edge's state.</summary>
    public static uint Of(string name, ReadOnlySpan<byte> value) => Crc32C.Of(Encoding.UTF8.GetBytes(name + '\0'), value);
}
