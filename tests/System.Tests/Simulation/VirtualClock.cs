namespace IotProperty.SystemTests.Simulation;

/// <summary>A machine's clocks in virtual time. The monotonic one is true; the wall clock may be wrong and may be stepped.</summary>
internal sealed class VirtualClock(Agenda agenda) : TimeProvider
{
    /// <summary>Not at a full hour, so that hours end within a simulation.</summary>
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 7, 48, 0, TimeSpan.Zero);

    /// <summary>How far the wall clock is ahead of the true time. Milliseconds.</summary>
    public long AheadMs { get; set; }

    /// <summary>What the wall clock shows; milliseconds since the Unix epoch, UTC.</summary>
    public long UtcMs => Start.ToUnixTimeMilliseconds() + agenda.NowMs + AheadMs;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => agenda.NowMs * TimeSpan.TicksPerMillisecond;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(UtcMs);

    /// <summary>Whoever needs a timer here would run on a thread of its own.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new NotSupportedException("in the simulation the agenda wakes everybody");
}
