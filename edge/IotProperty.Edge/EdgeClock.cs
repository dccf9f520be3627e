namespace IotProperty.Edge;

/// <summary>
/// The one source of <see cref="Moment"/>s in a run of the edge: all rooms share it, so that their monotonic times can be compared. Safe on any task.
/// </summary>
/// <param name="time">The time provider of the process, or a test's.</param>
/// <param name="isTrusted">Whether the wall clock is synchronised just now.</param>
public sealed class EdgeClock(TimeProvider time, Func<bool> isTrusted)
{
    private readonly long _start = time.GetTimestamp();

    public TimeProvider Time => time;

    public Moment Now() => new((long)time.GetElapsedTime(_start).TotalMilliseconds, time.GetUtcNow().ToUnixTimeMilliseconds(), isTrusted());

    /// <summary>How long until <paramref name="monotonicMs"/>; not negative.</summary>
    public TimeSpan Until(long monotonicMs) => TimeSpan.FromMilliseconds(Math.Max(0, monotonicMs - Now().MonotonicMs));
}
