using System.Net;
using System.Text.Json;
using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.SystemTests.Chaos.Faults;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Chaos.Rig;

/// <summary>
/// Two hub replicas on PostgreSQL and VictoriaMetrics with a proxy in each connection of each replica; behind Mosquitto, or with their own front doors, of which the edge is led to
/// the one that was started last.
/// </summary>
public sealed class GrownHub : IHubSide
{
    private const int Replicas = 2;
    private const string EdgePassword = "chaos-edge";

    /// <summary>A replica that finds no database at its start ends; its supervisor starts it again.</summary>
    private static readonly TimeSpan SupervisedFor = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SupervisorPause = TimeSpan.FromSeconds(1);

    private readonly string _folder;
    private readonly long _seed;
    private readonly string _logs;
    private readonly GrownServers _servers;
    private readonly ChaosPart _postgres;
    private readonly ChaosPart _telemetry;
    private readonly ChaosPart? _broker;
    private readonly ChaosPart[] _hubs;
    private readonly string[] _http = [.. Enumerable.Repeat("127.0.0.1:0", Replicas)];
    private readonly Dictionary<string, FaultProxy> _links = [];
    private readonly HubApi?[] _apis = new HubApi?[Replicas];
    private int _asked;
    private IPEndPoint _frontDoor = new(IPAddress.Loopback, 0);

    /// <param name="folder">Where data and logs go.</param>
    /// <param name="seed">Of the proxies.</param>
    /// <param name="broker">Whether Mosquitto stands in front.</param>
    public GrownHub(string folder, long seed, bool broker)
    {
        (_folder, _seed) = (folder, seed);
        _logs = Path.Combine(folder, "logs");
        _servers = new GrownServers(folder);
        _postgres = new ChaosPart("postgres", _servers.StartPostgresAsync);
        _telemetry = new ChaosPart("victoria-metrics", _servers.StartTelemetryAsync);
        _broker = broker ? new ChaosPart("mosquitto", _servers.StartBrokerAsync) : null;
        _hubs = [.. Enumerable.Range(0, Replicas).Select(i => new ChaosPart($"hub-{i + 1}", token => RunAsync(i, token)))];
    }

    public IReadOnlyList<ChaosPart> Parts => [.. _hubs, _postgres, _telemetry, .. _broker is null ? Array.Empty<ChaosPart>() : [_broker]];

    public IReadOnlyDictionary<string, FaultProxy> Links => _links;

    public IPEndPoint Uplink => _broker is null ? _frontDoor : new(IPAddress.Loopback, _servers.BrokerPort);

    public Action<IPEndPoint>? UplinkMoved { get; set; }

    /// <summary>What VictoriaMetrics lost when it was killed is written again out of PostgreSQL.</summary>
    public TimeSpan SettlesWithin => TimeSpan.FromSeconds(45);

    /// <summary>VictoriaMetrics keeps at least twelve significant digits.</summary>
    public double RelativeError => 1e-11;

    /// <summary>Now one replica, now the other: both must tell the same.</summary>
    public HubApi Api => _apis[_asked++ % Replicas] ?? throw new InvalidOperationException("the hubs have not been started");

    public async Task<(string User, string Password)> StartAsync(string site, CancellationToken cancellationToken)
    {
        await _servers.PrepareAsync(site, EdgePassword, cancellationToken);
        await Task.WhenAll(Parts.Except(_hubs).Select(server => server.StartAsync(cancellationToken)));
        await _servers.CreateDatabaseAsync(cancellationToken);
        for (int i = 0; i < Replicas; i++)
        {
            await WriteConfigurationAsync(i, cancellationToken);
        }

        // The first one makes the schema and the administrator.
        foreach (ChaosPart hub in _hubs)
        {
            await hub.StartAsync(cancellationToken);
        }

        JsonElement token = await CommandAsync(["token", "create", "--role", "administrator", "--name", "chaos", "--data", DataOf(0), "--json"], cancellationToken);
        for (int i = 0; i < Replicas; i++)
        {
            _apis[i] = new HubApi(_http[i], token.GetProperty("token").GetString()!);
        }

        // Behind a broker, too, only messages of sites that have an edge here are taken; who may publish is the broker's to judge.
        JsonElement edge = await CommandAsync(["edge", "add", site, "--data", DataOf(0), "--json"], cancellationToken);
        return _broker is not null ? (site, EdgePassword) : (edge.GetProperty("user").GetString()!, edge.GetProperty("password").GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (HubApi? api in _apis)
        {
            api?.Dispose();
        }

        foreach (ChaosPart part in Parts)
        {
            await part.DisposeAsync();
        }

        foreach (FaultProxy link in _links.Values)
        {
            await link.DisposeAsync();
        }
    }

    private async Task<JsonElement> CommandAsync(string[] arguments, CancellationToken cancellationToken) =>
        JsonDocument.Parse(await ChildProgram.RunAsync("hub-command", BuiltPrograms.Hub, arguments, _logs, cancellationToken)).RootElement;

    private string DataOf(int replica) => Path.Combine(_folder, $"hub-{replica + 1}");

    private int Link(int replica, string to, int port)
    {
        FaultProxy link = FaultProxy.Start(new IPEndPoint(IPAddress.Loopback, port), _seed + _links.Count, TimeProvider.System);
        _links.Add($"hub-{replica + 1} to {to}", link);
        return link.Endpoint.Port;
    }

    private async Task WriteConfigurationAsync(int replica, CancellationToken cancellationToken)
    {
        string data = DataOf(replica);
        Directory.CreateDirectory(data);
        int telemetry = Link(replica, "victoria-metrics", _servers.TelemetryPort);
        string yaml = $$"""
            ledger:
              postgres: { host: 127.0.0.1, port: {{Link(replica, "postgres", _servers.PostgresPort)}}, database: {{GrownServers.User}}, user: {{GrownServers.User}}, passwordFile: ledger.password }
            telemetry:
              victoriaMetrics: { writeUrl: "http://127.0.0.1:{{telemetry}}", readUrl: "http://127.0.0.1:{{telemetry}}" }

            """;
        if (_broker is not null)
        {
            yaml += $"broker: {{ host: 127.0.0.1, port: {Link(replica, "mosquitto", _servers.BrokerPort)}, tls: false, user: {GrownServers.HubUser}, passwordFile: broker.password, group: hub }}\n";
        }

        await File.WriteAllTextAsync(Path.Combine(data, "hub.yaml"), yaml, cancellationToken);
        foreach (string name in new[] { "ledger.password", "broker.password" })
        {
            string path = Path.Combine(data, name);
            await File.WriteAllTextAsync(path, GrownServers.Password + "\n", cancellationToken);
            await ChildProgram.RunAsync("prepare", Peers.Require("chmod"), ["600", path], _logs, cancellationToken);
        }
    }

    private async Task<ChildProgram> RunAsync(int replica, CancellationToken cancellationToken)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            ChildProgram hub = ChildProgram.Start(
                $"hub-{replica + 1}", BuiltPrograms.Hub, ["run", "--data", DataOf(replica), "--http", _http[replica], "--mqtt", "127.0.0.1:0", "--json"], _logs);
            try
            {
                JsonElement ready = await hub.AwaitEventAsync("ready", cancellationToken, ChaosPart.ReadyWithin);
                _http[replica] = ready.GetProperty("http").GetString()!;
                if (_broker is null)
                {
                    _frontDoor = IPEndPoint.Parse(ready.GetProperty("mqtt").GetString()!);
                    UplinkMoved?.Invoke(_frontDoor);
                }

                return hub;
            }
            catch (ScenarioException) when (TimeProvider.System.GetElapsedTime(began) < SupervisedFor)
            {
                await hub.DisposeAsync();
                await Task.Delay(SupervisorPause, TimeProvider.System, cancellationToken);
            }
            catch
            {
                await hub.DisposeAsync();
                throw;
            }
        }
    }
}
