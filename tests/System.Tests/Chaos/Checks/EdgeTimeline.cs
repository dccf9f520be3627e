namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>
/// What the edge's wall clock showed and when, so that the edge's stamps can be put back on the real time line on which the simulator's ledger lies. One
/// writer; readers come when it rests.
/// </summary>
/// <param name="startMs">Before this moment there was no edge.</param>
public sealed class EdgeTimeline(long startMs)
{
    /// <summary>An edge may notice a step only so long after it.</summary>
    private const long NoticedMs = 2_500;

    /// <summary>Clock file, edge and ledger are read one after the other, and a step is measured to some milliseconds.</summary>
    private const long BlurMs = 60;

    private readonly List<Segment> _segments = [new(startMs, 0, Synchronised: true)];

    /// <summary>After this moment nothing was looked at: a clock that is ahead shows times that are still to come.</summary>
    public long EndMs { get; set; } = long.MaxValue;

    /// <summary>The clock was set.</summary>
    public void Set(long atMs, long offsetMs, bool synchronised) => _segments.Add(new Segment(atMs, offsetMs, synchronised));

    /// <summary>When something can really have happened that the edge stamped so; empty when its clock never showed that, several when it did so more than once.</summary>
    /// <param name="trusted">Whether the edge vouched for the stamp.</param>
    public IReadOnlyList<long> RealTimesOf(long stampMs, bool trusted)
    {
        List<long> times = [];
        for (int i = 0; i < _segments.Count; i++)
        {
            foreach (long offsetMs in OffsetsIn(i))
            {
                long real = stampMs - offsetMs;
                if (Within(i, real) && MayVouch(i, real, trusted) && !times.Contains(real))
                {
                    times.Add(real);
                }
            }
        }

        return times;
    }

    /// <summary>Which stamps things can bear that happened in [from, to): disjoint spans in order.</summary>
    public IReadOnlyList<Span> StampsOf(long fromMs, long toMs)
    {
        List<Span> spans = [];
        for (int i = 0; i < _segments.Count; i++)
        {
            (long low, long high) = (Math.Max(fromMs, Low(i)), Math.Min(toMs, High(i)));
            if (low < high)
            {
                spans.AddRange(OffsetsIn(i).Select(offsetMs => new Span(low + offsetMs, high + offsetMs)));
            }
        }

        List<Span> joined = [];
        foreach (Span span in spans.OrderBy(s => s.FromMs))
        {
            if (joined.Count > 0 && span.FromMs <= joined[^1].ToMs)
            {
                joined[^1] = joined[^1] with { ToMs = Math.Max(joined[^1].ToMs, span.ToMs) };
            }
            else
            {
                joined.Add(span);
            }
        }

        return joined;
    }

    private bool Within(int i, long real) => real >= Low(i) && real < High(i);

    /// <summary>An edge never vouches for a clock that it booted with unsynchronised; it may go on not to vouch for a moment after somebody synchronised it.</summary>
    private bool MayVouch(int i, long real, bool trusted) => trusted == _segments[i].Synchronised
        || (!trusted && Enumerable.Range(0, i).Any(j => !_segments[j].Synchronised && real < _segments[j + 1].FromMs + NoticedMs));

    private long Low(int i) => _segments[i].FromMs - BlurMs;

    private long High(int i) => i + 1 == _segments.Count ? EndMs : Math.Min(EndMs, _segments[i + 1].FromMs + NoticedMs);

    /// <summary>What is taken before the clock is synchronised may be put right afterwards, by what the edge notices, which may be the step that followed at once.</summary>
    private IEnumerable<long> OffsetsIn(int i)
    {
        if (_segments[i].Synchronised || _segments.FindIndex(i, s => s.Synchronised) is not (>= 0 and int first))
        {
            return [_segments[i].OffsetMs];
        }

        return _segments.Skip(first).TakeWhile(s => s.FromMs <= _segments[first].FromMs + NoticedMs).Select(s => s.OffsetMs).Prepend(_segments[i].OffsetMs).Distinct();
    }

    private sealed record Segment(long FromMs, long OffsetMs, bool Synchronised);
}
