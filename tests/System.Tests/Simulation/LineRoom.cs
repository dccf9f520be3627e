using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>The owner of one line around the real <see cref="LineCore"/>: asks the building instead of a bus, and hands on what came, as the line's task does.</summary>
internal sealed class LineRoom
{
    private readonly SystemSimulation _simulation;
    private readonly EdgeRun _run;
    private readonly LineCore _core;
    private readonly LineEffects _effects = new();
    private readonly BlockValues _values = new();
    private readonly Queue<(string Device, Action<bool> Done)> _writes = [];
    private readonly Dictionary<PointRef, (PointSample Newest, PointSample Before)> _present = [];
    private long _rest;
    private bool _isResting;

    public LineRoom(SystemSimulation simulation, EdgeRun run, LineConfiguration line)
    {
        (_simulation, _run) = (simulation, run);
        _core = new LineCore(line, TimeZoneInfo.Utc, run.Now);
    }

    /// <summary>Set to end polling.</summary>
    public bool IsStopped { get; set; }

    /// <summary>What each point said last, and what before.</summary>
    public IReadOnlyDictionary<PointRef, (PointSample Newest, PointSample Before)> Present => _present;

    public LineConfiguration Line => _core.Line;

    public void Start() => Step();

    /// <summary>Pulses a door's coil; goes before the next read.</summary>
    public void Unlock(string device, Action<bool> done)
    {
        _writes.Enqueue((device, done));
        if (_isResting)
        {
            Step();
        }
    }

    private void Step()
    {
        _rest++;
        _isResting = false;
        if (_writes.TryDequeue(out (string Device, Action<bool> Done) write))
        {
            CarryOut(write.Device, write.Done);
            return;
        }

        if (IsStopped)
        {
            _isResting = true;
            return;
        }

        _core.TelemetryLosses = _simulation.Mistake == Mistake.EdgeForgetsLosses ? 0 : _run.Store.TelemetryLosses;
        LineAction action = _core.Next(_run.Now, _effects);
        HandOn();
        if (action.Block is RegisterBlock block)
        {
            Read(_core.Line.Devices[action.Device], block);
            return;
        }

        long rest = _rest;
        _isResting = true;
        _run.In(action.UntilMs - _run.Now.MonotonicMs, () =>
        {
            if (rest == _rest)
            {
                Step();
            }
        });
    }

    private void Read(DeviceConfiguration device, RegisterBlock block)
    {
        (ReplyKind kind, long tookMs) = _simulation.Ask(device.Id, _core.Line.TimeoutMs);
        _run.In(tookMs, () =>
        {
            for (int at = 0; at < block.Count && kind == ReplyKind.Answered; at++)
            {
                _values.Registers[at] = _simulation.Building.Register(device.Id, block.Address + at);
            }

            _core.Replied(_run.Now, kind, _values, _effects);
            HandOn();
            Step();
        });
    }

    private void CarryOut(string device, Action<bool> done)
    {
        (ReplyKind kind, long tookMs) = _simulation.Ask(device, _core.Line.TimeoutMs);
        _run.In(tookMs, () =>
        {
            if (kind != ReplyKind.Answered)
            {
                _simulation.Faults.Add(Fault.UnlockNotConfirmed);
            }

            if (kind == ReplyKind.Answered)
            {
                _simulation.Building.Doors[device].UnlockedMs = _simulation.Agenda.NowMs;
            }

            done(kind == ReplyKind.Answered);
            Step();
        });
    }

    private void HandOn()
    {
        _run.Alarms.OnSamples(_effects.Samples);
        foreach (PointSample sample in _effects.Samples)
        {
            _present[sample.Point] = (sample, _present.TryGetValue(sample.Point, out (PointSample Newest, PointSample Before) known) ? known.Newest : sample);
            if (_run.Doors.TryGetValue(sample.Point.Device, out DoorRoom? door))
            {
                door.OnSample(sample);
            }
        }

        foreach (Sample sample in _effects.Thinned)
        {
            bool isWrong = sample.Quality is Quality.CommFail or Quality.Stale && _simulation.Mistake == Mistake.EdgeMakesStaleFresh;
            _run.Store.Add(isWrong ? sample with { Quality = Quality.Good } : sample);
        }

        foreach (MeterReading reading in _effects.Readings)
        {
            _simulation.Books.Read(reading);
            _run.Readings.OnReading(_simulation.Mistake == Mistake.EdgeRoundsReadings ? reading with { Value = Math.Round(reading.Value) } : reading);
        }

        if (_effects.Swipes is { } swipes)
        {
            _run.Doors[swipes.Device].OnSwipes(swipes);
        }
    }
}
