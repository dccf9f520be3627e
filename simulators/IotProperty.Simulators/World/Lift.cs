namespace IotProperty.Simulators.World;

public enum LiftPhase
{
    Idle,
    Opening,
    Open,
    Closing,
    Moving,

    /// <summary>Stopped by a fault; nothing moves until it is taken away.</summary>
    Halted,

    /// <summary>After a fault: creeping to the nearest stop.</summary>
    Recovering,
}

public enum DoorState
{
    Closed = 0,
    Opening = 1,
    Open = 2,
    Closing = 3,
}

/// <summary>
/// A passenger lift with collective control: it serves every call on its way, then turns round. Advanced in ticks by the <see cref="Building"/>;
/// calls come from <see cref="LiftTraffic"/>. Not safe for concurrent use.
/// </summary>
public sealed class Lift
{
    private const int Capacity = 13;
    private const int PassengerKg = 75;
    private const double DoorS = 2.0;
    private const double DwellS = 3.0;
    private const double DoorFaultAfterS = 3.0;
    private const double RecoverySpeed = 0.3;
    private const double OverspeedLimit = 1.3 * LiftMotion.RatedSpeed;
    private const double OverspeedBit = 1.15 * LiftMotion.RatedSpeed;
    private const LiftFault HaltsAtOnce = LiftFault.SafetyCircuit | LiftFault.MotorRunLimit | LiftFault.PositionLost;
    private const LiftFault HaltsBetweenStops = LiftFault.StopOutsideDoorZone | LiftFault.Entrapment;

    private readonly double _tickS;
    private readonly LiftMotion _motion;
    private readonly List<int> _aboard = [];
    private readonly List<(int From, int To)> _waiting = [];
    private LiftPhase _phase;
    private LiftFault _active;
    private double _doorOpen;
    private double _phaseS;
    private double _runS;
    private int _travel = 1;

    public Lift(double tickS, int stop)
    {
        _tickS = tickS;
        _motion = new LiftMotion(LiftShaft.PositionOf(stop), tickS);
    }

    public double PositionM => _motion.PositionM;

    public double Speed => _motion.Speed;

    public LiftPhase Phase => _phase;

    /// <summary>What the fault register shows: stays set until the fault is taken away.</summary>
    public LiftFault Reported { get; private set; }

    public int Direction => Math.Sign(_motion.Speed);

    public int Floor => LiftShaft.FloorOf(LiftShaft.Nearest(_motion.PositionM));

    public int LoadKg => _aboard.Count * PassengerKg;

    /// <summary>Departures so far.</summary>
    public uint Trips { get; private set; }

    /// <summary>Door openings so far.</summary>
    public uint DoorCycles { get; private set; }

    /// <summary>How long the motor has run.</summary>
    public double RunHours => _runS / 3600;

    /// <summary>0 in service, 1 out of service by a fault.</summary>
    public int ServiceMode => _phase is LiftPhase.Halted or LiftPhase.Recovering ? 1 : 0;

    public DoorState Doors => _doorOpen switch
    {
        <= 0 => DoorState.Closed,
        >= 1 => DoorState.Open,
        _ => _phase == LiftPhase.Closing ? DoorState.Closing : DoorState.Opening,
    };

    /// <summary>People who wait or ride; the traffic sends the next one to the lift with fewer.</summary>
    public int Demand => _aboard.Count + _waiting.Count;

    /// <summary>Sets the history that a lift of some age shows.</summary>
    public void SetHistory(uint trips, uint doorCycles, double runHours) => (Trips, DoorCycles, _runS) = (trips, doorCycles, runHours * 3600);

    /// <summary>A passenger at a stop (0 … 12) wants to go to another one.</summary>
    public void Call(int from, int to)
    {
        if (from != to)
        {
            _waiting.Add((from, to));
        }
    }

    public void SetFault(LiftFault fault)
    {
        _active |= fault;
        if ((fault & (LiftFault.DoorOpenFault | LiftFault.DoorCloseFault)) != 0 && _phase == LiftPhase.Idle)
        {
            Enter(LiftPhase.Opening);
        }
    }

    public void ClearFault(LiftFault fault)
    {
        _active &= ~fault;

        // Consequences are reported with their cause and go with it: a cut safety circuit may have stopped the car between stops.
        Reported &= _active;
    }

    public void Tick()
    {
        _phaseS += _tickS;
        if (_phase is not LiftPhase.Halted && (_active & HaltsAtOnce) != 0)
        {
            Enter(LiftPhase.Halted);
        }

        switch (_phase)
        {
            case LiftPhase.Idle: Wait(); break;
            case LiftPhase.Opening: Open(); break;
            case LiftPhase.Open: Exchange(); break;
            case LiftPhase.Closing: Close(); break;
            case LiftPhase.Moving: Move(); break;
            case LiftPhase.Halted: Halt(); break;
            case LiftPhase.Recovering: Recover(); break;
            default: throw new InvalidOperationException($"unknown phase {_phase}");
        }
    }

    private void Wait()
    {
        int here = LiftShaft.Nearest(PositionM);
        if (_waiting.Any(w => w.From == here))
        {
            Enter(LiftPhase.Opening);
            return;
        }

        if (WantsTripForFault() && _aboard.Count + _waiting.Count == 0)
        {
            // A fault that shows only while the car moves makes its own trip, to the farther end.
            int to = here >= LiftShaft.StopCount / 2 ? 0 : LiftShaft.StopCount - 1;
            _aboard.Add(to);
        }

        if (_aboard.Count + _waiting.Count > 0)
        {
            Trips++;
            Enter(LiftPhase.Moving);
        }
    }

    private bool WantsTripForFault() =>
        (_active & (HaltsBetweenStops | LiftFault.Overspeed | LiftFault.OverTravel | LiftFault.MovingWithDoorsOpen)) != 0;

    private void Open()
    {
        if ((_active & LiftFault.DoorOpenFault) != 0)
        {
            Report(LiftFault.DoorOpenFault, when: _phaseS >= DoorFaultAfterS);
            return;
        }

        _doorOpen = Math.Min(1, _doorOpen + (_tickS / DoorS));
        if (_doorOpen >= 1)
        {
            DoorCycles++;
            Enter(LiftPhase.Open);
        }
    }

    private void Exchange()
    {
        int here = LiftShaft.Nearest(PositionM);
        _aboard.RemoveAll(to => to == here);
        for (int i = 0; i < _waiting.Count && _aboard.Count < Capacity;)
        {
            if (_waiting[i].From == here)
            {
                _aboard.Add(_waiting[i].To);
                _waiting.RemoveAt(i);
            }
            else
            {
                i++;
            }
        }

        if ((_active & LiftFault.DoorCloseFault) != 0)
        {
            Report(LiftFault.DoorCloseFault, when: _phaseS >= DwellS + DoorFaultAfterS);
        }
        else if (_phaseS >= DwellS)
        {
            Enter((_active & LiftFault.MovingWithDoorsOpen) != 0 ? LiftPhase.Idle : LiftPhase.Closing);
        }
    }

    private void Close()
    {
        _doorOpen = Math.Max(0, _doorOpen - (_tickS / DoorS));
        if (_doorOpen <= 0)
        {
            Enter(LiftPhase.Idle);
        }
    }

    private void Move()
    {
        _runS += _tickS;
        bool tooFast = (_active & LiftFault.Overspeed) != 0;
        double? target = Target();
        if (target is null || _motion.Approach(target.Value, tooFast ? OverspeedLimit : LiftMotion.RatedSpeed))
        {
            Enter(_doorOpen > 0 ? LiftPhase.Open : LiftPhase.Opening);
        }

        Report(LiftFault.Overspeed, when: tooFast && Math.Abs(Speed) > OverspeedBit);
        Report(LiftFault.MovingWithDoorsOpen, when: (_active & LiftFault.MovingWithDoorsOpen) != 0 && _doorOpen > 0 && !_motion.Standing);
        bool between = !LiftShaft.InDoorZone(PositionM);
        bool overTravelled = PositionM > LiftShaft.TopM + 0.05;
        if (overTravelled || (between && (_active & HaltsBetweenStops) != 0))
        {
            Report(LiftFault.OverTravel, when: overTravelled);
            Enter(LiftPhase.Halted);
        }
    }

    /// <summary>The nearest stop ahead that somebody wants and that can be met, else the nearest behind; null when nobody wants any.</summary>
    private double? Target()
    {
        if ((_active & LiftFault.OverTravel) != 0)
        {
            return LiftShaft.TopM + (LiftShaft.BufferM / 2);
        }

        int? ahead = NearestWanted(_travel);
        if (ahead is null)
        {
            _travel = -_travel;
            ahead = NearestWanted(_travel);
        }

        if (ahead is null)
        {
            // Every wish went away under a moving car: it stops at the next stop that it can meet.
            return _motion.Standing ? null : LiftShaft.PositionOf(NextStoppable());
        }

        return LiftShaft.PositionOf(ahead.Value);
    }

    private int? NearestWanted(int travel)
    {
        int? best = null;
        foreach (int stop in _aboard.Concat(_waiting.Where(_ => _aboard.Count < Capacity).Select(w => w.From)))
        {
            double way = (LiftShaft.PositionOf(stop) - PositionM) * travel;
            bool reachable = way > -LiftMotion.StopToleranceM && (Math.Sign(Speed) != travel || _motion.CanStopAt(LiftShaft.PositionOf(stop)));
            if (reachable && (best is null || way < (LiftShaft.PositionOf(best.Value) - PositionM) * travel))
            {
                best = stop;
            }
        }

        return best;
    }

    private int NextStoppable()
    {
        int stop = LiftShaft.Nearest(PositionM);
        int step = Math.Sign(Speed);
        while (!_motion.CanStopAt(LiftShaft.PositionOf(stop)) && stop + step is >= 0 and < LiftShaft.StopCount)
        {
            stop += step;
        }

        return stop;
    }

    private void Halt()
    {
        _motion.Brake();
        if (!_motion.Standing)
        {
            return;
        }

        if ((_active & (HaltsAtOnce | HaltsBetweenStops | LiftFault.OverTravel)) == 0)
        {
            Enter(LiftPhase.Recovering);
            return;
        }

        bool between = !LiftShaft.InDoorZone(PositionM);
        Reported |= _active & HaltsAtOnce;
        Report(LiftFault.StopOutsideDoorZone, when: between);
        Report(LiftFault.Entrapment, when: between && _aboard.Count > 0);
    }

    private void Recover()
    {
        _runS += _tickS;
        if (_motion.Approach(LiftShaft.PositionOf(LiftShaft.Nearest(PositionM)), RecoverySpeed))
        {
            Enter(_doorOpen > 0 ? LiftPhase.Open : LiftPhase.Opening);
        }
    }

    private void Report(LiftFault fault, bool when)
    {
        if (when)
        {
            Reported |= fault;
        }
    }

    private void Enter(LiftPhase phase)
    {
        _phase = phase;
        _phaseS = 0;
    }
}
