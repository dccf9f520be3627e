using System.Globalization;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.SystemTests.Simulation;

/// <summary>What <see cref="SqliteOutbox"/> does around the real <see cref="OutboxWriter"/>: gathers requests into rounds and wakes it in time, here without a task.</summary>
internal sealed class StoreRoom : IDisposable
{
    private const int FirstFlushMs = 10;
    private const int MaxRound = 256;

    private readonly SystemSimulation _simulation;
    private readonly EdgeRun _run;
    private readonly SampleBuffer _samples;
    private readonly OutboxWriter _writer;
    private readonly string _idPrefix;
    private List<(StoreRequest Request, Action<bool>? Done)> _waiting = [];
    private long _lastId;
    private long? _wakeMs;
    private bool _roundIsDue;

    public StoreRoom(SystemSimulation simulation, EdgeRun run)
    {
        (_simulation, _run) = (simulation, run);
        _samples = new SampleBuffer(simulation.Weather.MaxBufferedSamples);
        _writer = new OutboxWriter(
            "outbox", BuildingSite.Id, simulation.EdgeSettings, run.Clock, _samples, NewId, NullLogger.Instance, new StoreSeams { Disk = simulation.Disk.Open });
        _idPrefix = _writer.Epoch.ToString("x", CultureInfo.InvariantCulture);
        State = new Dictionary<string, byte[]>(_writer.State, StringComparer.Ordinal);
    }

    /// <summary>What was last synced.</summary>
    public Dictionary<string, byte[]> State { get; }

    public OutboxSnapshot Snapshot => _writer.Snapshot;

    public long Epoch => _writer.Epoch;

    public long TelemetryLosses => _writer.TelemetryLosses;

    /// <summary>Whether something was asked of the store that it has not done yet.</summary>
    public bool IsBusy => _waiting.Count > 0 || _samples.Waiting.Count > 0;

    public string NewId() => string.Create(CultureInfo.InvariantCulture, $"{_idPrefix}-{++_lastId}");

    public void Add(in Sample sample)
    {
        _simulation.Books.Offered(sample);
        if (_simulation.Makes(Mistake.EdgeLosesSamples, 0.02))
        {
            return;
        }

        int delayMs = _writer.Flushed ? _simulation.EdgeSettings.FlushMs : FirstFlushMs;
        int waiting = _samples.Add(sample, _run.Now.MonotonicMs + delayMs);
        if (waiting == 1)
        {
            WakeAt(_run.Now.MonotonicMs + delayMs);
        }
        else if (waiting == _simulation.EdgeSettings.MaxBatchSamples)
        {
            Send(StoreRequest.Tick.Instance, null);
        }
    }

    /// <param name="done">Told whether the request was stored.</param>
    public void Send(StoreRequest request, Action<bool>? done)
    {
        _waiting.Add((request, done));
        PlanRound();
    }

    public void Dispose() => _writer.Dispose();

    private void PlanRound()
    {
        if (!_roundIsDue)
        {
            _roundIsDue = true;
            _run.In(_simulation.DiskDelayMs(), Round);
        }
    }

    private void Round()
    {
        _roundIsDue = false;
        List<(StoreRequest Request, Action<bool>? Done)> taken = _waiting;
        _waiting = [];
        if (taken.Count > MaxRound)
        {
            _waiting.AddRange(taken[MaxRound..]);
            taken.RemoveRange(MaxRound, taken.Count - MaxRound);
            PlanRound();
        }

        List<StoreRequest> round = [.. taken.Select(one => one.Request)];
        try
        {
            foreach (StateWrite write in _writer.Work(round, last: false))
            {
                if (write.Value is null)
                {
                    State.Remove(write.Key);
                }
                else
                {
                    State[write.Key] = write.Value;
                }
            }
        }
        catch (EdgeKilledException)
        {
            _simulation.KillEdge();
            return;
        }

        _writer.Complete(round);
        _simulation.NoteDiskTrouble();
        _run.Uplink.PublishAll(Snapshot);
        foreach ((StoreRequest request, Action<bool>? done) in taken)
        {
            bool stored = request.Stored.Task.IsCompletedSuccessfully;
            _ = request.Stored.Task.Exception;
            if (stored && request is StoreRequest.Add add)
            {
                _simulation.Books.Told(add);
            }

            done?.Invoke(stored);
        }

        if (Earlier(_writer.FlushDueMs, _writer.NextDueMs) is { } due)
        {
            WakeAt(due);
        }
    }

    private void WakeAt(long monotonicMs)
    {
        if (_wakeMs <= monotonicMs)
        {
            return;
        }

        _wakeMs = monotonicMs;
        _run.In(monotonicMs - _run.Now.MonotonicMs, () =>
        {
            if (_wakeMs == monotonicMs)
            {
                _wakeMs = null;
                PlanRound();
            }
        });
    }

    private static long? Earlier(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}
