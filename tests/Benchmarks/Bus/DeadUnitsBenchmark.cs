using IotProperty.Benchmarks.Harness;
using IotProperty.Edge;
using IotProperty.Edge.Access;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Devices;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Benchmarks.Bus;

/// <summary>
/// Two lines of one wire speed, asked as fast as they can: on one seven devices that live, on the other the same seven and three that are dead. How many answers
/// the living give on the second line, against the first, once the dead have been found out.
/// </summary>
internal sealed class DeadUnitsBenchmark : IBenchmark
{
    private const double RatioFloor = 0.95;
    private const int Alive = 7;
    private const int Dead = 3;
    private const int Registers = 20;
    private const int TimeoutMs = 50;

    public string Name => "rtu-three-dead-of-ten";

    public string Description => "answers of seven devices on a line with three dead ones, against a line without them";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        bool full = run.RoundMs >= BenchmarkRun.Full.RoundMs;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using SimulatedSerialLine healthyWire = SimulatedSerialLine.Start(Staged(dead: 0));
        await using SimulatedSerialLine ailingWire = SimulatedSerialLine.Start(Staged(Dead));
        await using BusDriver healthy = Open("healthy", healthyWire.Port, Alive, out LineRunner healthyLine);
        await using BusDriver ailing = Open("ailing", ailingWire.Port, Alive + Dead, out LineRunner ailingLine);
        Task[] lines = [healthyLine.RunAsync(stop.Token), ailingLine.RunAsync(stop.Token)];

        // A dead device is found out by and by: its pauses double until they are at their longest.
        await Task.Delay(TimeSpan.FromSeconds(full ? 15 : 10), TimeProvider.System, cancellationToken);
        (long healthyBefore, long ailingBefore, long timeoutsBefore) = (healthy.Snapshot().Ok, ailing.Snapshot().Ok, ailing.Snapshot().Timeouts);
        TimeSpan window = TimeSpan.FromSeconds(full ? 30 : 10);
        await Task.Delay(window, TimeProvider.System, cancellationToken);
        double healthyPerSecond = (healthy.Snapshot().Ok - healthyBefore) / window.TotalSeconds;
        double ailingPerSecond = (ailing.Snapshot().Ok - ailingBefore) / window.TotalSeconds;
        long timeouts = ailing.Snapshot().Timeouts - timeoutsBefore;
        await stop.CancelAsync();
        await Task.WhenAll(lines);
        return
        [
            new Measurement(Name, ailingPerSecond, "answers/s")
            {
                Baseline = healthyPerSecond,
                Ratio = ailingPerSecond / healthyPerSecond,
                RatioFloor = RatioFloor,
            },
            // Not one of them is forgotten: each is still asked now and then.
            new Measurement($"{Name}-attempts", timeouts, "requests to the dead") { Floor = Dead },
        ];
    }

    private static SerialBus Staged(int dead) =>
        new StagedLine(new Transports.SerialSettings(19_200, parity: Transports.SerialParity.Even), Alive + dead) { Dead = dead, ResponseDelay = TimeSpan.FromMilliseconds(3) }.Build();

    private static BusDriver Open(string id, string port, int units, out LineRunner runner)
    {
        SerialTransport transport = new(port, 19_200, SerialFormat.Parse("8E1")!.Value);
        LineConfiguration line = BusSite.Line(id, transport, TimeoutMs, BusSite.Profile(Registers, pollMs: 20), units);
        BusDriver driver = BusDriver.Open(line, TimeProvider.System, new Random(1), NullLogger<BusLine>.Instance);
        EdgeClock clock = new(TimeProvider.System, () => true);
        runner = new LineRunner(line, TimeZoneInfo.Utc, driver, new LineSinks([], Nobody.Instance, Nobody.Instance, Nobody.Instance), clock, NullLogger<LineRunner>.Instance);
        return driver;
    }

    /// <summary>Takes what a line brings and drops it: here the wire is measured.</summary>
    private sealed class Nobody : IAccessSink, IReadingSink, IOutbox
    {
        public static Nobody Instance { get; } = new();

        public long TelemetryLosses => 0;

        public void OnSwipes(string device, ushort sequence, ReadOnlySpan<SwipeEntry> entries, Moment now)
        {
        }

        public void OnReading(MeterReading reading)
        {
        }

        public string NewId() => throw new NotSupportedException("no events come from these lines");

        public void Add(in Sample sample)
        {
        }

        public ValueTask AddAsync(OutboxEvents events, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask AddAsync(IReadOnlyList<MeterReading> readings, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
