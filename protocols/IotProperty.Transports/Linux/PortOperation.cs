using System.Threading.Tasks.Sources;

namespace IotProperty.Transports.Linux;

/// <summary>
/// One waiting read or write of a <see cref="PortDescriptor"/>, used again and again without allocation. <see cref="Waiting"/> is guarded by the port's lock: whoever
/// sets it to false (the loop's thread, a cancellation, the port's end) completes the operation, and nobody else.
/// </summary>
internal sealed class PortOperation : IValueTaskSource<int>, IValueTaskSource
{
    private readonly Lock _lock;
    private CancellationTokenRegistration _caller;

    // Continuations never run on the loop's thread, because what they do could hold up every other port.
    private ManualResetValueTaskSourceCore<int> _source = new() { RunContinuationsAsynchronously = true };

    public PortOperation(Lock portLock) => _lock = portLock;

    public bool Waiting { get; private set; }

    public short Version => _source.Version;

    /// <summary>Under the port's lock.</summary>
    public void Begin()
    {
        _source.Reset();
        Waiting = true;
    }

    /// <summary>Outside the lock, because a token that is cancelled already calls back at once; before the task is handed out.</summary>
    public void HearCaller(CancellationToken cancellationToken) =>
        _caller = cancellationToken.UnsafeRegister(static (operation, token) => ((PortOperation)operation!).Cancel(token), this);

    /// <summary>Under the port's lock, while <see cref="Waiting"/>.</summary>
    public void Complete(int result)
    {
        Waiting = false;
        _source.SetResult(result);
    }

    /// <summary>Under the port's lock, while <see cref="Waiting"/>.</summary>
    public void Fail(Exception error)
    {
        Waiting = false;
        _source.SetException(error);
    }

    public int GetResult(short token)
    {
        // Waits for a cancellation that is just being told, so that it cannot hit the next operation.
        _caller.Dispose();
        _caller = default;
        return _source.GetResult(token);
    }

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Waiting)
            {
                Fail(new OperationCanceledException(cancellationToken));
            }
        }
    }
}
