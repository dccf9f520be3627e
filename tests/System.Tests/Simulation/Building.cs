namespace IotProperty.SystemTests.Simulation;

/// <summary>The scripted world: what every register truly holds at every time, and what happens to the devices. All times are true ones.</summary>
internal sealed class Building
{
    private readonly Agenda _agenda;
    private readonly Weather _weather;
    private readonly Journal _journal;
    private readonly FaultCounts _faults;
    private readonly long _energyStart;
    private readonly double _phase;

    public Building(Agenda agenda, Weather weather, Journal journal, FaultCounts faults)
    {
        (_agenda, _weather, _journal, _faults) = (agenda, weather, journal, faults);
        _energyStart = weather.Between(0, 99_999_999);
        _phase = weather.Between(0, 1000);
        Devices = new[] { BuildingSite.Pump, BuildingSite.Lift, BuildingSite.Meter }.Concat(BuildingSite.Doors).ToDictionary(id => id, id => new DeviceLife());
        Doors = BuildingSite.Doors.ToDictionary(id => id, _ => new DoorController((ushort)weather.Pick(0, 5, 65_530, weather.Between(0, 65_535))));
        foreach (string device in Devices.Keys)
        {
            PlanDeath(device);
        }

        PlanDip();
        PlanLiftFault();
        foreach (string door in BuildingSite.Doors)
        {
            PlanSwipe(door);
        }
    }

    public Dictionary<string, DeviceLife> Devices { get; }

    public Dictionary<string, DoorController> Doors { get; }

    /// <summary>The level at which the pressure has been since <see cref="PressureSinceMs"/>.</summary>
    public double PressureBase { get; private set; } = 0.6;

    public long PressureSinceMs { get; private set; }

    public bool LiftHasFault { get; private set; }

    public long LiftFaultSinceMs { get; private set; }

    /// <summary>Called when somebody has presented a card.</summary>
    public Action<string, Swipe>? Swiped { get; set; }

    /// <summary>Called when a device dies or comes back.</summary>
    public Action<string>? LifeChanged { get; set; }

    /// <summary>Called when the pressure or the lift's fault was changed on purpose.</summary>
    public Action<string>? TruthChanged { get; set; }

    public ushort Register(string device, int address) => device switch
    {
        BuildingSite.Pump => (ushort)(address == 0 ? Math.Round(Pressure() * 1000) : 1),
        BuildingSite.Lift => (ushort)(address == 0 ? (_agenda.NowMs / 20_000) % 12 : LiftHasFault ? 7 : 0),
        BuildingSite.Meter => address switch
        {
            0 => (ushort)(Energy() >> 16),
            1 => (ushort)(Energy() & 0xFFFF),
            _ => (ushort)(500 + (_agenda.NowMs / 40_000 % 7 * 30)),
        },
        _ => Doors[device].Register(address),
    };

    /// <summary>Hundredths of a kilowatt-hour.</summary>
    public uint Energy() => (uint)(_energyStart + (_agenda.NowMs / 700));

    public void SetPressure(double level)
    {
        (PressureBase, PressureSinceMs) = (level, _agenda.NowMs);
        _journal.Note($"world: pressure {level}");
        TruthChanged?.Invoke(BuildingSite.PressureRule);
    }

    public void SetDead(string device, bool isDead)
    {
        DeviceLife life = Devices[device];
        (life.IsDead, life.SinceMs) = (isDead, _agenda.NowMs);
        if (isDead)
        {
            _faults.Add(Fault.DeviceDied);
        }

        _journal.Note($"world: {device} {(isDead ? "dies" : "is back")}");
        LifeChanged?.Invoke(device);
    }

    public void Swipe(string door, ulong card)
    {
        Swipe swipe = Doors[door].Present(card, _agenda.NowMs);
        _journal.Note($"world: card {card:x} at {door}, swipe {swipe.Sequence}");
        Swiped?.Invoke(door, swipe);
    }

    private double Pressure() => PressureBase + (0.006 * Math.Sin((_agenda.NowMs / 9_000.0) + _phase));

    private void PlanDeath(string device) => _agenda.In(_weather.About(500_000), () =>
    {
        if (_weather.IsFair)
        {
            return;
        }

        SetDead(device, isDead: true);
        _agenda.In(_weather.About(60_000), () =>
        {
            SetDead(device, isDead: false);
            PlanDeath(device);
        });
    });

    private void PlanDip() => _agenda.In(_weather.About(90_000), () =>
    {
        if (_weather.IsFair)
        {
            return;
        }

        SetPressure(_weather.Pick(0.2, 0.3));
        _agenda.In(_weather.About(50_000), () =>
        {
            if (!_weather.IsFair)
            {
                SetPressure(0.6);
                PlanDip();
            }
        });
    });

    private void PlanLiftFault() => _agenda.In(_weather.About(120_000), () =>
    {
        if (_weather.IsFair)
        {
            return;
        }

        SetLiftFault(true);
        _agenda.In(_weather.About(40_000), () =>
        {
            if (!_weather.IsFair)
            {
                SetLiftFault(false);
                PlanLiftFault();
            }
        });
    });

    private void SetLiftFault(bool hasFault)
    {
        (LiftHasFault, LiftFaultSinceMs) = (hasFault, _agenda.NowMs);
        _journal.Note($"world: the lift's fault {(hasFault ? "comes" : "goes")}");
        TruthChanged?.Invoke(BuildingSite.LiftRule);
    }

    private void PlanSwipe(string door) => _agenda.In(_weather.About(40_000), () =>
    {
        if (_weather.IsFair)
        {
            return;
        }

        // Now and then a crowd: more than the ring holds.
        for (int left = _weather.Chance(0.05) ? _weather.Between(2, 12) : 1; left > 0; left--)
        {
            Swipe(door, _weather.Pick(BuildingSite.GoodCard, BuildingSite.GoodCard, BuildingSite.BlockedCard, BuildingSite.OtherDoorCard, BuildingSite.UnknownCard));
        }

        PlanSwipe(door);
    });
}

/// <summary>Whether a device answers.</summary>
internal sealed class DeviceLife
{
    public bool IsDead { get; set; }

    public long SinceMs { get; set; }
}

/// <summary>A presented card.</summary>
internal sealed record Swipe(ushort Sequence, ulong Card, long AtMs);

/// <summary>The controller of a door: counts cards, keeps the newest ones in a ring, and unlocks by a pulse.</summary>
internal sealed class DoorController(ushort start)
{
    private ushort _sequence = start;

    /// <summary>All cards that were ever presented.</summary>
    public List<Swipe> Swipes { get; } = [];

    /// <summary>When it was unlocked last; true time.</summary>
    public long? UnlockedMs { get; set; }

    public ushort Register(int address)
    {
        if (address < BuildingSite.RingAddress)
        {
            return address == 0 ? _sequence : (ushort)0;
        }

        int slot = (address - BuildingSite.RingAddress) / 3;
        int newest = Swipes.Count - 1;
        int index = newest - ((newest - slot) % BuildingSite.RingEntries);
        if (newest < slot || index < 0)
        {
            return 0;
        }

        Swipe swipe = Swipes[index];
        return ((address - BuildingSite.RingAddress) % 3) switch
        {
            0 => swipe.Sequence,
            1 => (ushort)(swipe.Card >> 16),
            _ => (ushort)(swipe.Card & 0xFFFF),
        };
    }

    public Swipe Present(ulong card, long atMs)
    {
        _sequence = (ushort)((_sequence + 1) & ushort.MaxValue);
        Swipe swipe = new(_sequence, card, atMs);
        Swipes.Add(swipe);
        return swipe;
    }
}
