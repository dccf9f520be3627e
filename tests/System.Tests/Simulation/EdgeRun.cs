using IotProperty.Edge;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Storage;

namespace IotProperty.SystemTests.Simulation;

/// <summary>One run of the edge's program, from its start to its end or to the moment in which it is killed.</summary>
internal sealed class EdgeRun : IDisposable
{
    private const long LookEveryMs = 500;

    private readonly SystemSimulation _simulation;
    private readonly Dictionary<string, LineRoom> _lineOfDevice = [];

    /// <summary>Throws what the daemon's start would throw when its store cannot be opened.</summary>
    public EdgeRun(SystemSimulation simulation)
    {
        _simulation = simulation;
        Clock = new EdgeClock(simulation.EdgeWall, () => simulation.ClockIsSynchronised);
        Store = new StoreRoom(simulation, this);
        Alarms = new AlarmRoom(simulation, this);
        Readings = new ReadingRoom(this);
        Uplink = new UplinkRoom(simulation, this);
        foreach (LineConfiguration line in BuildingSite.Lines)
        {
            LineRoom room = new(simulation, this, line);
            foreach (DeviceConfiguration device in line.Devices)
            {
                _lineOfDevice.Add(device.Id, room);
                if (device.Profile.Access is not null)
                {
                    Doors.Add(device.Id, new DoorRoom(simulation, this, device.Id, device.PollMs));
                }
            }
        }
    }

    public bool IsAlive { get; private set; } = true;

    public EdgeClock Clock { get; }

    public Moment Now => Clock.Now();

    public StoreRoom Store { get; }

    public AlarmRoom Alarms { get; }

    public Dictionary<string, DoorRoom> Doors { get; } = [];

    public ReadingRoom Readings { get; }

    public UplinkRoom Uplink { get; }

    public bool IsBusy => Store.IsBusy || Alarms.IsBusy || Readings.IsBusy || Doors.Values.Any(door => door.IsBusy);

    public IEnumerable<LineRoom> LineRooms => _lineOfDevice.Values.Distinct();

    public LineRoom LineOf(string device) => _lineOfDevice[device];

    public void Start()
    {
        In(LookEveryMs, LookAtClock);
        Alarms.Start();
        Uplink.Start();
        foreach (LineRoom line in LineRooms)
        {
            line.Start();
        }
    }

    public void StopLines()
    {
        foreach (LineRoom line in _lineOfDevice.Values)
        {
            line.IsStopped = true;
        }
    }

    /// <summary>Nothing of this run happens any more.</summary>
    public void End() => IsAlive = false;

    public void Dispose() => Store.Dispose();

    /// <summary>Happens then, if the run still lives.</summary>
    public void In(long ms, Action what) => _simulation.Agenda.In(ms, () =>
    {
        if (IsAlive)
        {
            what();
        }
    });

    /// <summary>What the clock's watch does.</summary>
    private void LookAtClock()
    {
        if (Clock.Look().Step is not null)
        {
            Store.Send(StoreRequest.Tick.Instance, null);
        }

        In(LookEveryMs, LookAtClock);
    }
}
