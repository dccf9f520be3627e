using System.Runtime.InteropServices;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Outbox;

/// <summary>
/// Keeps the sequences that wait as ranges, for each lane and epoch. Batches are stored and receipted nearly in order, so that there are few ranges and every change
/// is a look at one of their ends.
/// </summary>
internal sealed class WaitingRanges
{
    private readonly Dictionary<(Lane Lane, long Epoch), Span> _spans = [];

    /// <summary>Lanes and epochs that have something waiting, in no order.</summary>
    public IEnumerable<(Lane Lane, long Epoch, long Records, IReadOnlyList<SequenceRange> Ranges)> All =>
        _spans.Select(span => (span.Key.Lane, span.Key.Epoch, span.Value.Records, (IReadOnlyList<SequenceRange>)span.Value.Ranges));

    public void Add(in OutboxRow row)
    {
        ref Span? span = ref CollectionsMarshal.GetValueRefOrAddDefault(_spans, (row.Number.Lane, row.Number.Epoch), out _);
        span ??= new Span();
        span.Records += row.Records;
        List<SequenceRange> ranges = span.Ranges;
        long sequence = row.Number.Sequence;
        int after = FirstAfter(ranges, sequence);
        bool joinsBefore = after > 0 && ranges[after - 1].Last == sequence - 1;
        bool joinsAfter = after < ranges.Count && ranges[after].First == sequence + 1;
        switch (joinsBefore, joinsAfter)
        {
            case (true, true):
                ranges[after - 1] = new SequenceRange(ranges[after - 1].First, ranges[after].Last);
                ranges.RemoveAt(after);
                break;
            case (true, false):
                ranges[after - 1] = new SequenceRange(ranges[after - 1].First, sequence);
                break;
            case (false, true):
                ranges[after] = new SequenceRange(sequence, ranges[after].Last);
                break;
            default:
                ranges.Insert(after, new SequenceRange(sequence, sequence));
                break;
        }
    }

    /// <summary>A row has become longer.</summary>
    public void Grow(in OutboxRow before, in OutboxRow after) => _spans[(before.Number.Lane, before.Number.Epoch)].Records += after.Records - before.Records;

    public void Remove(in OutboxRow row)
    {
        (Lane, long) key = (row.Number.Lane, row.Number.Epoch);
        Span span = _spans[key];
        span.Records -= row.Records;
        List<SequenceRange> ranges = span.Ranges;
        long sequence = row.Number.Sequence;
        int at = FirstAfter(ranges, sequence) - 1;
        SequenceRange range = ranges[at];
        ranges.RemoveAt(at);
        if (sequence < range.Last)
        {
            ranges.Insert(at, new SequenceRange(sequence + 1, range.Last));
        }

        if (range.First < sequence)
        {
            ranges.Insert(at, new SequenceRange(range.First, sequence - 1));
        }

        if (ranges.Count == 0)
        {
            _spans.Remove(key);
        }
    }

    /// <summary>The index of the first range that begins after the sequence.</summary>
    private static int FirstAfter(List<SequenceRange> ranges, long sequence)
    {
        int from = 0;
        int to = ranges.Count;
        while (from < to)
        {
            int middle = (from + to) / 2;
            (from, to) = ranges[middle].First > sequence ? (from, middle) : (middle + 1, to);
        }

        return from;
    }

    private sealed class Span
    {
        public List<SequenceRange> Ranges { get; } = [];

        public long Records { get; set; }
    }
}
