using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Hosting;

/// <summary>
/// The world with its lock, its clock and its ledger. <see cref="RunAsync"/> is the only one who advances it; lines and control socket come in from any task
/// and take the lock for as long as one request needs.
/// </summary>
public sealed class Simulator : IServedReads, IServedItems, IDisposable
{
    /// <summary>A world that was held up (a stopped process) catches up by at most this much real time.</summary>
    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(1);

    /// <summary>From a request to the meter's answer: DL/T 645 wants at least 20 ms, and real meters take more.</summary>
    private static readonly TimeSpan MeterDelay = TimeSpan.FromMilliseconds(30);

    private readonly Lock _world = new();
    private readonly TimeProvider _time;
    private readonly SimulatorOptions _options;
    private readonly Building _building;
    private readonly IReadOnlyList<SimulatedDevice> _devices;
    private readonly List<RegisterWait> _waits = [];

    public Simulator(SimulatorOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        (_options, _time) = (options, time);
        _building = new Building(options.Building);
        Estate = new SerialEstate(_building);
        _devices = [.. DemoDevices.Of(_building), .. Estate.Devices];
        FaultTargets = [.. _devices, .. Estate.Meters, .. Estate.Lines];
        Ledger = new RegisterLedger(options.DataFolder, [.. DemoDevices.Lines, .. Estate.Lines.Select(l => l.Id)]);
        Items = new ItemLedger(options.DataFolder);
        Journal = new EventJournal(options.DataFolder);
        Images = DemoDevices.Lines.ToDictionary(l => l, l => new SimulatedLine(l, _devices, _world, this, options.Building.Seed));
        Buses = Estate.Lines.ToDictionary(l => l.Id, NewBus);
    }

    public RegisterLedger Ledger { get; }

    public ItemLedger Items { get; }

    public EventJournal Journal { get; }

    /// <summary>What each Modbus TCP line serves.</summary>
    public IReadOnlyDictionary<string, SimulatedLine> Images { get; }

    /// <summary>The serial lines; each is to be run by one owner.</summary>
    public IReadOnlyDictionary<string, SerialBus> Buses { get; }

    public SerialEstate Estate { get; }

    /// <summary>Everything with registers, on whatever line.</summary>
    public IReadOnlyList<SimulatedDevice> Devices => _devices;

    /// <summary>Everything that can be broken: devices, meters, serial lines.</summary>
    public IReadOnlyList<IFaultTarget> FaultTargets { get; }

    public long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Lets the world live until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(Building.TickLength, _time);
        long last = _time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                long now = _time.GetTimestamp();
                TimeSpan passed = _time.GetElapsedTime(last, now);
                last = now;
                Advance((passed < LongestStep ? passed : LongestStep) * _options.Speed);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    /// <summary>Advances the world by world time.</summary>
    public void Advance(TimeSpan dt)
    {
        lock (_world)
        {
            _building.Step(dt);
            RecordEvents();
            _waits.RemoveAll(wait => wait.TryEnd(NowMs));
        }
    }

    void IServedReads.Served(string line, byte unit, RegisterTable table, ushort address, ReadOnlySpan<ushort> values) =>
        Ledger.Record(NowMs, line, unit, table, address, values);

    void IServedItems.Served(SimulatedMeter meter, IReadOnlyDictionary<string, decimal> values) =>
        Items.Record(new ServedItems(NowMs, meter.Line, meter.Id, values));

    /// <summary>The device with registers of that id; null when there is none.</summary>
    public SimulatedDevice? Find(string? id) => _devices.FirstOrDefault(d => string.Equals(d.Id, id, StringComparison.Ordinal));

    /// <summary>Sets a fault. Returns null, or why not.</summary>
    public string? SetFault(IFaultTarget target, string name)
    {
        ArgumentNullException.ThrowIfNull(target);
        lock (_world)
        {
            string? error = target.Faults.Set(name);
            if (error is null)
            {
                Journal.Record(NowMs, new WorldEvent(WorldEventKind.FaultSet, target.Id, name, 0));
            }

            return error;
        }
    }

    /// <summary>Takes one fault away, or with null all of the target's. Returns null, or why not.</summary>
    public string? ClearFault(IFaultTarget target, string? name)
    {
        ArgumentNullException.ThrowIfNull(target);
        lock (_world)
        {
            foreach (string fault in name is null ? [.. target.Faults.Active] : new[] { name })
            {
                bool was = target.Faults.Active.Contains(fault);
                if (target.Faults.Clear(fault) is { } error)
                {
                    return error;
                }

                if (was)
                {
                    Journal.Record(NowMs, new WorldEvent(WorldEventKind.FaultCleared, target.Id, fault, 0));
                }
            }

            return null;
        }
    }

    public void Swipe(SimulatedDevice device, uint card)
    {
        ArgumentNullException.ThrowIfNull(device);
        Action<uint> swipe = device.Swipe ?? throw new ArgumentException($"{device.Id} has no reader", nameof(device));
        lock (_world)
        {
            swipe(card);
            RecordEvents();
        }
    }

    /// <summary>Completes at the first tick at which the register satisfies the condition, with the raw value and the time of that tick.</summary>
    public Task<(long TimeMs, long Raw)> WaitAsync(RegisterField field, Func<long, bool> condition, TimeSpan timeout, CancellationToken cancellationToken)
    {
        RegisterWait wait = new(field, condition);
        lock (_world)
        {
            _waits.Add(wait);
        }

        return wait.Task.WaitAsync(timeout, _time, cancellationToken);
    }

    public SimulatorStatus Status(IReadOnlyDictionary<string, string> endpoints)
    {
        lock (_world)
        {
            TimeSpan timeOfDay = TimeSpan.FromTicks(_building.TimeOfDay.Ticks % TimeSpan.TicksPerDay);
            return new SimulatorStatus(
                _options.Building.Seed,
                timeOfDay.ToString(@"hh\:mm\:ss", System.Globalization.CultureInfo.InvariantCulture),
                _options.Speed,
                _options.Building.MeterSpeed,
                endpoints,
                Ledger.Count + Items.Count,
                [.. _devices.Select(StatusOf), .. Estate.Meters.Select(StatusOf)],
                [.. Estate.Lines.Select(StatusOf)]);
        }
    }

    public void Dispose()
    {
        Ledger.Dispose();
        Items.Dispose();
        Journal.Dispose();
    }

    private static DeviceStatus StatusOf(SimulatedDevice device) => new(
        device.Id,
        device.Kind,
        device.Line,
        $"unit {device.Unit}",
        [.. device.Faults.Active],
        [.. device.Faults.Possible.Select(f => f.Name)],
        device.Registers.Fields.Where(f => !f.Name.StartsWith("ring-", StringComparison.Ordinal)).ToDictionary(f => f.Name, f => f.Raw()));

    private static DeviceStatus StatusOf(SimulatedMeter meter) => new(
        meter.Id,
        meter.Kind,
        meter.Line,
        meter.Protocol == MeterProtocol.MBus ? $"unit {meter.Unit}, address {meter.Address}" : $"address {meter.Address}",
        [.. meter.Faults.Active],
        [.. meter.Faults.Possible.Select(f => f.Name)],
        new Dictionary<string, long>())
    {
        Items = meter.Items.ToDictionary(i => i.Name, i => i.Value()),
    };

    private LineStatus StatusOf(SerialLineDefinition line)
    {
        SerialBus bus = Buses[line.Id];
        return new LineStatus(
            line.Id, line.Settings.ToString(), [.. line.Faults.Active], [.. line.Faults.Possible.Select(f => f.Name)], bus.Requests, bus.Replies, bus.Collisions);
    }

    private SerialBus NewBus(SerialLineDefinition line)
    {
        IEnumerable<BusStation> stations =
        [
            .. Estate.Devices.Where(d => d.Line == line.Id).Select(d => new ModbusStation(d, this)),
            .. Estate.Meters.Where(m => m.Line == line.Id).Select(m => MeterStation.Of(m, this, MeterDelay)),
        ];
        return new SerialBus(new SerialBusOptions(line.Id, line.Speed) { Seed = _options.Building.Seed }, stations, line.Condition, _world);
    }

    private void RecordEvents()
    {
        foreach (WorldEvent happened in _building.TakeEvents())
        {
            Journal.Record(NowMs, happened);
        }
    }

    private sealed class RegisterWait(RegisterField field, Func<long, bool> condition)
    {
        private readonly TaskCompletionSource<(long, long)> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<(long TimeMs, long Raw)> Task => _done.Task;

        public bool TryEnd(long nowMs)
        {
            long raw = field.Raw();
            return condition(raw) && _done.TrySetResult((nowMs, raw));
        }
    }
}
