using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Hosting;

/// <summary>
/// The world with its lock, its clock and its ledger. <see cref="RunAsync"/> is the only one who advances it; lines and control socket come in from any task
/// and take the lock for as long as one request needs.
/// </summary>
public sealed class Simulator : IServedReads, IDisposable
{
    /// <summary>A world that was held up (a stopped process) catches up by at most this much real time.</summary>
    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(1);

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
        _devices = DemoDevices.Of(_building);
        Ledger = new RegisterLedger(options.DataFolder, DemoDevices.Lines);
        Journal = new EventJournal(options.DataFolder);
        Images = DemoDevices.Lines.ToDictionary(l => l, l => new SimulatedLine(l, _devices, _world, this));
    }

    public RegisterLedger Ledger { get; }

    public EventJournal Journal { get; }

    /// <summary>What each line serves.</summary>
    public IReadOnlyDictionary<string, SimulatedLine> Images { get; }

    public IReadOnlyList<SimulatedDevice> Devices => _devices;

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

    /// <summary>The device of that id; null when there is none.</summary>
    public SimulatedDevice? Find(string? id) => _devices.FirstOrDefault(d => string.Equals(d.Id, id, StringComparison.Ordinal));

    /// <summary>Sets a fault. Returns null, or why not.</summary>
    public string? SetFault(SimulatedDevice device, string name)
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (_world)
        {
            string? error = device.Faults.Set(name);
            if (error is null)
            {
                Journal.Record(NowMs, new WorldEvent(WorldEventKind.FaultSet, device.Id, name, 0));
            }

            return error;
        }
    }

    /// <summary>Takes one fault away, or with null all of the device's. Returns null, or why not.</summary>
    public string? ClearFault(SimulatedDevice device, string? name)
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (_world)
        {
            foreach (string fault in name is null ? [.. device.Faults.Active] : new[] { name })
            {
                bool was = device.Faults.Active.Contains(fault);
                if (device.Faults.Clear(fault) is { } error)
                {
                    return error;
                }

                if (was)
                {
                    Journal.Record(NowMs, new WorldEvent(WorldEventKind.FaultCleared, device.Id, fault, 0));
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
                Ledger.Count,
                [.. _devices.Select(StatusOf)]);
        }
    }

    public void Dispose()
    {
        Ledger.Dispose();
        Journal.Dispose();
    }

    private static DeviceStatus StatusOf(SimulatedDevice device) => new(
        device.Id,
        device.Kind,
        device.Line,
        device.Unit,
        [.. device.Faults.Active],
        [.. device.Faults.Possible.Select(f => f.Name)],
        device.Registers.Fields.Where(f => !f.Name.StartsWith("ring-", StringComparison.Ordinal)).ToDictionary(f => f.Name, f => f.Raw()));

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
