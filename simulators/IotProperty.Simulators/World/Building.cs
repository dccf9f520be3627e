namespace IotProperty.Simulators.World;

/// <param name="Seed">The same seed and the same commands at the same ticks give the same building, for ever.</param>
public sealed record BuildingOptions(long Seed)
{
    /// <summary>The time of day at which the world begins.</summary>
    public TimeSpan StartOfDay { get; init; } = new(7, 45, 0);

    /// <summary>How much faster the meters count than the flats use, so that a minute shows real consumption.</summary>
    public double MeterSpeed { get; init; } = 1;

    /// <summary>Whether residents come and go at the door and the gate by themselves.</summary>
    public bool Traffic { get; init; } = true;
}

/// <summary>
/// The whole simulated building, pure and deterministic. It advances in ticks of 50 ms, so cutting the same time into other steps changes nothing.
/// Not safe for concurrent use: the shell holds one lock around it.
/// </summary>
public sealed class Building
{
    public const int FlatCount = 12;
    public const int LiftCount = 2;

    /// <summary>The length of a tick.</summary>
    public static readonly TimeSpan TickLength = TimeSpan.FromMilliseconds(50);

    private readonly BuildingOptions _options;
    private readonly LiftTraffic _liftTraffic;
    private readonly AccessTraffic[] _accessTraffic;
    private readonly List<WorldEvent> _events = [];
    private TimeSpan _owed;

    public Building(BuildingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!double.IsFinite(options.MeterSpeed) || options.MeterSpeed is < 0 or > 1e6)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.MeterSpeed, "the meter speed lies between 0 and 1000000");
        }

        _options = options;
        double tickS = TickLength.TotalSeconds;
        SeededRandom history = new(options.Seed, "history");
        Lifts = [.. Enumerable.Range(0, LiftCount).Select(i => new Lift(tickS, stop: 1 + (i * 5)))];
        foreach (Lift lift in Lifts)
        {
            uint trips = 60_000u + (uint)history.Below(40_000);
            lift.SetHistory(trips, trips + (uint)history.Below(5_000), runHours: trips * 12 / 3600.0);
        }

        FirePumps = new FirePumpSet(tickS);
        FirePumps.SetHistory(4_000u + (uint)history.Below(500), 60u + (uint)history.Below(30), history.Between(20, 30), history.Between(4, 8));
        Flats = [.. Enumerable.Range(1, FlatCount).Select(n => new Flat(n, new SeededRandom(options.Seed, $"flat-{n}"), tickS))];
        Services = new PublicServices(new SeededRandom(options.Seed, "public-services"), tickS);
        Door = new AccessPoint("door-1", tickS, _events.Add);
        Gate = new AccessPoint("gate-1", tickS, _events.Add);
        _liftTraffic = new LiftTraffic(new SeededRandom(options.Seed, "lift-traffic"), Lifts, tickS);
        _accessTraffic =
        [
            new AccessTraffic(Door, DailyProfile.DoorSwipes, AccessTraffic.FirstCard, new SeededRandom(options.Seed, "door-traffic"), tickS),
            new AccessTraffic(Gate, DailyProfile.GateSwipes, AccessTraffic.FirstTag, new SeededRandom(options.Seed, "gate-traffic"), tickS),
        ];
    }

    public IReadOnlyList<Lift> Lifts { get; }

    public FirePumpSet FirePumps { get; }

    public IReadOnlyList<Flat> Flats { get; }

    public PublicServices Services { get; }

    public AccessPoint Door { get; }

    public AccessPoint Gate { get; }

    /// <summary>How long the world has run.</summary>
    public TimeSpan Elapsed { get; private set; }

    public TimeSpan TimeOfDay => _options.StartOfDay + Elapsed;

    /// <summary>Advances the world. What does not fill a tick is kept for the next call.</summary>
    public void Step(TimeSpan dt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dt, TimeSpan.Zero);
        _owed += dt;
        while (_owed >= TickLength)
        {
            _owed -= TickLength;
            Tick();
        }
    }

    /// <summary>What happened since the last call, oldest first.</summary>
    public IReadOnlyList<WorldEvent> TakeEvents()
    {
        if (_events.Count == 0)
        {
            return [];
        }

        WorldEvent[] taken = [.. _events];
        _events.Clear();
        return taken;
    }

    private void Tick()
    {
        TimeSpan timeOfDay = TimeOfDay;
        _liftTraffic.Tick(timeOfDay);
        foreach (Lift lift in Lifts)
        {
            lift.Tick();
        }

        FirePumps.Tick();
        foreach (Flat flat in Flats)
        {
            flat.Tick(timeOfDay, _options.MeterSpeed);
        }

        Services.Tick(timeOfDay, _options.MeterSpeed, Lifts, FirePumps);
        if (_options.Traffic)
        {
            foreach (AccessTraffic traffic in _accessTraffic)
            {
                traffic.Tick(timeOfDay);
            }
        }

        Door.Tick();
        Gate.Tick();
        Elapsed += TickLength;
    }
}
