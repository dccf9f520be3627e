namespace IotProperty.Edge.Drivers;

/// <summary>Pauses that double with every failure up to a limit, each lengthened or shortened by up to a quarter, so that many edges do not knock in step.</summary>
public sealed class GrowingPause(TimeSpan first, TimeSpan longest, Random jitter)
{
    private TimeSpan _last;

    public TimeSpan Next()
    {
        TimeSpan due = _last == TimeSpan.Zero ? first : _last * 2;
        _last = due < longest ? due : longest;
        return _last * (0.75 + (jitter.NextDouble() / 2));
    }

    /// <summary>The next pause is the first one again.</summary>
    public void Reset() => _last = TimeSpan.Zero;
}
