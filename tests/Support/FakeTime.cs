namespace IotProperty.Tests;

/// <summary>
/// A clock that stands still until a test advances it. Timers fire inside <see cref="Advance(TimeSpan)"/>, in the order of their due times, on the caller's thread,
/// each at its own time. The wall clock can be stepped without moving the monotonic one.
/// </summary>
public sealed class FakeTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<FakeTimer> _timers = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _awaited = [];
    private TimeSpan _elapsed;
    private DateTimeOffset _utcAtStart = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Completes when at least <paramref name="count"/> timers wait, so that a test advances the clock only after its subject asked to be woken.</summary>
    public Task TimersAsync(int count)
    {
        lock (_lock)
        {
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((count, reached));
            TellAwaiting();
            return reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _elapsed.Ticks;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _utcAtStart + _elapsed;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        FakeTimer timer = new(this, () => callback(state));
        lock (_lock)
        {
            _timers.Add(timer);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Steps the wall clock alone.</summary>
    public void StepWallClock(TimeSpan by)
    {
        lock (_lock)
        {
            _utcAtStart += by;
        }
    }

    public void Advance(long milliseconds) => Advance(TimeSpan.FromMilliseconds(milliseconds));

    public void Advance(TimeSpan by)
    {
        TimeSpan until;
        lock (_lock)
        {
            until = _elapsed + by;
        }

        while (TakeNext(until) is { } timer)
        {
            timer.Fire();
        }

        lock (_lock)
        {
            _elapsed = until;
        }
    }

    private void TellAwaiting()
    {
        int waiting = _timers.Count(timer => timer.Due is not null);
        foreach ((_, TaskCompletionSource reached) in _awaited.Where(awaited => awaited.Count <= waiting))
        {
            reached.TrySetResult();
        }

        _awaited.RemoveAll(awaited => awaited.Reached.Task.IsCompleted);
    }

    private FakeTimer? TakeNext(TimeSpan until)
    {
        lock (_lock)
        {
            FakeTimer? next = _timers.Where(timer => timer.Due <= until).MinBy(timer => timer.Due);
            if (next is not null)
            {
                _elapsed = next.Due!.Value > _elapsed ? next.Due.Value : _elapsed;
                next.Due = next.Period is { } period ? next.Due + period : null;
            }

            return next;
        }
    }

    private sealed class FakeTimer(FakeTime time, Action fire) : ITimer
    {
        public TimeSpan? Due { get; set; }

        public TimeSpan? Period { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool immediate;
            lock (time._lock)
            {
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : time._elapsed + dueTime;
                Period = period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero ? null : period;
                immediate = dueTime == TimeSpan.Zero;
                if (immediate)
                {
                    Due = Period is null ? null : time._elapsed + Period;
                }

                time.TellAwaiting();
            }

            if (immediate)
            {
                // Like the real one, a timer that is due at once fires on another thread.
                ThreadPool.QueueUserWorkItem(_ => fire());
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._lock)
            {
                Due = null;
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
