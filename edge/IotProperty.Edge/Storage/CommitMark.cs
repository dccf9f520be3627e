using System.Buffers.Binary;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Storage;

/// <summary>
/// How far a store has come: written in every transaction, so that a store that is opened again tells whether a commit reached the disk, and noted beside the store
/// after every commit, so that a store that has lost commits is found out.
/// </summary>
/// <param name="Epoch">The boot epoch that committed.</param>
/// <param name="Number">Counts the commits of the store, over all epochs.</param>
/// <param name="Events">How far the event lane has come in this epoch.</param>
/// <param name="Readings">The same of the reading lane.</param>
/// <param name="Telemetry">The same of the telemetry lane.</param>
internal readonly record struct CommitMark(long Epoch, long Number, LaneMark Events, LaneMark Readings, LaneMark Telemetry)
{
    public const int Bytes = 16 + (3 * LaneMark.Bytes) + 4;

    public LaneMark this[Lane lane] => lane switch
    {
        Lane.Event => Events,
        Lane.Reading => Readings,
        Lane.Telemetry => Telemetry,
        _ => throw new ArgumentOutOfRangeException(nameof(lane), lane, "not a lane"),
    };

    public CommitMark With(Lane lane, LaneMark mark) => lane switch
    {
        Lane.Event => this with { Events = mark },
        Lane.Reading => this with { Readings = mark },
        Lane.Telemetry => this with { Telemetry = mark },
        _ => throw new ArgumentOutOfRangeException(nameof(lane), lane, "not a lane"),
    };

    /// <summary>Whether a batch was stored after this mark, as far as its number tells.</summary>
    public bool IsBefore(in BatchNumber number) => number.Epoch > Epoch || (number.Epoch == Epoch && number.Sequence > this[number.Lane].LastSequence);

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Bytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), Number);
        Events.Write(bytes.AsSpan(16));
        Readings.Write(bytes.AsSpan(16 + LaneMark.Bytes));
        Telemetry.Write(bytes.AsSpan(16 + (2 * LaneMark.Bytes)));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Bytes - 4), Crc32C.Of(bytes.AsSpan(0, Bytes - 4)));
        return bytes;
    }

    /// <summary>Null when the bytes are not what <see cref="ToBytes"/> wrote.</summary>
    public static CommitMark? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Bytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes[(Bytes - 4)..]) != Crc32C.Of(bytes[..(Bytes - 4)]))
        {
            return null;
        }

        return new CommitMark(
            BinaryPrimitives.ReadInt64LittleEndian(bytes),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            LaneMark.Read(bytes[16..]),
            LaneMark.Read(bytes[(16 + LaneMark.Bytes)..]),
            LaneMark.Read(bytes[(16 + (2 * LaneMark.Bytes))..]));
    }
}

/// <param name="LastSequence">The last sequence that was given out; 0 for none.</param>
/// <param name="Records">How many records were stored under them.</param>
/// <param name="NewestMs">Event time of the newest of them; 0 for none.</param>
internal readonly record struct LaneMark(long LastSequence, long Records, long NewestMs)
{
    public const int Bytes = 24;

    /// <summary>With a row more.</summary>
    public LaneMark And(in OutboxRow row) => new(row.Number.Sequence, Records + row.Records, Math.Max(NewestMs, row.ToMs));

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, LastSequence);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Records);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], NewestMs);
    }

    public static LaneMark Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadInt64LittleEndian(from),
        BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(from[16..]));
}
