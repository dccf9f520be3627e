using IotProperty.Edge.Outbox;
using IotProperty.Edge.Polling;
using Microsoft.Data.Sqlite;

namespace IotProperty.SystemTests.Simulation;

/// <summary>
/// A building, its edge and a hub of two replicas in one thread and in virtual time, driven by one seed: foul weather first, then a drill in which a backlog drains
/// while an alarm comes, then fair weather until everything is at rest and the books are compared.
/// </summary>
internal sealed class SystemSimulation : IDisposable
{
    private readonly VirtualClock _hubClock;
    private readonly Expectations _expectations;
    private bool _edgeIsWanted = true;
    private long _diskSlowUntilMs;
    private long _startAtMs;
    private long _stoppedMs;
    private long _synchronisedMs = long.MinValue / 2;

    public SystemSimulation(int seed, Mistake mistake = Mistake.None)
    {
        Seed = seed;
        Mistake = mistake;
        Weather = new Weather(new Random(seed));
        Journal = new Journal(Agenda);
        EdgeWall = new VirtualClock(Agenda);
        _hubClock = new VirtualClock(Agenda);
        Disk = new SimulatedDisk(Weather, Journal, Faults, mistake);
        Books = new Books(this);
        Wire = new Wire(this);
        Hub = new HubSite(this, _hubClock);
        Building = new Building(Agenda, Weather, Journal, Faults);
        _expectations = new Expectations(this);
        EdgeSettings = mistake switch
        {
            Mistake.EdgeExceedsQuota => Weather.Settings with { MaxBytes = Weather.Settings.MaxBytes * 3, MaxRows = Weather.Settings.MaxRows * 3 },
            Mistake.EdgeExceedsWindow => Weather.Settings with { Window = 64 },
            // A sample a batch, so that a backlog takes long enough for its order to be seen.
            Mistake.EdgeSendsBacklogFirst => Weather.Settings with { LiveMs = -1, MaxBatchSamples = 1 },
            _ => Weather.Settings,
        };
    }

    public int Seed { get; }

    public Mistake Mistake { get; }

    public Agenda Agenda { get; } = new();

    public Weather Weather { get; }

    public Journal Journal { get; }

    public FaultCounts Faults { get; } = new();

    public VirtualClock EdgeWall { get; }

    public SimulatedDisk Disk { get; }

    public Books Books { get; }

    public Wire Wire { get; }

    public HubSite Hub { get; }

    public Building Building { get; }

    /// <summary>Null while the edge is off.</summary>
    public EdgeRun? Edge { get; private set; }

    public OutboxSettings EdgeSettings { get; }

    public bool ClockIsSynchronised { get; private set; } = true;

    public long HubUtcMs => _hubClock.UtcMs;

    /// <summary>The true wall clock at a time of the agenda.</summary>
    public long UtcAtMs(long agendaMs) => _hubClock.UtcMs - Agenda.NowMs + agendaMs;

    /// <summary>When edge, disk or clock were last disturbed. True time.</summary>
    public long EdgeTroubleMs { get; private set; }

    /// <summary>When the disk was last disturbed.</summary>
    public long DiskTroubleMs { get; private set; } = long.MinValue / 2;

    /// <summary>When the way to the hub, or the hub, was last disturbed.</summary>
    public long PathTroubleMs { get; private set; }

    /// <summary>When a device last gave a bad answer.</summary>
    public long BusTroubleMs { get; private set; }

    /// <summary>Whether the lines are stopped: nothing new is read any more.</summary>
    public bool IsHealing => _stoppedMs > 0;

    /// <summary>How often each conditional promise was really looked at.</summary>
    public long[] Looks { get; } = new long[Enum.GetValues<Promise>().Length];

    /// <summary>Runs it all. Throws <see cref="SimulationFailedException"/> when a checker finds something.</summary>
    public void Run()
    {
        try
        {
            StartEdge();
            PlanFaults();
            Agenda.RunUntil(Weather.FoulMs);
            Drill();
            Heal();
            new FinalAudit(this).Check();
        }
        catch (Exception broken)
        {
            throw new SimulationFailedException(this, broken);
        }
    }

    public void Dispose()
    {
        Edge?.Dispose();
        Disk.Dispose();
        Hub.Dispose();
    }

    /// <summary>Whether the mistake is made now.</summary>
    public bool Makes(Mistake mistake, double rate) => Mistake == mistake && Weather.Chance(rate);

    /// <summary>How a device answers, and after what time.</summary>
    public (ReplyKind Kind, long TookMs) Ask(string device, int timeoutMs)
    {
        if (Building.Devices[device].IsDead)
        {
            return (ReplyKind.NoAnswer, timeoutMs);
        }

        if (Weather.Strikes(Weather.BadAnswerRate))
        {
            BusTroubleMs = Agenda.NowMs;
            bool late = Weather.Chance(0.6);
            Faults.Add(late ? Fault.DeviceAnsweredLate : Fault.DeviceSentNonsense);
            return late ? (ReplyKind.NoAnswer, timeoutMs) : (ReplyKind.Malformed, Weather.Between(5, 60));
        }

        return (ReplyKind.Answered, Weather.Between(5, 60));
    }

    public long DiskDelayMs() => Agenda.NowMs < _diskSlowUntilMs ? Weather.Between(200, 2_500) : Weather.Between(1, 15);

    /// <summary>The edge's program is gone.</summary>
    public void KillEdge(bool powerCut = false)
    {
        if (Edge is null)
        {
            return;
        }

        Journal.Note(powerCut ? "the edge's power is cut" : "the edge is killed");
        bool diskWasSound = !Disk.HadTrouble && !Disk.IsFull && DiskTroubleMs < Agenda.NowMs - 10_000 && _diskSlowUntilMs < Agenda.NowMs - 10_000;
        Books.Killed(diskWasSound);
        Edge.End();
        Edge = null;
        Wire.Break();
        EdgeTroubleMs = Agenda.NowMs;
        if (powerCut)
        {
            Disk.CutPower();
        }
        else
        {
            Disk.Kill();
        }

        NoteDiskTrouble();
        StartSoon(Weather.Chance(0.1) ? Weather.Between(60_000, 200_000) : Weather.Between(500, 8_000));
    }

    public void NoteDiskTrouble()
    {
        if (Disk.HadTrouble)
        {
            Disk.HadTrouble = false;
            DiskTroubleMs = Agenda.NowMs;
            EdgeTroubleMs = Agenda.NowMs;
        }
    }

    public void NotePathTrouble(string what)
    {
        PathTroubleMs = Agenda.NowMs;
        Journal.Note(what);
    }

    private void StartSoon(long ms)
    {
        long at = Agenda.NowMs + ms;
        _startAtMs = at;
        Agenda.In(ms, () =>
        {
            if (_startAtMs == at && Edge is null && _edgeIsWanted)
            {
                StartEdge();
            }
        });
    }

    private void StartEdge()
    {
        if (Weather.ClockFaults && Weather.Strikes(0.4))
        {
            // No battery behind the clock: it begins somewhere and is set by the time daemon later.
            Faults.Add(Fault.ClockUnsynchronised);
            (ClockIsSynchronised, EdgeWall.AheadMs) = (false, -Weather.Between(1, 5_000) * 60_000L);
            Agenda.In(Weather.Between(5_000, 200_000), Synchronise);
        }

        try
        {
            EdgeRun run = new(this);
            Edge = run;
            EdgeTroubleMs = Agenda.NowMs;
            Journal.Note($"the edge starts, epoch {run.Store.Epoch}");
            run.Start();
        }
        catch (SqliteException)
        {
            Journal.Note("the edge cannot open its store");
            StartSoon(2_000);
        }
    }

    private void Synchronise()
    {
        if (!ClockIsSynchronised)
        {
            Journal.Note($"the clock is synchronised, it was {EdgeWall.AheadMs} ms ahead");
            (ClockIsSynchronised, EdgeWall.AheadMs) = (true, 0);
            _synchronisedMs = Agenda.NowMs;
            EdgeTroubleMs = Agenda.NowMs;
        }
    }

    private void PlanFaults()
    {
        Every(Weather.KillEveryMs, () =>
        {
            bool powerCut = Weather.Chance(0.4);
            Faults.Add(Fault.EdgeKilled);
            KillEdge(powerCut);
        });
        Every(Weather.BreakEveryMs, () =>
        {
            if (Weather.Chance(0.2))
            {
                Wire.SetUp(false);
                Agenda.In(Weather.Between(10_000, 300_000), () => Wire.SetUp(true));
                return;
            }

            Faults.Add(Fault.ConnectionBroken);
            Wire.Break();
        });
        Every(Weather.HubKillEveryMs, () => Hub.Kill(Weather.Between(0, 1)));
        Every(Weather.DiskTroubleEveryMs, () =>
        {
            Disk.HadTrouble = true;
            if (Weather.Chance(0.5))
            {
                Faults.Add(Fault.DiskFull);
                Journal.Note("the disk is full");
                Disk.IsFull = true;
                Agenda.In(Weather.Between(2_000, 60_000), () => (Disk.IsFull, Disk.HadTrouble) = (false, true));
            }
            else
            {
                Faults.Add(Fault.DiskSlow);
                Journal.Note("the disk is slow");
                _diskSlowUntilMs = Agenda.NowMs + Weather.Between(2_000, 30_000);
            }
        });
        if (Weather.ClockFaults)
        {
            Every(200_000, StepClock);
        }
    }

    private void StepClock()
    {
        // A step that the clock's watch sees in the same look as the synchronisation is one with it for everybody.
        if (!ClockIsSynchronised || Agenda.NowMs < _synchronisedMs + 1_000)
        {
            return;
        }

        long byMs = Weather.Between(2_000, 4_000_000) * (Weather.Chance(0.5) ? 1 : -1);
        Faults.Add(byMs > 0 ? Fault.ClockSteppedForward : Fault.ClockSteppedBack);
        Journal.Note($"somebody steps the clock by {byMs} ms");
        EdgeWall.AheadMs += byMs;
        EdgeTroubleMs = Agenda.NowMs;
        Agenda.In(Weather.Between(5_000, 120_000), () =>
        {
            EdgeWall.AheadMs = ClockIsSynchronised ? 0 : EdgeWall.AheadMs;
            EdgeTroubleMs = Agenda.NowMs;
        });
    }

    private void Every(long meanMs, Action what) => Agenda.In(Weather.About(meanMs), () =>
    {
        if (!Weather.IsFair)
        {
            what();
            Every(meanMs, what);
        }
    });

    /// <summary>A hub that was away comes back to a backlog, and just then the pressure falls and the lift breaks down.</summary>
    private void Drill()
    {
        Journal.Note("the drill begins");
        Weather.IsFair = true;
        Disk.IsFull = false;
        _diskSlowUntilMs = 0;
        Synchronise();
        EdgeWall.AheadMs = 0;
        EdgeTroubleMs = Agenda.NowMs;
        Hub.Heal();
        foreach ((string device, DeviceLife life) in Building.Devices)
        {
            if (life.IsDead)
            {
                Building.SetDead(device, isDead: false);
            }
        }

        Building.SetPressure(0.6);
        Wire.SetUp(false);
        Agenda.RunUntil(Agenda.NowMs + (Weather.Between(100, 260) * 1000L));
        if (Edge is null)
        {
            StartEdge();
        }

        Wire.SetUp(true);
        Building.SetPressure(0.2);
        Agenda.RunUntil(Agenda.NowMs + 30_000);
        Building.SetPressure(Weather.Pick(0.6, 0.2, 0.3));
        Agenda.RunUntil(Agenda.NowMs + 60_000);
    }

    /// <summary>The world stands still until the hub has everything.</summary>
    private void Heal()
    {
        Journal.Note("healing");
        _expectations.CheckSilence();
        Edge!.StopLines();
        _stoppedMs = Agenda.NowMs;
        long patienceMs = Agenda.NowMs + 1_200_000;
        while (!IsAtRest() && Agenda.NowMs < patienceMs)
        {
            Agenda.RunUntil(Agenda.NowMs + 500);
        }

        if (!IsAtRest())
        {
            throw new BrokenPromiseException(Promise.Heals, $"after twenty minutes of fair weather the outbox still holds {Edge?.Store.Snapshot}");
        }

        _edgeIsWanted = false;
    }

    /// <summary>The last tallies are told a tally's time after the last record.</summary>
    private bool IsAtRest() => Agenda.NowMs > _stoppedMs + (2_000L * Weather.Settings.TallySeconds)
        && Edge is { IsBusy: false } edge && edge.Store.Snapshot is { Events.Rows: 0, Readings.Rows: 0, Telemetry.Rows: 0 };
}

/// <summary>A seed that failed, with all that is needed to see why.</summary>
internal sealed class SimulationFailedException(SystemSimulation simulation, Exception inner)
    : Exception($"seed {simulation.Seed}, step {simulation.Agenda.Steps}, {simulation.Agenda.NowMs} ms: {inner.Message}\nlast:\n{simulation.Journal}", inner)
{
    /// <summary>The promise that a checker found broken; null when the simulation broke down otherwise.</summary>
    public Promise? Promise => (InnerException as BrokenPromiseException)?.Promise;
}
