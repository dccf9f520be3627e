using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Scenarios.Hub;

namespace IotProperty.Simulators.Scenarios;

/// <summary>
/// Simulator, hub and edge as three processes on loopback, with everything between them: ports, credentials, files. Started in that order; can kill and
/// restart hub and edge; <see cref="DisposeAsync"/> ends all three and returns when they are gone.
/// </summary>
public sealed class DemoRig : IAsyncDisposable
{
    /// <summary>A flat uses some tens of kWh and a few cubic metres in a minute of the demo.</summary>
    private const int MeterSpeed = 3000;

    /// <summary>As the edge's systemd unit sets it, because what a small box has to give is a part of the story; a test compares.</summary>
    public static readonly IReadOnlyDictionary<string, string> EdgeEnvironment = new Dictionary<string, string> { ["DOTNET_EnableDiagnostics"] = "0", ["MALLOC_ARENA_MAX"] = "1" };

    private readonly DemoPrograms _programs;
    private readonly string _logs;
    private readonly string _hubData;
    private readonly string _edgeData;
    private readonly string _site;
    private ChildProgram? _simulator;
    private ChildProgram? _hub;
    private ChildProgram? _edge;
    private HubApi? _api;
    private string? _edgeHealth;
    private string _http;
    private string _mqtt = "127.0.0.1:0";

    public DemoRig(DemoPrograms programs)
    {
        ArgumentNullException.ThrowIfNull(programs);
        _programs = programs;
        _http = programs.Http;
        _logs = Path.Combine(programs.DataFolder, "logs");
        _hubData = Path.Combine(programs.DataFolder, "hub");
        _edgeData = Path.Combine(programs.DataFolder, "edge");
        _site = Path.Combine(programs.DataFolder, "site", "site.yaml");
        Control = new ControlClient(ControlPath);
    }

    public ControlClient Control { get; }

    public HubApi Api => _api ?? throw new InvalidOperationException("the hub has not been started");

    public ChildProgram Edge => _edge ?? throw new InvalidOperationException("the edge has not been started");

    public ChildProgram Hub => _hub ?? throw new InvalidOperationException("the hub has not been started");

    /// <summary>Where the hub's pages are.</summary>
    public string Url => $"http://{_http}/";

    /// <summary>Address and port of the hub's pages and API.</summary>
    public string Http => _http;

    public string User { get; private set; } = "";

    public string Password { get; private set; } = "";

    private string PortsFolder => Path.Combine(_programs.DataFolder, "ports");

    private string ControlPath => Path.Combine(_programs.DataFolder, "control.sock");

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Starts simulator and hub and prepares the edge's files; the edge itself waits for <see cref="StartEdge"/>.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_programs.DataFolder);
        JsonElement lines = await StartSimulatorAsync(cancellationToken);
        _hub = StartHub();
        JsonElement administrator = await _hub.AwaitEventAsync("administrator-created", cancellationToken, _programs.StartWithin);
        JsonElement ready = await _hub.AwaitEventAsync("ready", cancellationToken, _programs.StartWithin);
        (_http, _mqtt) = (Text(ready, "http"), Text(ready, "mqtt"));
        User = Text(administrator, "user");
        string oneTime = (await File.ReadAllTextAsync(Text(administrator, "passwordFile"), cancellationToken)).Trim();
        Password = await ChoosePasswordAsync(oneTime, cancellationToken);
        string token = Text(await HubCommandAsync("token", ["token", "create", "--role", "administrator", "--name", "demo", "--data", _hubData, "--json"], cancellationToken), "token");
        _api = new HubApi(_http, token);
        JsonElement edge = await HubCommandAsync("edge-add", ["edge", "add", DemoSite.Id, "--data", _hubData, "--json"], cancellationToken);
        await WriteSiteAsync(lines, edge, cancellationToken);
        string authority = Path.Combine(Path.GetDirectoryName(_site)!, DemoSite.AuthorityFile);
        await ChildProgram.RunAsync("edge-authority", _programs.Hub, ["edge", "authority", "--data", _hubData, "--out", authority], _logs, cancellationToken);
        await ChildProgram.RunAsync("edge-validate", _programs.Edge, ["validate", "--site", _site], _logs, cancellationToken);
    }

    public void StartEdge()
    {
        _edgeHealth = null;
        _edge = ChildProgram.Start("edge", _programs.Edge, ["run", "--site", _site, "--data", _edgeData, "--json"], _logs, EdgeEnvironment);
    }

    /// <summary>SIGKILL; returns when it is gone.</summary>
    public async Task KillEdgeAsync()
    {
        await Edge.KillAsync();
        await Edge.DisposeAsync();
    }

    /// <summary>SIGKILL; returns when it is gone.</summary>
    public async Task KillHubAsync()
    {
        await Hub.KillAsync();
        await Hub.DisposeAsync();
    }

    /// <summary>Starts the hub again at the same addresses; returns when it is ready.</summary>
    public async Task RestartHubAsync(CancellationToken cancellationToken)
    {
        _hub = StartHub();
        await _hub.AwaitEventAsync("ready", cancellationToken, _programs.StartWithin);
    }

    /// <summary>
    /// How long the edge's start took, from the start of its process until the hub has committed a telemetry batch of this boot; asks every 20 ms.
    /// </summary>
    /// <param name="boots">How often the edge was started before.</param>
    public async Task<TimeSpan> TimeToFirstSampleAsync(int boots, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while ((await Api.GetAsync<HubPage<HubBatchSpan>>($"batches?site={DemoSite.Id}", patience.Token)).Items.Count(b => b.Lane == "telemetry") <= boots)
        {
            if (Edge.HasEnded)
            {
                throw new ScenarioException("the edge ended before its first sample; see edge.log");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }

        return Stopwatch.GetElapsedTime(Edge.StartedAt);
    }

    /// <summary>The edge's <c>/metrics</c> as they are now.</summary>
    public async Task<ProgramMetrics> EdgeMetricsAsync(CancellationToken cancellationToken)
    {
        if (_edgeHealth is null)
        {
            JsonElement ready = await Edge.AwaitEventAsync("ready", cancellationToken, _programs.StartWithin);
            _edgeHealth = Text(ready, "health");
        }

        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };
        return ProgramMetrics.Parse(await http.GetStringAsync(new Uri($"http://{_edgeHealth}/metrics"), cancellationToken));
    }

    /// <summary>The hub's <c>/metrics</c> as they are now; counters begin anew when it is started again.</summary>
    public async Task<ProgramMetrics> HubMetricsAsync(CancellationToken cancellationToken) =>
        ProgramMetrics.Parse(await Api.TextAsync($"http://{_http}/metrics", cancellationToken));

    public async Task<long> SampleCountAsync(CancellationToken cancellationToken) =>
        (await Api.GetAsync<HubCount>($"telemetry/count?site={DemoSite.Id}", cancellationToken)).Samples;

    public async ValueTask DisposeAsync()
    {
        // The edge first, while the hub still takes what it holds. One that will not end keeps nobody from ending the others.
        List<ScenarioException> failures = [];
        foreach (ChildProgram? program in new[] { _edge, _hub, _simulator })
        {
            if (program is { } running)
            {
                try
                {
                    await running.StopAsync();
                }
                catch (ScenarioException failure)
                {
                    failures.Add(failure);
                }

                await running.DisposeAsync();
            }
        }

        _api?.Dispose();
        if (failures.Count > 0)
        {
            throw failures[0];
        }
    }

    /// <summary>Does what the hub demands of a new administrator before it opens its pages, so that whoever watches the demo need not.</summary>
    private async Task<string> ChoosePasswordAsync(string oneTime, CancellationToken cancellationToken)
    {
        string chosen = RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 16);
        using HubBrowser browser = new(_http);
        await browser.LogInAsync(User, oneTime, cancellationToken);
        await browser.ChoosePasswordAsync(oneTime, chosen, cancellationToken);
        return chosen;
    }

    private async Task<JsonElement> StartSimulatorAsync(CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "run", "--seed", _programs.Seed.ToString(CultureInfo.InvariantCulture), "--plant", "127.0.0.1:0", "--meters", "127.0.0.1:0", "--access", "127.0.0.1:0",
            "--ports", PortsFolder, "--control", ControlPath, "--data", Path.Combine(_programs.DataFolder, "simulator"), "--meter-speed", MeterSpeed.ToString(CultureInfo.InvariantCulture), "--json",
        ];
        _simulator = ChildProgram.Start("simulator", _programs.Simulator, arguments, _logs);
        return await _simulator.AwaitEventAsync("ready", cancellationToken, _programs.StartWithin);
    }

    private ChildProgram StartHub() => ChildProgram.Start("hub", _programs.Hub, ["run", "--data", _hubData, "--http", _http, "--mqtt", _mqtt, "--json"], _logs);

    private async Task<JsonElement> HubCommandAsync(string name, string[] arguments, CancellationToken cancellationToken)
    {
        string output = await ChildProgram.RunAsync(name, _programs.Hub, arguments, _logs, cancellationToken);
        return JsonDocument.Parse(output).RootElement;
    }

    private Task<string> WriteSiteAsync(JsonElement lines, JsonElement edge, CancellationToken cancellationToken) => DemoSite.WriteAsync(
        _programs.SiteFolder,
        Path.GetDirectoryName(_site)!,
        Text(edge, "user"),
        Text(edge, "password"),
        site => DemoSite.WithCommands(
            DemoSite.WithPorts(site, Port(Text(lines, "plant")), Port(Text(lines, "meters")), Port(Text(lines, "access")), PortsFolder, Port(_mqtt))),
        cancellationToken);

    private static int Port(string endpoint) => IPEndPoint.Parse(endpoint).Port;

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.GetString() is { } text ? text : throw new ScenarioException($"no '{name}' in {json}");
}
