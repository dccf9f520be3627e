using System.Globalization;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>What was broken and when, in real time, and what that may cost. Written by the faults' tasks, safe on any of them; judged when they rest.</summary>
/// <param name="startMs">When the run began.</param>
public sealed class RunHistory(long startMs)
{
    /// <summary>The stated loss window of telemetry: the time until the next sync, and the sync itself.</summary>
    public const long TelemetryWindowMs = 1_000;

    /// <summary>Events and readings are synced before they count: only what was read while its sync was under way may be gone.</summary>
    public const long EventWindowMs = 500;

    /// <summary>The longest time-out of the site's lines.</summary>
    private const long TimeoutMs = 1_000;

    private const long WireMs = 500;
    private const long SlowWireMs = 3_000;

    /// <summary>A store that failed is opened anew after a pause.</summary>
    private const long DiskRecoveryMs = 3_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<Trouble, List<Span>> _spans = Enum.GetValues<Trouble>().ToDictionary(t => t, _ => new List<Span>());
    private readonly Dictionary<string, List<Span>> _lines = [];
    private readonly List<string> _story = [];
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>The edge's clock.</summary>
    public EdgeTimeline Clock { get; } = new(startMs);

    /// <summary>How often each kind of fault was injected.</summary>
    public IReadOnlyDictionary<string, int> Counts
    {
        get
        {
            lock (_lock)
            {
                return new SortedDictionary<string, int>(_counts, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>One line a fault and a healing, oldest first.</summary>
    public IReadOnlyList<string> Story
    {
        get
        {
            lock (_lock)
            {
                return [.. _story];
            }
        }
    }

    /// <summary>When something can really have happened that the edge stamped so: its clock showed that then, and it ran.</summary>
    public IReadOnlyList<long> RealTimesOf(DateTimeOffset stamp, bool trusted) =>
        [.. Clock.RealTimesOf(stamp.ToUnixTimeMilliseconds(), trusted).Where(t => !Of(Trouble.EdgeDown).Any(down => down.Holds(t, -WireMs, 0)))];

    public void Tell(long atMs, string what)
    {
        lock (_lock)
        {
            _story.Add($"{Time(atMs)}  {what}");
        }
    }

    public void Count(string kind)
    {
        lock (_lock)
        {
            _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        }
    }

    public void Begin(Trouble trouble, long atMs)
    {
        lock (_lock)
        {
            _spans[trouble].Add(new Span(atMs, long.MaxValue));
        }
    }

    public void End(Trouble trouble, long atMs)
    {
        lock (_lock)
        {
            Close(_spans[trouble], atMs);
        }
    }

    public void BeginLine(string line, long atMs)
    {
        lock (_lock)
        {
            if (!_lines.TryGetValue(line, out List<Span>? spans))
            {
                _lines.Add(line, spans = []);
            }

            spans.Add(new Span(atMs, long.MaxValue));
        }
    }

    public void EndLine(string line, long atMs)
    {
        lock (_lock)
        {
            Close(_lines[line], atMs);
        }
    }

    public IReadOnlyList<Span> Of(Trouble trouble)
    {
        lock (_lock)
        {
            return [.. _spans[trouble]];
        }
    }

    /// <summary>Whether an answer that was formed at this time may never have become a sample, by what was broken then.</summary>
    public bool MayMissTelemetry(string line, long servedMs) => MayMiss(line, servedMs, TelemetryWindowMs);

    /// <summary>The same on a slow wire, where an answer is under way for a while.</summary>
    public bool MayMissSlow(string line, long servedMs) =>
        MayMiss(line, servedMs, TelemetryWindowMs) || MayMiss(line, servedMs + (SlowWireMs / 2), TelemetryWindowMs) || MayMiss(line, servedMs + SlowWireMs, TelemetryWindowMs);

    /// <summary>Whether an answer that was formed at this time may never have become an event or a reading.</summary>
    public bool MayMissEvent(string line, long servedMs) => MayMiss(line, servedMs, EventWindowMs);

    /// <summary>Whether a kill of the edge followed so soon that the stated window had not passed, and the edge ran and could write in it.</summary>
    public bool IsInLossWindow(long servedMs) => Of(Trouble.EdgeDown).Any(down =>
        servedMs >= down.FromMs - TelemetryWindowMs && servedMs < down.FromMs && LossStart(down.FromMs, TelemetryWindowMs) == down.FromMs - TelemetryWindowMs);

    /// <summary>How long after its serving an answer may be stamped.</summary>
    /// <param name="servedMs">When it was formed.</param>
    /// <param name="usualMs">How long where nothing stands still.</param>
    public long LateMs(long servedMs, long usualMs)
    {
        long until = servedMs + usualMs;
        foreach (Span frozen in Of(Trouble.EdgeFrozen).Concat(Of(Trouble.SimulatorFrozen)).Concat(Of(Trouble.DiskFull)).OrderBy(s => s.FromMs))
        {
            if (frozen.Meets(servedMs - WireMs, until) && frozen.ToMs != long.MaxValue)
            {
                until = Math.Max(until, frozen.ToMs + usualMs);
            }
        }

        return until - servedMs;
    }

    /// <summary>Whether the edge was started, or could not see the line, in the time before.</summary>
    public bool WasBlind(string line, long atMs, long beforeMs) =>
        Of(Trouble.EdgeDown).Concat(Of(Trouble.EdgeFrozen)).Concat(Of(Trouble.SimulatorDown)).Concat(Of(Trouble.SimulatorFrozen)).Concat(OfLine(line))
            .Any(span => span.Meets(atMs - beforeMs, atMs + WireMs));

    private static void Close(List<Span> spans, long atMs)
    {
        int open = spans.FindLastIndex(s => s.ToMs == long.MaxValue);
        spans[open] = spans[open] with { ToMs = atMs };
    }

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private List<Span> OfLine(string line)
    {
        lock (_lock)
        {
            return _lines.TryGetValue(line, out List<Span>? spans) ? [.. spans] : [];
        }
    }

    private bool MayMiss(string line, long servedMs, long windowMs) =>
        Of(Trouble.EdgeDown).Any(down => servedMs >= LossStart(down.FromMs, windowMs) && servedMs < down.ToMs + WireMs)
        || Of(Trouble.EdgeFrozen).Any(s => s.Holds(servedMs, TimeoutMs + WireMs, WireMs))
        || Of(Trouble.SimulatorFrozen).Concat(Of(Trouble.SimulatorDown)).Any(s => s.Holds(servedMs, WireMs, WireMs))
        || OfLine(line).Any(s => s.Holds(servedMs, TimeoutMs + WireMs, WireMs));

    /// <summary>
    /// From where on a kill may have cost something: the window reaches back over the time in which the edge ran, for a frozen edge syncs nothing; and what was
    /// read while the disk was full was nowhere but in memory.
    /// </summary>
    private long LossStart(long killedMs, long windowMs)
    {
        long start = killedMs;
        long left = windowMs;
        foreach (Span frozen in Of(Trouble.EdgeFrozen).Where(s => s.FromMs < killedMs).OrderByDescending(s => s.FromMs))
        {
            long ran = start - Math.Min(start, frozen.ToMs);
            if (ran >= left)
            {
                break;
            }

            left -= ran;
            start = frozen.FromMs;
        }

        start -= left;
        foreach (Span full in Of(Trouble.DiskFull).Where(s => s.Meets(start - DiskRecoveryMs, killedMs)))
        {
            start = Math.Min(start, full.FromMs - windowMs);
        }

        return start;
    }
}

/// <summary>What matters to the judgement of what may be missing.</summary>
public enum Trouble
{
    /// <summary>From SIGKILL to the next start.</summary>
    EdgeDown,

    /// <summary>From SIGSTOP to SIGCONT.</summary>
    EdgeFrozen,

    /// <summary>No byte of the edge's disk was free.</summary>
    DiskFull,

    /// <summary>From SIGKILL to the next start.</summary>
    SimulatorDown,

    /// <summary>From SIGSTOP to SIGCONT.</summary>
    SimulatorFrozen,
}
