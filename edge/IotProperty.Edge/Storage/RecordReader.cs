using System.Buffers.Binary;
using System.Text;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Takes the records of a table out of single pages of a SQLite file ("Database File Format", sections 1.6 B-tree pages and 2.1 Record format), whatever became of the pages
/// above them. Never throws for what the bytes hold.
/// </summary>
internal sealed class RecordReader(StoreImage image)
{
    private const int MaxColumns = 12;
    private const int MaxRecordBytes = 64 << 20;
    private const int Usable = StoreImage.PageBytes;

    private readonly byte[] _overflow = new byte[StoreImage.PageBytes];

    /// <summary>The records of a page; none when it is not a page of records.</summary>
    public IEnumerable<StoredRecord> Records(uint page, byte[] content)
    {
        int at = page == 1 ? 100 : 0;
        byte type = content[at];
        if (type is not (0x0D or 0x0A or 0x02))
        {
            yield break;
        }

        int cells = BinaryPrimitives.ReadUInt16BigEndian(content.AsSpan(at + 3));
        int pointers = at + (type == 0x02 ? 12 : 8);
        for (int cell = 0; cell < cells && pointers + (cell * 2) + 2 <= Usable; cell++)
        {
            int start = BinaryPrimitives.ReadUInt16BigEndian(content.AsSpan(pointers + (cell * 2)));
            if (start >= pointers && start < Usable && Read(content, start, type) is { } record)
            {
                yield return record;
            }
        }
    }

    private StoredRecord? Read(byte[] content, int start, byte type)
    {
        ReadOnlySpan<byte> cell = content.AsSpan(start);
        if (type == 0x02)
        {
            if (cell.Length < 4)
            {
                return null;
            }

            cell = cell[4..];
        }

        long rowId = 0;
        if (!TryVarint(ref cell, out long length) || (type == 0x0D && !TryVarint(ref cell, out rowId)) || length is < 2 or > MaxRecordBytes)
        {
            return null;
        }

        return Payload(cell, (int)length, isTable: type == 0x0D) is { } payload && Values(payload) is { } values ? new StoredRecord(type == 0x0D, rowId, values) : null;
    }

    /// <summary>Section 1.6: how much of a record is in its page, and the chain of overflow pages behind it.</summary>
    private byte[]? Payload(ReadOnlySpan<byte> cell, int length, bool isTable)
    {
        int max = isTable ? Usable - 35 : ((Usable - 12) * 64 / 255) - 23;
        int min = ((Usable - 12) * 32 / 255) - 23;
        int local = length;
        if (length > max)
        {
            local = min + ((length - min) % (Usable - 4));
            local = local <= max ? local : min;
        }

        if (cell.Length < local + (local < length ? 4 : 0))
        {
            return null;
        }

        byte[] payload = new byte[length];
        cell[..local].CopyTo(payload);
        uint next = local < length ? BinaryPrimitives.ReadUInt32BigEndian(cell[local..]) : 0;
        while (local < length)
        {
            if (next < 2 || next > image.Pages)
            {
                return null;
            }

            image.Read(next, _overflow);
            int part = Math.Min(length - local, Usable - 4);
            _overflow.AsSpan(4, part).CopyTo(payload.AsSpan(local));
            local += part;
            next = BinaryPrimitives.ReadUInt32BigEndian(_overflow);
        }

        return payload;
    }

    /// <summary>Section 2.1: integers come as long, text as string, blobs as bytes, and NULL as null.</summary>
    private static object?[]? Values(byte[] payload)
    {
        ReadOnlySpan<byte> header = payload;
        if (!TryVarint(ref header, out long headerBytes) || headerBytes < 1 || headerBytes > payload.Length)
        {
            return null;
        }

        int read = payload.Length - header.Length;
        if (headerBytes < read)
        {
            return null;
        }

        header = payload.AsSpan(read, (int)headerBytes - read);
        ReadOnlySpan<byte> body = payload.AsSpan((int)headerBytes);
        List<object?> values = [];
        while (!header.IsEmpty)
        {
            if (values.Count == MaxColumns || !TryVarint(ref header, out long type) || !TryValue(type, ref body, out object? value))
            {
                return null;
            }

            values.Add(value);
        }

        return [.. values];
    }

    private static bool TryValue(long type, ref ReadOnlySpan<byte> body, out object? value)
    {
        value = null;
        long bytes = type switch
        {
            0 or 8 or 9 => 0,
            >= 1 and <= 4 => type,
            5 => 6,
            6 or 7 => 8,
            >= 12 => (type - 12) / 2,
            _ => -1,
        };
        if (bytes < 0 || bytes > body.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> of = body[..(int)bytes];
        body = body[(int)bytes..];
        value = type switch
        {
            0 => null,
            8 => 0L,
            9 => 1L,
            <= 6 => Integer(of),
            7 => BinaryPrimitives.ReadDoubleBigEndian(of),
            _ => type % 2 == 0 ? of.ToArray() : Encoding.UTF8.GetString(of),
        };
        return true;
    }

    private static long Integer(ReadOnlySpan<byte> bigEndian)
    {
        long value = unchecked((sbyte)bigEndian[0]);
        foreach (byte next in bigEndian[1..])
        {
            value = (value << 8) | next;
        }

        return value;
    }

    /// <summary>Up to nine bytes, seven bits each but the ninth, which has eight.</summary>
    private static bool TryVarint(ref ReadOnlySpan<byte> from, out long value)
    {
        value = 0;
        for (int index = 0; index < Math.Min(9, from.Length); index++)
        {
            value = index == 8 ? (value << 8) | from[index] : (value << 7) | (uint)(from[index] & 0x7F);
            if (index == 8 || from[index] < 0x80)
            {
                from = from[(index + 1)..];
                return true;
            }
        }

        return false;
    }
}

/// <param name="IsTable">Whether it lay in a table with row ids.</param>
/// <param name="RowId">The row's id in such a table.</param>
/// <param name="Values">The columns.</param>
internal sealed record StoredRecord(bool IsTable, long RowId, object?[] Values);
