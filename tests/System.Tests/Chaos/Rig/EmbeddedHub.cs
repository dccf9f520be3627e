using System.Net;
using System.Text.Json;
using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.SystemTests.Chaos.Faults;

namespace IotProperty.SystemTests.Chaos.Rig;

/// <summary>The hub as it comes: its own front door, everything in SQLite.</summary>
/// <param name="folder">Where its data and logs go.</param>
public sealed class EmbeddedHub(string folder) : IHubSide
{
    private readonly string _logs = Path.Combine(folder, "logs");
    private ChaosPart? _hub;
    private HubApi? _api;
    private string _token = "";
    private string _http = "127.0.0.1:0";
    private string _mqtt = "127.0.0.1:0";

    public IReadOnlyList<ChaosPart> Parts => [Hub];

    public IReadOnlyDictionary<string, FaultProxy> Links { get; } = new Dictionary<string, FaultProxy>();

    public IPEndPoint Uplink => IPEndPoint.Parse(_mqtt);

    public Action<IPEndPoint>? UplinkMoved { get; set; }

    /// <summary>
    /// A receipt is only given for what is on disk and can be read, so there is nothing to settle at the hub. But an edge on a starved machine decides late upon what it has read,
    /// and its outbox is empty until then.
    /// </summary>
    public TimeSpan SettlesWithin => TimeSpan.FromSeconds(20);

    public double RelativeError => 0;

    public HubApi Api => _api ?? throw new InvalidOperationException("the hub has not been started");

    /// <summary>Where its data lies; another place counts from the next start.</summary>
    public string Data { get; set; } = Path.Combine(folder, "hub");

    private ChaosPart Hub => _hub ??= new ChaosPart("hub", RunAsync);

    public async Task<(string User, string Password)> StartAsync(string site, CancellationToken cancellationToken)
    {
        await Hub.StartAsync(cancellationToken);
        JsonElement token = await CommandAsync(["token", "create", "--role", "administrator", "--name", "chaos", "--data", Data, "--json"], cancellationToken);
        _token = token.GetProperty("token").GetString()!;
        JsonElement edge = await CommandAsync(["edge", "add", site, "--data", Data, "--json"], cancellationToken);
        _api = new HubApi(_http, _token);
        return (edge.GetProperty("user").GetString()!, edge.GetProperty("password").GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        _api?.Dispose();
        await Hub.DisposeAsync();
    }

    private async Task<ChildProgram> RunAsync(CancellationToken cancellationToken)
    {
        ChildProgram hub = ChildProgram.Start("hub", BuiltPrograms.Hub, ["run", "--data", Data, "--http", _http, "--mqtt", _mqtt, "--json"], _logs);
        try
        {
            JsonElement ready = await hub.AwaitEventAsync("ready", cancellationToken, ChaosPart.ReadyWithin);

            // The first start chooses the ports; later ones come back to them, as a hub does.
            (_http, _mqtt) = (ready.GetProperty("http").GetString()!, ready.GetProperty("mqtt").GetString()!);
            UplinkMoved?.Invoke(Uplink);
            return hub;
        }
        catch
        {
            await hub.DisposeAsync();
            throw;
        }
    }

    private async Task<JsonElement> CommandAsync(string[] arguments, CancellationToken cancellationToken) =>
        JsonDocument.Parse(await ChildProgram.RunAsync("hub-command", BuiltPrograms.Hub, arguments, _logs, cancellationToken)).RootElement;
}
