using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Uplink;
using IotProperty.Simulators.Scenarios;
using IotProperty.SystemTests.Documents;
using IotProperty.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.SystemTests.Deploy;

/// <summary>The scrape configuration and the alerts that we ship, checked by Prometheus's own tool and held against what hub and edge really expose.</summary>
public sealed partial class PrometheusTests : IDisposable
{
    /// <summary>Each test of a rule has a database of its own.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-prometheus-");

    public PrometheusTests()
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(MarkdownSamples.Root, "deploy/prometheus")))
        {
            File.Copy(file, PathOf(Path.GetFileName(file)));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [PeerFact("promtool")]
    public async Task Configuration_and_rules_are_sound()
    {
        await File.WriteAllTextAsync(PathOf("iotp-hub.token"), "iotp_token");
        string said = await PromtoolAsync("check", "config", PathOf("prometheus.yml"));
        Assert.Contains("is valid prometheus config file", said, StringComparison.Ordinal);
        Assert.Contains($"{Alerts().Count} rules found", said, StringComparison.Ordinal);
    }

    [PeerFact("promtool")]
    public async Task Each_alert_is_raised_by_what_it_is_for_and_by_nothing_else()
    {
        Assert.Contains("SUCCESS", await PromtoolAsync("test", "rules", PathOf("iotp.rules.test.yml")), StringComparison.Ordinal);
        (string Alert, bool Fires)[] tested = [.. TestedAlert().Matches(Text("iotp.rules.test.yml")).Select(test => (test.Groups[1].Value, !test.Groups[2].Value.Contains("[]", StringComparison.Ordinal)))];
        foreach (string alert in Alerts().Keys)
        {
            Assert.Contains((alert, true), tested);
            Assert.Contains((alert, false), tested);
        }
    }

    [PeerFact("promtool")]
    public async Task A_rule_that_is_blunted_fails_its_test()
    {
        await File.WriteAllTextAsync(PathOf("iotp.rules.yml"), Text("iotp.rules.yml").Replace("iotp_edge_line_up == 0", "iotp_edge_line_up == 2", StringComparison.Ordinal));
        (int code, _, _) = await PeerProcess.RunAsync(Patience, Peers.Require("promtool"), "test", "rules", PathOf("iotp.rules.test.yml"));
        Assert.NotEqual(0, code);
    }

    [Fact]
    public async Task Every_metric_that_a_rule_names_is_exposed()
    {
        HashSet<string> exposed = ["up", .. await OfHubAsync(), .. await OfEdgeAsync()];
        foreach ((string alert, string expression) in Alerts())
        {
            string[] named = [.. Metric().Matches(expression).Select(metric => metric.Value).Distinct()];
            Assert.True(named.Length > 0, $"{alert} names no metric");
            Assert.True(named.All(exposed.Contains), $"{alert} asks for {string.Join(", ", named.Except(exposed))}, which nobody exposes");
        }
    }

    /// <summary>A hub with a broker that is away, with an authority, after a batch, a payload that is none, and a connection that was refused.</summary>
    private async Task<IEnumerable<string>> OfHubAsync()
    {
        string data = PathOf("hub");
        HubSettings settings = new(data, FrontDoorAddress.AnyLoopbackPort, FrontDoorAddress.AnyLoopbackPort)
        {
            Configuration = new HubConfiguration { Broker = new BrokerSettings { Host = "127.0.0.1", Port = FreePort.Next(), User = "hub", Password = new Secret("x") } },
        };
        HubHost hub = HubHost.Build(settings, DataFolder.Open(data), TimeProvider.System);
        await using (hub.Application)
        {
            hub.Prepare();
            await hub.Application.StartAsync();
            IUplinkIngest ingest = hub.Application.Services.GetRequiredService<IUplinkIngest>();
            Batch batch = new() { Key = new BatchKey("riverside", 1, Lane.Telemetry, 1), Samples = [new Sample(new PointRef("lift-1", "position"), 1000, 1, Quality.Good, true)] };
            Assert.Equal(ReceiptStatus.Committed, (await ingest.AcceptAsync("riverside", Lane.Telemetry, BatchCodec.Encode(batch), default))?.Status);
            Assert.Null(await ingest.AcceptAsync("riverside", Lane.Telemetry, new byte[] { 1, 2, 3 }, default));
            await BeRefusedAsync(hub.MqttEndPoint.Port);
            _ = hub.Application.Services.GetRequiredService<AuthoritySource>().GetOrCreate();
            await hub.Application.Services.GetRequiredService<BrokerList>().LookAsync(default);
            string[] names = Names(hub.Application.Services.GetRequiredService<MetricsText>().Render());
            await hub.Application.StopAsync();

            // Counted when the first connection is turned away at 20,000 others.
            return names.Append("kestrel_rejected_connections");
        }
    }

    /// <summary>A connection that speaks no MQTT; returns when the front door has closed it.</summary>
    private static async Task BeRefusedAsync(int port)
    {
        using TcpClient stranger = new();
        await stranger.ConnectAsync("127.0.0.1", port);
        await stranger.GetStream().WriteAsync(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF });
        byte[] rest = new byte[256];
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        try
        {
            while (await stranger.GetStream().ReadAsync(rest, patience.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset, which is as good a close.
        }
    }

    private async Task<IEnumerable<string>> OfEdgeAsync()
    {
        string site = await DemoSite.WriteAsync(
            Path.Combine(MarkdownSamples.Root, "deploy/demo"), PathOf("site"), DemoSite.Id, "secret", text => DemoSite.WithPorts(text, FreePort.Next(), FreePort.Next(), FreePort.Next(), PathOf("ports"), FreePort.Next()), default);
        await using ChildProgram edge = ChildProgram.Start("edge", BuiltPrograms.Edge, ["run", "--site", site, "--data", PathOf("edge"), "--json"], _folder.FullName);
        JsonElement ready = await edge.AwaitEventAsync("ready", default, TimeSpan.FromSeconds(90));
        using HttpClient client = new();
        string[] names = Names(await client.GetStringAsync(new Uri($"http://{ready.GetProperty("health").GetString()}/metrics")));
        Assert.Equal(0, await edge.StopAsync());
        return names;
    }

    private static string[] Names(string page) =>
        [.. page.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ', '{')[0]).Distinct()];

    /// <summary>Each alert's expression, by its name.</summary>
    private Dictionary<string, string> Alerts() =>
        Alert().Matches(Text("iotp.rules.yml")).ToDictionary(alert => alert.Groups[1].Value, alert => alert.Groups[2].Value);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private string Text(string name) => File.ReadAllText(PathOf(name));

    private static async Task<string> PromtoolAsync(params string[] arguments)
    {
        (int code, string output, string errors) = await PeerProcess.RunAsync(Patience, Peers.Require("promtool"), arguments);
        return code == 0 ? output : throw new InvalidOperationException(output + errors);
    }

    [GeneratedRegex(@"- alert: (\w+)\n\s+expr: (.+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"alertname: (\w+)\n\s+exp_alerts:(.*)")]
    private static partial Regex TestedAlert();

    [GeneratedRegex(@"\b(iotp|kestrel|process|dotnet)_[a-z_]+\b|\bup\b")]
    private static partial Regex Metric();
}
