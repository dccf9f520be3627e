using IotProperty.Simulators.Scenarios;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Chaos.Rig;

/// <summary>PostgreSQL, VictoriaMetrics and Mosquitto of the distribution, each with a folder of its own, on loopback.</summary>
/// <param name="folder">Of the run.</param>
internal sealed class GrownServers(string folder)
{
    public const string User = "iotp";
    public const string Password = "chaos-only";
    public const string HubUser = "hub";

    private readonly string _logs = Path.Combine(folder, "logs");
    private readonly string _postgres = Path.Combine(folder, "postgres");
    private readonly string _telemetry = Path.Combine(folder, "victoria-metrics");
    private readonly string _broker = Path.Combine(folder, "mosquitto");

    public int PostgresPort { get; } = FreePort.Next();

    public int TelemetryPort { get; } = FreePort.Next();

    public int BrokerPort { get; } = FreePort.Next();

    /// <summary>Where Debian keeps the server's programs of the newest version; null where none is installed.</summary>
    private static string? PostgresBin { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")).LastOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
        : null;

    /// <summary>Makes the databases and the broker's users; the servers are not started yet.</summary>
    public async Task PrepareAsync(string site, string edgePassword, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_postgres);
        Directory.CreateDirectory(_broker);

        // PostgreSQL runs as nobody's root: its user must be able to reach its folder.
        await RunAsync("chmod", ["711", folder], cancellationToken);
        await RunAsync("chown", ["postgres", _postgres], cancellationToken);
        string passwordFile = Path.Combine(folder, "initdb.password");
        await File.WriteAllTextAsync(passwordFile, Password + "\n", cancellationToken);
        await RunAsync("chown", ["postgres", passwordFile], cancellationToken);
        await RunAsync(
            "setpriv",
            [.. AsPostgres("initdb"), "-D", Path.Combine(_postgres, "data"), "-U", User, "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--locale", "C.UTF-8"],
            cancellationToken);
        string users = Path.Combine(_broker, "users");
        foreach ((string user, string password) in new[] { (HubUser, Password), (site, edgePassword) })
        {
            await RunAsync("mosquitto_passwd", [.. File.Exists(users) ? Array.Empty<string>() : ["-c"], "-b", users, user, password], cancellationToken);
        }

        await File.WriteAllTextAsync(
            Path.Combine(_broker, "mosquitto.conf"),
            $"""
            listener {BrokerPort} 127.0.0.1
            user root
            allow_anonymous false
            password_file {users}
            persistence true
            persistence_location {_broker}/

            """,
            cancellationToken);
    }

    public Task<ChildProgram> StartPostgresAsync(CancellationToken cancellationToken) => ServerPart.StartAsync(
        "postgres",
        Peers.Require("setpriv"),
        [.. AsPostgres("postgres"), "-D", Path.Combine(_postgres, "data"), "-h", "127.0.0.1", "-p", $"{PostgresPort}", "-k", _postgres],
        _logs,
        async token => (await PeerProcess.RunAsync(Path.Combine(PostgresBin!, "pg_isready"), "-h", "127.0.0.1", "-p", $"{PostgresPort}")).ExitCode == 0,
        cancellationToken);

    public Task<ChildProgram> StartTelemetryAsync(CancellationToken cancellationToken) => ServerPart.StartAsync(
        "victoria-metrics",
        Peers.Require("victoria-metrics"),
        [$"-storageDataPath={_telemetry}", $"-httpListenAddr=127.0.0.1:{TelemetryPort}", "-retentionPeriod=100y", "-loggerLevel=WARN"],
        _logs,
        async token =>
        {
            using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
            using HttpResponseMessage health = await http.GetAsync(new Uri($"http://127.0.0.1:{TelemetryPort}/health"), token);
            return health.IsSuccessStatusCode;
        },
        cancellationToken);

    public Task<ChildProgram> StartBrokerAsync(CancellationToken cancellationToken) => ServerPart.StartAsync(
        "mosquitto",
        Peers.Require("mosquitto"),
        ["-c", Path.Combine(_broker, "mosquitto.conf")],
        _logs,
        token => ServerPart.ListensAsync(BrokerPort, token),
        cancellationToken);

    /// <summary>The database that the hub is told of, in a server that runs.</summary>
    public Task CreateDatabaseAsync(CancellationToken cancellationToken) => RunAsync(
        "env", [$"PGPASSWORD={Password}", Path.Combine(PostgresBin!, "createdb"), "-h", "127.0.0.1", "-p", $"{PostgresPort}", "-U", User, User], cancellationToken);

    private static string[] AsPostgres(string program) =>
        ["--reuid=postgres", "--regid=postgres", "--clear-groups", Path.Combine(PostgresBin ?? throw new ScenarioException("PostgreSQL is not installed"), program)];

    private Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        ChildProgram.RunAsync("prepare", Peers.Require(program), arguments, _logs, cancellationToken);
}
