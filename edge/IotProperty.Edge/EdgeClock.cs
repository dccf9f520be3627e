using IotProperty.Edge.Timekeeping;

namespace IotProperty.Edge;

/// <summary>
/// The one source of <see cref="Moment"/>s in a run of the edge: all rooms share it, so that their monotonic times can be compared. Safe on any task but
/// <see cref="Look"/>, which one task calls (<see cref="Hosting.ClockWatch"/>): a step of the wall clock shows in no moment before a look has found it.
/// </summary>
public sealed class EdgeClock
{
    private readonly Func<bool> _isSynchronised;
    private readonly long _start;
    private readonly ClockFollower _follower;
    private Timeline _timeline;

    /// <param name="time">The time provider of the process, or a test's.</param>
    /// <param name="isSynchronised">Whether the wall clock is synchronised just now; asked at each look.</param>
    public EdgeClock(TimeProvider time, Func<bool> isSynchronised)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(isSynchronised);
        Time = time;
        _isSynchronised = isSynchronised;
        _start = time.GetTimestamp();
        _follower = new ClockFollower(LookAtClocks());
        _timeline = _follower.Timeline;
    }

    public TimeProvider Time { get; }

    /// <summary>As of the last look.</summary>
    public Timeline Timeline => Volatile.Read(ref _timeline);

    public Moment Now()
    {
        (long monotonicMs, long wallMs) = Read();
        Timeline timeline = Timeline;
        if (monotonicMs < timeline.SinceMs)
        {
            // A step was taken over between the two lines: what was read before it is not mixed with what is known after it.
            (monotonicMs, wallMs) = Read();
        }

        return timeline.At(monotonicMs, wallMs);
    }

    /// <summary>Compares the clocks, and takes a step over.</summary>
    public ClockChange Look()
    {
        ClockChange change = _follower.Step(LookAtClocks());
        Volatile.Write(ref _timeline, _follower.Timeline);
        return change;
    }

    /// <summary>How long until <paramref name="monotonicMs"/>; not negative.</summary>
    public TimeSpan Until(long monotonicMs) => TimeSpan.FromMilliseconds(Math.Max(0, monotonicMs - Now().MonotonicMs));

    /// <summary>Synchronisation first: a daemon that steps the clock and says so in between is heard at the next look, and not believed for a time of before the step.</summary>
    private ClockLook LookAtClocks()
    {
        bool synchronised = _isSynchronised();
        (long monotonicMs, long wallMs) = Read();
        return new ClockLook(monotonicMs, wallMs, synchronised);
    }

    private (long MonotonicMs, long WallMs) Read() => ((long)Time.GetElapsedTime(_start).TotalMilliseconds, Time.GetUtcNow().ToUnixTimeMilliseconds());
}
