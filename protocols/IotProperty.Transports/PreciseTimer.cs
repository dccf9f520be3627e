using System.Diagnostics;
using System.Threading.Tasks.Sources;
using IotProperty.Transports.Linux;

namespace IotProperty.Transports;

/// <summary>
/// Waits for a moment to within tens of microseconds without spinning and without allocation, where the runtime's timers are good for a millisecond or two. One
/// waiter at a time. It is the kernel's time, not an injected clock's: for silences and pacing on wires alone.
/// </summary>
public sealed class PreciseTimer : IValueTaskSource, IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimerDescriptor _timer;
    private CancellationTokenRegistration _caller;
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private long _until;
    private bool _waiting;

    public PreciseTimer() => _timer = new TimerDescriptor(OnExpired);

    /// <summary>Completes at a moment; at once when it is over.</summary>
    /// <param name="timestamp">On the scale of <see cref="Stopwatch.GetTimestamp"/>.</param>
    public ValueTask WaitUntilAsync(long timestamp, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (timestamp <= Stopwatch.GetTimestamp())
        {
            return ValueTask.CompletedTask;
        }

        lock (_lock)
        {
            if (_waiting)
            {
                throw new InvalidOperationException("one waiter at a time");
            }

            _source.Reset();
            _until = timestamp;
            _timer.Arm(timestamp);
            _waiting = true;
        }

        _caller = cancellationToken.UnsafeRegister(static (timer, token) => ((PreciseTimer)timer!).End(new OperationCanceledException(token)), this);
        return new ValueTask(this, _source.Version);
    }

    /// <summary>Ends a wait as disposed.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        End(new ObjectDisposedException(nameof(PreciseTimer)));
    }

    void IValueTaskSource.GetResult(short token)
    {
        // Waits for a cancellation that is just being told, so that it cannot hit the next wait.
        _caller.Dispose();
        _caller = default;
        _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void OnExpired()
    {
        lock (_lock)
        {
            // An event for an earlier, cancelled wait must not end this one.
            if (_waiting && _until <= Stopwatch.GetTimestamp())
            {
                _waiting = false;
                _source.SetResult(true);
            }
        }
    }

    private void End(Exception error)
    {
        lock (_lock)
        {
            if (_waiting)
            {
                _waiting = false;
                _source.SetException(error);
            }
        }
    }
}
