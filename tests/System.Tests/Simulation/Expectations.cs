using IotProperty.Edge.Outbox;
using IotProperty.Edge.Points;
using IotProperty.Hub.Overview;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>
/// What must have come of something after a stated time, provided that nothing disturbed it meanwhile: an alarm at the edge, an alarm at the hub, an open door, a billing
/// reading, a device that is seen to be silent. How often each was really looked at is counted, for a condition that never holds checks nothing.
/// </summary>
internal sealed class Expectations
{
    private const long SettleMs = 15_000;
    private const long AlarmWithinMs = 30_000;
    private const long LiveWithinMs = 4_000;

    /// <summary>The pause between two retellings, the slowest poll, and the store.</summary>
    private const long PresentWithinMs = 35_000;

    private readonly SystemSimulation _simulation;

    public Expectations(SystemSimulation simulation)
    {
        _simulation = simulation;
        simulation.Building.TruthChanged = ExpectAlarm;
        simulation.Building.Swiped = ExpectDoor;
        simulation.Building.LifeChanged = ExpectSilence;
        simulation.Books.Stored = ExpectAtHub;
        ExpectReading();
    }

    private long Now => _simulation.Agenda.NowMs;

    /// <summary>Before the world stands still: every device that is dead by now is known to be so.</summary>
    public void CheckSilence()
    {
        string device = _simulation.Weather.Pick(BuildingSite.Pump, BuildingSite.Lift, BuildingSite.Meter);
        _simulation.Building.SetDead(device, isDead: true);
        _simulation.Agenda.RunUntil(Now + 45_000);
    }

    private void ExpectAlarm(string rule)
    {
        string device = rule == BuildingSite.PressureRule ? BuildingSite.Pump : BuildingSite.Lift;
        long sinceMs = Now;
        _simulation.Agenda.In(AlarmWithinMs, () =>
        {
            if (IsUnchanged(rule, sinceMs) && IsSound(sinceMs) && Answers(device, sinceMs) && !_simulation.IsHealing)
            {
                AlarmLevel expected = LevelOf(rule);
                AlarmLevel level = _simulation.Edge!.Alarms.LevelOf(rule);
                Look(Promise.AlarmTruth, level == expected, () => $"{rule} is at {level} where the world says {expected}");
            }
        });
    }

    private bool IsUnchanged(string rule, long sinceMs) =>
        rule == BuildingSite.PressureRule ? _simulation.Building.PressureSinceMs == sinceMs : _simulation.Building.LiftFaultSinceMs == sinceMs;

    private AlarmLevel LevelOf(string rule) => rule == BuildingSite.PressureRule
        ? _simulation.Building.PressureBase switch { < BuildingSite.AlarmPressure => AlarmLevel.Alarm, < BuildingSite.WarningPressure => AlarmLevel.Warning, _ => AlarmLevel.Normal }
        : _simulation.Building.LiftHasFault ? AlarmLevel.Alarm : AlarmLevel.Normal;

    private void ExpectDoor(string door, Swipe swipe)
    {
        long sinceMs = Now;
        if (swipe.Card != BuildingSite.GoodCard || !IsSound(sinceMs - SettleMs) || !Answers(door, sinceMs - SettleMs))
        {
            return;
        }

        _simulation.Agenda.In(5_000, () =>
        {
            DoorController controller = _simulation.Building.Doors[door];
            bool isCrowd = controller.Swipes.Count(other => other.AtMs > sinceMs - 5_000) > BuildingSite.RingEntries / 2;
            if (!isCrowd && IsSound(sinceMs - SettleMs) && Answers(door, sinceMs - SettleMs))
            {
                Look(Promise.DoorOpens, controller.UnlockedMs >= sinceMs, () => $"{door} did not open for swipe {swipe.Sequence}");
            }
        });
    }

    private void ExpectSilence(string device)
    {
        long sinceMs = Now;
        if (!_simulation.Building.Devices[device].IsDead)
        {
            return;
        }

        _simulation.Agenda.In(40_000, () =>
        {
            if (_simulation.Building.Devices[device] is { IsDead: true } life && life.SinceMs == sinceMs && IsSound(sinceMs - SettleMs) && IsCalm(sinceMs) && !_simulation.Weather.ClockFaults)
            {
                IReadOnlyList<LatestSample> latest = _simulation.Hub.Telemetry.LatestAsync(BuildingSite.Id, default).AsTask().Result;
                foreach (LatestSample sample in latest.Where(sample => sample.Point.Device == device))
                {
                    Freshness freshness = FreshnessRule.Of(sample.Sample, edgeOnline: true, _simulation.HubUtcMs, maxSilenceMs: 60_000);
                    Look(Promise.Freshness, sample.Sample.Quality != Quality.Good && freshness != Freshness.Fresh, () => $"{sample.Point} of a dead device is {sample.Sample.Quality} and {freshness}");
                }
            }
        });
    }

    private void ExpectAtHub(BatchNumber number, Batch batch)
    {
        if (batch.Gaps.Any(gap => gap.Lane == Lane.Telemetry) && _simulation.Edge is { } told)
        {
            ExpectPresent(told);
        }

        if (_simulation.Edge is not { Uplink.IsConnected: true } edge || !IsCalm(edge.Uplink.ConnectedMs))
        {
            return;
        }

        (long connectedMs, long sinceMs) = (edge.Uplink.ConnectedMs, Now);
        // A backlog of events that is longer than the window goes first, in its order.
        if (!batch.Transitions.IsEmpty && edge.Store.Snapshot.Events.Rows < _simulation.Weather.Settings.Window)
        {
            _simulation.Agenda.In(1_000, () =>
            {
                if (IsStill(connectedMs))
                {
                    Look(
                        Promise.AlarmWithinSecond,
                        batch.Transitions.All(transition => _simulation.Hub.Ledger.Occurrences.ContainsKey(transition.Occurrence)),
                        () => $"{batch.Transitions[0].Rule} of {sinceMs} ms is not at the hub, while {edge.Store.Snapshot}");
                }
            });
        }

        if (number.Lane == Lane.Telemetry && _simulation.Weather.Settings is { Window: >= 4, MaxBatchSamples: > 1 } && _simulation.DiskTroubleMs < Now - SettleMs)
        {
            long backlog = edge.Store.Snapshot.Telemetry.Rows;
            _simulation.Agenda.In(LiveWithinMs, () =>
            {
                if (backlog > _simulation.Weather.Settings.Window && IsStill(connectedMs) && _simulation.DiskTroubleMs < sinceMs - SettleMs)
                {
                    Look(Promise.LiveFirst, _simulation.Books.Recorded[number].Published is not null, () => $"{number} of {sinceMs} ms waits behind a backlog of {backlog}");
                }
            });
        }
    }

    /// <summary>Telemetry was lost: the change to what is true now may have been among it.</summary>
    private void ExpectPresent(EdgeRun edge)
    {
        (long losses, long sinceMs) = (edge.Store.TelemetryLosses, Now);
        _simulation.Agenda.In(PresentWithinMs, () =>
        {
            if (_simulation.Edge != edge || edge.Store.TelemetryLosses != losses || _simulation.IsHealing || _simulation.Disk.HadTrouble || _simulation.DiskTroubleMs > sinceMs)
            {
                return;
            }

            HashSet<BatchNumber> lost = [.. _simulation.Books.Recorded.Values.SelectMany(recorded => recorded.Batch.Gaps).Where(gap => gap.Lane == Lane.Telemetry).SelectMany(gap => gap.Numbers())];
            Dictionary<PointRef, Sample> newest = [];
            foreach ((BatchNumber number, RecordedBatch recorded) in _simulation.Books.Recorded.Where(pair => pair.Key.Epoch == edge.Store.Epoch && !lost.Contains(pair.Key)))
            {
                foreach (Sample sample in recorded.Batch.Samples)
                {
                    newest[sample.Point] = sample;
                }
            }

            foreach (LineRoom line in edge.LineRooms)
            {
                foreach ((PointRef point, (PointSample present, PointSample before)) in line.Present)
                {
                    double deadband = line.Line.Devices.Single(device => device.Id == point.Device).Profile.Points.Single(one => one.Id == point.Point).Deadband;
                    bool isKnown = newest.TryGetValue(point, out Sample sample) && (Tells(sample, present, deadband) || Tells(sample, before, deadband));
                    Look(Promise.Present, isKnown, () => $"{point} is {present.Value} ({present.Quality}), and {PresentWithinMs} ms after a loss the newest that is stored is {newest.GetValueOrDefault(point)}");
                }
            }
        });

        static bool Tells(in Sample sample, in PointSample present, double deadband) =>
            sample.Quality == present.Quality && (sample.Value.Equals(present.Value) || Math.Abs(sample.Value - present.Value) <= deadband);
    }

    /// <summary>At each billing time: the meter has been read, or there is a reading that says why not.</summary>
    private void ExpectReading()
    {
        long periodMs = BuildingSite.ReadingSeconds * 1000L;
        long untilMs = periodMs - (_simulation.EdgeWall.UtcMs % periodMs);
        _simulation.Agenda.In(untilMs, () =>
        {
            long dueMs = Now;
            _simulation.Agenda.In(220_000, () =>
            {
                if (IsSound(dueMs - SettleMs) && !_simulation.IsHealing && !_simulation.Weather.ClockFaults)
                {
                    Look(Promise.Readings, _simulation.Books.ReadAtMs.Exists(atMs => atMs >= dueMs), () => $"there is no billing reading of {dueMs} ms");
                }
            });
            ExpectReading();
        });
    }

    /// <summary>Whether edge, disk and clock were undisturbed since then.</summary>
    private bool IsSound(long sinceMs) => _simulation.Edge is not null && !_simulation.Disk.HadTrouble && _simulation.EdgeTroubleMs < sinceMs;

    /// <summary>Whether the way to the hub was undisturbed since then.</summary>
    private bool IsCalm(long sinceMs) => _simulation.Edge is { Uplink.IsConnected: true } edge && edge.Uplink.ConnectedMs <= sinceMs && _simulation.PathTroubleMs <= sinceMs;

    private bool IsStill(long connectedMs) => IsCalm(connectedMs) && _simulation.Edge!.Uplink.ConnectedMs == connectedMs;

    private bool Answers(string device, long sinceMs) => _simulation.Building.Devices[device] is { IsDead: false } life && (life.SinceMs == 0 || life.SinceMs < sinceMs - SettleMs - 120_000) && _simulation.BusTroubleMs < sinceMs;

    private void Look(Promise promise, bool isKept, Func<string> what)
    {
        _simulation.Looks[(int)promise]++;
        if (!isKept)
        {
            throw new BrokenPromiseException(promise, what());
        }
    }
}
