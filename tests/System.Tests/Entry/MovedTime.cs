namespace IotProperty.SystemTests.Entry;

/// <summary>The system's clock, with the wall clock moved; timers and the monotonic clock are the system's.</summary>
internal sealed class MovedTime : TimeProvider
{
    private long _offsetTicks;

    public void Move(TimeSpan by) => Interlocked.Add(ref _offsetTicks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _offsetTicks));
}
