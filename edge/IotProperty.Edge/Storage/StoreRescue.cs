using System.Collections.Immutable;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tallies;

namespace IotProperty.Edge.Storage;

/// <summary>What could be saved of a damaged store.</summary>
/// <param name="Rows">In order of ids, with their payloads.</param>
/// <param name="State">The edge's state.</param>
/// <param name="Aside">Rows that had been set aside for people to look at.</param>
/// <param name="Tallies">What was recorded hour by hour.</param>
/// <param name="Mark">The newest mark that could be read.</param>
/// <param name="Lost">What waited in the store, as far as is known, and could not be saved.</param>
internal sealed record RescuedStore(
    IReadOnlyList<(OutboxRow Row, byte[] Payload)> Rows,
    IReadOnlyDictionary<string, byte[]> State,
    IReadOnlyList<AsideRow> Aside,
    IReadOnlyList<TallyRow> Tallies,
    CommitMark? Mark,
    ImmutableArray<Gap> Lost);

/// <summary>
/// Reads a store that SQLite cannot read, or cannot be trusted to read: every page by itself, so that a bad page costs only what is in it. A row is taken when its checksum
/// holds and is otherwise left; so nothing is invented. What the notes beside the store say was waiting and was not found is lost, and named.
/// </summary>
internal static class StoreRescue
{
    /// <summary>More rows than an edge stores in its life.</summary>
    private const long MaxId = 1L << 50;

    /// <param name="path">The store.</param>
    /// <param name="note">What the notes beside it say; null when there are none.</param>
    /// <param name="takeNewer">Whether rows are taken that are newer than the note.</param>
    /// <param name="why">The reason that gaps are declared with.</param>
    public static RescuedStore Read(string path, CommitNote? note, bool takeNewer, string why)
    {
        using StoreImage image = StoreImage.Open(path);
        Finds finds = new(note, takeNewer);
        RecordReader reader = new(image);
        HashSet<uint> free = image.FreePages();
        byte[] content = new byte[StoreImage.PageBytes];
        for (uint page = 1; page <= image.Pages; page++)
        {
            if (!free.Contains(page))
            {
                image.Read(page, content);
                finds.Take(reader.Records(page, content), isLive: true);
            }
        }

        // What should be there and is not may stand in an older version of a page, or in one that has become free.
        if (finds.MissesAny())
        {
            foreach ((uint page, byte[] former) in image.Replaced())
            {
                finds.Take(reader.Records(page, former), isLive: false);
            }

            foreach (uint page in free.Where(page => page >= 1 && page <= image.Pages))
            {
                image.Read(page, content);
                finds.Take(reader.Records(page, content), isLive: false);
            }
        }

        return finds.ToStore(why);
    }

    private sealed class Finds(CommitNote? note, bool takeNewer)
    {
        private readonly Dictionary<BatchNumber, (OutboxRow Row, byte[] Payload)> _rows = [];

        /// <summary>Found only in an older version, which may be a shorter one.</summary>
        private readonly HashSet<BatchNumber> _older = [];
        private readonly Dictionary<string, byte[]> _state = new(StringComparer.Ordinal);
        private readonly SortedDictionary<long, AsideRow> _aside = [];
        private readonly Dictionary<TallyKey, TallyRow> _tallies = [];
        private CommitMark? _mark;

        public void Take(IEnumerable<StoredRecord> records, bool isLive)
        {
            foreach (StoredRecord record in records)
            {
                switch (record)
                {
                    case { IsTable: true, Values.Length: 10 } when StoredRows.RowOf(record) is { } found:
                        Take(found.Row, found.Payload, isLive);
                        break;
                    case { IsTable: true, Values: [null, byte[] bytes] } when CommitMark.Read(bytes) is { } mark && (_mark is null || mark.Number > _mark.Value.Number):
                        _mark = mark;
                        break;
                    case { IsTable: true, Values.Length: 8 } when isLive && StoredRows.AsideOf(record) is { } aside:
                        _aside.TryAdd(record.RowId, aside);
                        break;
                    case { IsTable: false } when isLive && StoredRows.StateOf(record) is { } state:
                        _state.TryAdd(state.Name, state.Value);
                        break;
                    case { IsTable: false, Values.Length: 10 } when isLive && StoredRows.TallyOf(record) is { } tally:
                        _tallies.TryAdd(new TallyKey(tally.Tally.Epoch, tally.Tally.Lane, tally.Tally.HourMs), tally);
                        break;
                    default:
                        break;
                }
            }
        }

        public bool MissesAny() => note is null || note.Waiting.Any(span => Missing(span, Found(span)).Count > 0);

        public RescuedStore ToStore(string why)
        {
            List<(OutboxRow Row, byte[] Payload)> rows = [.. _rows.Values.OrderBy(found => found.Row.Id).ThenBy(found => found.Row.Number.Epoch).ThenBy(found => found.Row.Number.Sequence)];
            HashSet<long> ids = [];
            for (int index = 0; index < rows.Count; index++)
            {
                // Ids are not covered by the checksum and may have suffered; one that cannot be is replaced by one behind all others.
                OutboxRow row = rows[index].Row;
                bool isSound = row.Id is > 0 and < MaxId && ids.Add(row.Id);
                rows[index] = (isSound ? row : row with { Id = MaxId + index }, rows[index].Payload);
            }

            rows.Sort((one, other) => one.Row.Id.CompareTo(other.Row.Id));
            return new RescuedStore(rows, _state, [.. _aside.Values], [.. _tallies.Values], _mark, [.. (note?.Waiting ?? []).SelectMany(span => GapsOf(span, why))]);
        }

        private void Take(in OutboxRow row, byte[] payload, bool isLive)
        {
            bool isExpected = note?.Expects(row.Number) ?? isLive;
            bool isNewer = takeNewer && isLive && note is not null && note.Mark.IsBefore(row.Number);
            if ((isExpected || isNewer) && (!_rows.TryGetValue(row.Number, out (OutboxRow Row, byte[] Payload) former) || former.Row.Records < row.Records))
            {
                _rows[row.Number] = (row, payload);
                if (!isLive)
                {
                    _older.Add(row.Number);
                }
            }
        }

        /// <summary>Ranges of the span of which nothing was found, and the rows beside them.</summary>
        private static List<(SequenceRange Range, OutboxRow? Before, OutboxRow? After)> Missing(WaitingSpan span, List<OutboxRow> found)
        {
            List<(SequenceRange, OutboxRow?, OutboxRow?)> missing = [];
            int at = 0;
            foreach (SequenceRange range in span.Ranges)
            {
                long next = range.First;
                for (; at < found.Count && found[at].Number.Sequence <= range.Last; at++)
                {
                    if (found[at].Number.Sequence > next)
                    {
                        missing.Add((new SequenceRange(next, found[at].Number.Sequence - 1), Beside(at - 1), found[at]));
                    }

                    next = Math.Max(next, found[at].Number.Sequence + 1);
                }

                if (next <= range.Last)
                {
                    missing.Add((new SequenceRange(next, range.Last), Beside(at - 1), Beside(at)));
                }
            }

            return missing;

            OutboxRow? Beside(int index) => index >= 0 && index < found.Count ? found[index] : null;
        }

        private List<OutboxRow> Found(WaitingSpan span) =>
            [.. _rows.Values.Select(row => row.Row).Where(row => row.Number.Lane == span.Lane && row.Number.Epoch == span.Epoch).OrderBy(row => row.Number.Sequence)];

        /// <summary>
        /// The records of a span are known in sum; where several ranges are missing they are shared out by their lengths. A batch that was found only in an older and
        /// shorter version is missing its newest records.
        /// </summary>
        private IEnumerable<Gap> GapsOf(WaitingSpan span, string why)
        {
            List<OutboxRow> found = Found(span);
            long records = Math.Max(0, span.Records - found.Where(row => span.Holds(row.Number.Sequence)).Sum(row => (long)row.Records));
            List<(SequenceRange Range, OutboxRow? Before, OutboxRow? After)> missing = Missing(span, found);
            if (missing.Count == 0 && records > 0)
            {
                OutboxRow shortened = found.FirstOrDefault(row => _older.Contains(row.Number), found[^1]);
                missing.Add((new SequenceRange(shortened.Number.Sequence, shortened.Number.Sequence), shortened, null));
            }

            long sequences = missing.Sum(lost => lost.Range.Last - lost.Range.First + 1);
            foreach ((SequenceRange range, OutboxRow? before, OutboxRow? after) in missing)
            {
                long length = range.Last - range.First + 1;
                long share = (long)Math.Min(int.MaxValue, (decimal)records * length / sequences);
                records -= share;
                sequences -= length;
                long fromMs = before?.ToMs ?? span.FromMs;
                yield return new Gap(span.Lane, span.Epoch, range.First, range.Last, fromMs, Math.Max(fromMs, after?.FromMs ?? span.ToMs), (int)share, why);
            }
        }
    }
}
