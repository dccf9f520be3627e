namespace IotProperty.Transports;

/// <summary>
/// A time-out that one owner arms again and again: <see cref="Arm"/> before an operation, <see cref="Disarm"/> after it. With the system's clock this
/// allocates nothing unless the time-out was hit.
/// </summary>
public sealed class Deadline(TimeProvider time) : IDisposable
{
    private CancellationTokenSource _source = new(Timeout.InfiniteTimeSpan, time);
    private CancellationTokenRegistration _caller;

    /// <summary>A token that is cancelled after <paramref name="after"/>, or when <paramref name="caller"/> is.</summary>
    public CancellationToken Arm(TimeSpan after, CancellationToken caller)
    {
        _source.CancelAfter(after);
        _caller = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        return _source.Token;
    }

    /// <summary>Ends the wait. A token given out before must not be used any more.</summary>
    public void Disarm()
    {
        // Waits for a callback that runs just now, so that it cannot cancel the next operation.
        _caller.Dispose();
        _caller = default;
        if (!_source.TryReset())
        {
            _source.Dispose();
            _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        }
    }

    public void Dispose()
    {
        _caller.Dispose();
        _source.Dispose();
    }
}
