using System.Collections.Immutable;

namespace IotProperty.Edge.Polling;

internal enum JobKind : byte
{
    /// <summary>The swipe ring of a door: somebody stands before it.</summary>
    Ring,

    /// <summary>All points of a device, each poll period.</summary>
    Poll,

    /// <summary>Billing registers, by the site's clock.</summary>
    Reading,

    /// <summary>Texts such as a serial number, which hardly ever change.</summary>
    Text,
}

/// <summary>Something that is asked of a device again and again: one or more requests, one after the other. One pass over them is a round.</summary>
internal class PollJob(JobKind kind, PollDevice device, ImmutableArray<ReadBlock> blocks, long periodMs)
{
    public JobKind Kind { get; } = kind;

    public PollDevice Device { get; } = device;

    public BlockPlan Plan { get; } = new(device.Device.Profile, blocks);

    public long PeriodMs { get; } = periodMs;

    /// <summary>The job's number on its line.</summary>
    public int Index { get; set; }

    /// <summary>Which queue of its line the job stands in while it is due.</summary>
    public int Rank { get; set; }

    /// <summary>Monotonic milliseconds; <see cref="long.MaxValue"/> for not at all.</summary>
    public long DueMs { get; set; }

    /// <summary>The request to make next.</summary>
    public int NextBlock { get; set; }

    /// <summary>Whether the round has begun and is not over.</summary>
    public bool IsUnderWay { get; set; }

    /// <summary>How late the round began. Milliseconds.</summary>
    public long LateMs { get; set; }

    public ReadBlock Block => Plan[NextBlock];

    public bool IsThrough => NextBlock >= Plan.Count;

    /// <summary>
    /// Ends the round and sets the next due time one period on, and further over every period that is already past: a late poll skips forward, nothing piles
    /// up. Returns how many periods were skipped.
    /// </summary>
    public long Advance(long nowMs, long pauseMs)
    {
        EndRound(nowMs);
        long earliest = nowMs + Math.Max(1, pauseMs);
        long periods = Math.Max(1, (earliest - DueMs + PeriodMs - 1) / PeriodMs);
        DueMs += periods * PeriodMs;
        return periods - 1;
    }

    protected void EndRound(long nowMs)
    {
        NextBlock = 0;
        IsUnderWay = false;
        Plan.BeginRound(nowMs);
    }
}
