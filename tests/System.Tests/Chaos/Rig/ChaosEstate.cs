using System.Globalization;
using System.Net;
using System.Text.Json;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Scenarios;
using IotProperty.SystemTests.Chaos.Faults;
using IotProperty.SystemTests.Documents;

namespace IotProperty.SystemTests.Chaos.Rig;

/// <summary>
/// The demo's estate as processes of their own, with a proxy in every network connection of the edge, a tiny disk under its store and a clock of its own.
/// </summary>
public sealed class ChaosEstate : IAsyncDisposable
{
    /// <summary>Explicit, because the judgement of what a kill may cost rests on it.</summary>
    private const int FlushMs = 250;

    /// <summary>Hours of a clock that was set back count as settled at once: the edge shall tell of them soon.</summary>
    private const int TallySeconds = 5;

    /// <summary>A flat uses some tens of kWh and a few cubic metres in a minute.</summary>
    private const int MeterSpeed = 3000;

    private readonly string _folder;
    private readonly long _seed;
    private readonly string _logs;
    private readonly Dictionary<string, FaultProxy> _lines = [];
    private string _site = "";
    private string _health = "";

    private ChaosEstate(string folder, long seed, IHubSide hubSide)
    {
        (_folder, _seed, HubSide) = (folder, seed, hubSide);
        _logs = Path.Combine(folder, "logs");
        Control = new ControlClient(ControlPath);
        Simulator = new ChaosPart("simulator", RunSimulatorAsync);
        Edge = new ChaosPart("edge", RunEdgeAsync);
    }

    public IHubSide HubSide { get; }

    public ControlClient Control { get; }

    public ChaosPart Simulator { get; }

    public ChaosPart Edge { get; }

    /// <summary>Between edge and hub, or edge and broker.</summary>
    public FaultProxy Uplink { get; private set; } = null!;

    /// <summary>Between the edge and the devices of a Modbus TCP line, by line.</summary>
    public IReadOnlyDictionary<string, FaultProxy> Lines => _lines;

    /// <summary>The edge's disk; null where mounting is refused.</summary>
    public TinyDisk? Disk { get; private set; }

    /// <summary>The edge's clock; null where nothing compiles it.</summary>
    public EdgeClockFile? Clock { get; private set; }

    /// <summary>Where the edge's store lies.</summary>
    public string EdgeData => Path.Combine(_folder, "edge");

    public static long NowMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private string ControlPath => Path.Combine(_folder, "control.sock");

    private string PortsFolder => Path.Combine(_folder, "ports");

    /// <summary>Starts all but the edge.</summary>
    public static async Task<ChaosEstate> StartAsync(string folder, long seed, Func<string, IHubSide> hubSide, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hubSide);
        ChaosEstate estate = new(folder, seed, hubSide(folder));
        try
        {
            await estate.StartAsync(cancellationToken);
            return estate;
        }
        catch
        {
            await estate.DisposeAsync();
            throw;
        }
    }

    /// <summary>The edge's <c>/metrics</c> as they are now.</summary>
    public async Task<ProgramMetrics> EdgeMetricsAsync(CancellationToken cancellationToken)
    {
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };
        return ProgramMetrics.Parse(await http.GetStringAsync(new Uri($"http://{_health}/metrics"), cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        // The edge first, so that nobody writes to a disk that goes away.
        await Edge.DisposeAsync();
        await HubSide.DisposeAsync();
        await Simulator.DisposeAsync();
        foreach (FaultProxy proxy in _lines.Values.Append(Uplink).Where(p => p is not null))
        {
            await proxy.DisposeAsync();
        }

        if (Disk is not null)
        {
            await Disk.DisposeAsync();
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        Clock = await EdgeClockFile.BuildAsync(Path.Combine(_folder, "clock"));
        Disk = await TinyDisk.MountAsync(EdgeData);
        await Simulator.StartAsync(cancellationToken);
        (string user, string password) = await HubSide.StartAsync(DemoSite.Id, cancellationToken);
        Uplink = FaultProxy.Start(HubSide.Uplink, _seed, TimeProvider.System);
        HubSide.UplinkMoved = place => Uplink.Target = place;
        _site = await DemoSite.WriteAsync(
            Path.Combine(MarkdownSamples.Root, "deploy/demo"),
            Path.Combine(_folder, "site"),
            user,
            password,
            site => DemoSite.WithPorts(
                site,
                Lines[DemoDevices.Plant].Endpoint.Port,
                Lines[DemoDevices.Meters].Endpoint.Port,
                Lines[DemoDevices.Access].Endpoint.Port,
                PortsFolder,
                Uplink.Endpoint.Port).Replace("\nhealth:", $"\noutbox: {{ flushMs: {FlushMs}, tallySeconds: {TallySeconds} }}\nhealth:", StringComparison.Ordinal),
            cancellationToken);
    }

    private async Task<ChildProgram> RunSimulatorAsync(CancellationToken cancellationToken)
    {
        // A building that is started again is another one: other registers, other histories.
        string[] arguments =
        [
            "run", "--seed", (_seed + Simulator.Starts).ToString(CultureInfo.InvariantCulture), "--plant", "127.0.0.1:0", "--meters", "127.0.0.1:0", "--access", "127.0.0.1:0",
            "--ports", PortsFolder, "--control", ControlPath, "--data", Path.Combine(_folder, "simulator"), "--meter-speed", MeterSpeed.ToString(CultureInfo.InvariantCulture), "--json",
        ];
        ChildProgram simulator = ChildProgram.Start("simulator", BuiltPrograms.Simulator, arguments, _logs);
        return await ServingAsync(simulator, ready =>
        {
            foreach (string line in DemoDevices.Lines)
            {
                IPEndPoint place = IPEndPoint.Parse(ready.GetProperty(line).GetString()!);
                if (_lines.TryGetValue(line, out FaultProxy? proxy))
                {
                    proxy.Target = place;
                }
                else
                {
                    _lines.Add(line, FaultProxy.Start(place, _seed, TimeProvider.System));
                }
            }
        }, cancellationToken);
    }

    private async Task<ChildProgram> RunEdgeAsync(CancellationToken cancellationToken)
    {
        ChildProgram edge = ChildProgram.Start("edge", BuiltPrograms.Edge, ["run", "--site", _site, "--data", EdgeData, "--json"], _logs, Clock?.Environment);
        return await ServingAsync(edge, ready => _health = ready.GetProperty("health").GetString()!, cancellationToken);
    }

    private static async Task<ChildProgram> ServingAsync(ChildProgram program, Action<JsonElement> ready, CancellationToken cancellationToken)
    {
        try
        {
            ready(await program.AwaitEventAsync("ready", cancellationToken, ChaosPart.ReadyWithin));
            return program;
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }
    }
}
