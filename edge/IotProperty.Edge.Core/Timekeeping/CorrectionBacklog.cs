using System.Buffers.Binary;

namespace IotProperty.Edge.Timekeeping;

/// <summary>Rows of the outbox with neighbouring ids that were never published and wait for the same correction.</summary>
public readonly record struct CorrectionRange(long FirstId, long LastId, long CorrectionMs);

/// <summary>
/// Which stored rows still have to be corrected by how much. Pure; owned by the store's task, which keeps <see cref="ToBytes"/> in the same transaction as the rows, so
/// that a kill in the middle corrects no row twice and leaves none out. A row in here was never published, and is not until it is corrected.
/// </summary>
public sealed class CorrectionBacklog
{
    /// <summary>The most ranges that a step leaves; rows beyond them stay as they are, suspect.</summary>
    public const int MaxRanges = 2_048;

    private const int RangeBytes = 3 * sizeof(long);

    /// <summary>In order of ids, without overlap.</summary>
    private List<CorrectionRange> _ranges = [];

    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>The lowest id that waits; null when none does.</summary>
    public long? FirstId => IsEmpty ? null : _ranges[0].FirstId;

    public IReadOnlyList<CorrectionRange> Ranges => _ranges;

    /// <summary>Reads what <see cref="ToBytes"/> wrote; false when it is something else.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out CorrectionBacklog backlog)
    {
        backlog = new CorrectionBacklog();
        if (bytes.Length % RangeBytes != 0)
        {
            return false;
        }

        for (; !bytes.IsEmpty; bytes = bytes[RangeBytes..])
        {
            CorrectionRange range = new(
                BinaryPrimitives.ReadInt64LittleEndian(bytes),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[sizeof(long)..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[(2 * sizeof(long))..]));
            if (range.FirstId > range.LastId || (!backlog.IsEmpty && backlog._ranges[^1].LastId >= range.FirstId))
            {
                backlog = new CorrectionBacklog();
                return false;
            }

            backlog._ranges.Add(range);
        }

        return true;
    }

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[_ranges.Count * RangeBytes];
        Span<byte> rest = bytes;
        foreach (CorrectionRange range in _ranges)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, range.FirstId);
            BinaryPrimitives.WriteInt64LittleEndian(rest[sizeof(long)..], range.LastId);
            BinaryPrimitives.WriteInt64LittleEndian(rest[(2 * sizeof(long))..], range.CorrectionMs);
            rest = rest[RangeBytes..];
        }

        return bytes;
    }

    /// <summary>By how much the row is to be corrected; 0 when it does not wait.</summary>
    public long Of(long id) => Find(id) is var at and >= 0 ? _ranges[at].CorrectionMs : 0;

    /// <summary>
    /// The clock was stepped: rows that it concerns wait for the correction, and for one more when they waited already. False when there are too many ranges, and rows
    /// with the highest ids were left out.
    /// </summary>
    /// <param name="rows">All rows of the outbox in order of their ids, and whether each was taken in this run and never published.</param>
    /// <param name="correctionMs">By how much.</param>
    public bool Add(IEnumerable<(long Id, bool IsConcerned)> rows, long correctionMs)
    {
        ArgumentNullException.ThrowIfNull(rows);
        List<CorrectionRange> after = [];
        bool joins = false;
        foreach ((long id, bool isConcerned) in rows)
        {
            long correction = Of(id) + (isConcerned ? correctionMs : 0);
            if (correction == 0)
            {
                joins = false;
            }
            else if (joins && after[^1].CorrectionMs == correction)
            {
                after[^1] = after[^1] with { LastId = id };
            }
            else
            {
                after.Add(new CorrectionRange(id, id, correction));
                joins = true;
            }
        }

        bool fits = after.Count <= MaxRanges;
        _ranges = fits ? after : after[..MaxRanges];
        return fits;
    }

    /// <summary>The row is corrected, or gone.</summary>
    public void Done(long id)
    {
        int at = Find(id);
        if (at < 0)
        {
            return;
        }

        CorrectionRange range = _ranges[at];
        _ranges.RemoveAt(at);
        if (id < range.LastId)
        {
            _ranges.Insert(at, range with { FirstId = id + 1 });
        }

        if (range.FirstId < id)
        {
            _ranges.Insert(at, range with { LastId = id - 1 });
        }
    }

    /// <summary>All rows with lower ids are corrected or gone.</summary>
    public void DoneBefore(long id)
    {
        int whole = _ranges.FindIndex(range => range.LastId >= id);
        _ranges.RemoveRange(0, whole < 0 ? _ranges.Count : whole);
        if (!IsEmpty && _ranges[0].FirstId < id)
        {
            _ranges[0] = _ranges[0] with { FirstId = id };
        }
    }

    /// <summary>Forgets rows beyond the last one that exists: their ids are given to others.</summary>
    public void EndAt(long lastId)
    {
        _ranges.RemoveAll(range => range.FirstId > lastId);
        if (!IsEmpty && _ranges[^1].LastId > lastId)
        {
            _ranges[^1] = _ranges[^1] with { LastId = lastId };
        }
    }

    private int Find(long id)
    {
        int low = 0;
        int high = _ranges.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].LastId < id)
            {
                low = middle + 1;
            }
            else if (_ranges[middle].FirstId > id)
            {
                high = middle - 1;
            }
            else
            {
                return middle;
            }
        }

        return -1;
    }
}
