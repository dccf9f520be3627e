using System.Net;
using System.Net.Sockets;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.SystemTests.Documents;

namespace IotProperty.SystemTests.Traces;

/// <summary>Simulator, edge and hub as whole processes that export their traces.</summary>
public sealed class TracedEstateTests : IDisposable
{
    private const string Secret = "Bearer 5wordf1sh-3af1";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-traces-");
    private readonly CancellationTokenSource _patience = new(Patience);

    [Fact]
    public async Task A_journey_is_seen_whole_from_line_read_to_page_and_its_secret_nowhere()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync(Secret);
        await using (DemoRig rig = Rig(collector.Endpoint, collector.Endpoint))
        {
            await DemoStart.RunAsync(rig, _patience.Token);
            await using Stream live = await rig.Api.OpenLiveAsync(_patience.Token);
            Task watching = WatchAsync(live);
            IReadOnlyList<OtlpSpan> samples = await collector.TraceAsync(trace => Has(trace, "line.read", "outbox.store", "uplink.publish", "ingest", "live.push"), _patience.Token);
            RequireWhole(samples, "line.read", "outbox.store", "ingest", "live.push");

            await rig.Control.DoAsync(new ControlRequest { Op = "swipe", Device = "door-1", Card = CardsCheck.KnownCard }, _patience.Token);
            IReadOnlyList<OtlpSpan> swipe = await collector.TraceAsync(
                // Others go through the estate's gate meanwhile.
                trace => trace.Any(span => span.Name == "access.decide" && span.Attributes["iotp.device"] == "door-1")
                    && Has(trace, "line.read", "access.decide", "outbox.store", "access.unlock", "line.write", "uplink.publish", "ingest", "ingest.decode", "ingest.commit", "live.push"), _patience.Token);
            RequireWhole(swipe, "line.read", "access.decide", "outbox.store", "ingest", "ingest.commit", "live.push");
            OtlpSpan decided = swipe.Single(span => span.Name == "access.decide");
            Assert.Equal(("door-1", "Granted", "Known"), (decided.Attributes["iotp.device"], decided.Attributes["iotp.access.decision"], decided.Attributes["iotp.access.reason"]));
            Assert.Equal(["iotp-edge", "iotp-hub"], swipe.Select(span => span.Service).Distinct().Order(StringComparer.Ordinal));
            Assert.All(swipe.Where(span => span.Service == "iotp-edge"), span => Assert.Equal(DemoSite.Id, span.Resource["iotp.site"]));
            Assert.All(swipe, span => Assert.True(span.Resource["service.version"].Length > 0 && span.Resource["service.instance.id"].Length > 0));

            // A page and a search, as the operator's browser asks for them: named by route, without what was searched for.
            await rig.Api.TextAsync($"{rig.Url}api/v1/alarms?site={DemoSite.Id}&q=zhang-wei", _patience.Token);
            IReadOnlyList<OtlpSpan> request = await collector.TraceAsync(trace => trace.Any(span => span.Attributes.GetValueOrDefault("http.route") == "/api/v1/alarms"), _patience.Token);
            OtlpSpan served = Assert.Single(request, span => span.Scope == "Microsoft.AspNetCore");
            Assert.Equal(
                ["http.request.method=GET", "http.response.status_code=200", "http.route=/api/v1/alarms"],
                served.Attributes.Select(attribute => $"{attribute.Key}={attribute.Value}").Order(StringComparer.Ordinal));
            string metrics = await rig.Api.TextAsync($"{rig.Url}metrics", _patience.Token);
            Assert.Contains("iotp_trace_spans_total{outcome=\"exported\"}", metrics, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, metrics, StringComparison.Ordinal);
            Assert.Equal(0, await rig.Edge.StopAsync());
            Assert.Equal(0, await rig.Hub.StopAsync());
            await watching;
        }

        Assert.Equal(0, collector.Refused);
        string told = string.Join('\n', collector.Spans.SelectMany(span => span.Attributes.Append(new("name", span.Name))).Select(attribute => attribute.Value).Distinct());
        Assert.All((string[])[CardsCheck.KnownCard, "flat-101-card", "zhang-wei", Secret, "/healthz", "/metrics"], word => Assert.DoesNotContain(word, told, StringComparison.Ordinal));
        string[] logs = Directory.GetFiles(Path.Combine(_folder.FullName, "data", "logs"));
        Assert.NotEmpty(logs);
        Assert.All(logs, log => Assert.DoesNotContain(Secret[7..], File.ReadAllText(log), StringComparison.Ordinal));
        Assert.Contains(logs, log => File.ReadAllText(log).Contains("Traces go to", StringComparison.Ordinal));
    }

    /// <summary>The edge's collector takes connections and never answers; the hub's refuses them.</summary>
    [Fact]
    public async Task A_dead_collector_leaves_everything_working_and_is_told_once()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        Uri refusing = new($"http://127.0.0.1:{IotProperty.Tests.FreePort.Next()}");
        await using (DemoRig rig = Rig(new Uri($"http://{silent.LocalEndpoint}"), refusing))
        {
            (CheckContext context, _) = await DemoStart.RunAsync(rig, _patience.Token);
            DateTimeOffset swiped = DemoRig.Now;
            await CardsCheck.SwipeBothAsync(context, _patience.Token);
            await CardsCheck.AwaitBothAsync(context, swiped, _patience.Token);
            while ((await rig.EdgeMetricsAsync(_patience.Token))["iotp_edge_trace_spans_total", ("outcome", "failed")] == 0 || !Log("hub").Contains("are not taken", StringComparison.Ordinal))
            {
                await CheckContext.PauseAsync(1, _patience.Token);
            }

            Assert.Equal(0, await rig.Edge.StopAsync());
            Assert.Equal(0, await rig.Hub.StopAsync());
        }

        foreach (string program in (string[])["edge", "hub"])
        {
            Assert.Single(Log(program).Split('\n'), line => line.Contains("are not taken", StringComparison.Ordinal));
            Assert.DoesNotContain(Secret[7..], Log(program), StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        _patience.Dispose();
        _folder.Delete(recursive: true);
    }

    private static bool Has(IReadOnlyList<OtlpSpan> trace, params string[] names) => names.All(name => trace.Any(span => span.Name == name));

    /// <summary>One root, every other span with its parent in the trace, and the ones that are named in the order of time.</summary>
    private static void RequireWhole(IReadOnlyList<OtlpSpan> trace, params string[] inOrder)
    {
        OtlpSpan root = Assert.Single(trace, span => span.Parent.Length == 0);
        Assert.Equal("line.read", root.Name);
        Dictionary<string, OtlpSpan> byId = trace.ToDictionary(span => span.Id);
        Assert.All(trace, span => Assert.True(span == root || byId.ContainsKey(span.Parent), $"{span.Name} hangs in the air"));
        Assert.All(trace, span => Assert.True(span.EndNs >= span.StartNs, $"{span.Name} ends before it begins"));
        Assert.All(trace.Where(span => span != root), span => Assert.True(span.StartNs >= byId[span.Parent].StartNs, $"{span.Name} begins before {byId[span.Parent].Name}"));
        ulong[] starts = [.. inOrder.Select(name => trace.Where(span => span.Name == name).Min(span => span.StartNs))];
        Assert.Equal(starts.Order(), starts);
        OtlpSpan store = byId[trace.First(span => span.Name == "ingest").Parent];
        Assert.Equal(("outbox.store", "iotp-edge"), (store.Name, store.Service));
        Assert.Equal(store.Id, trace.First(span => span.Name == "uplink.publish").Parent);
        Assert.Equal("ingest", byId[trace.First(span => span.Name == "live.push").Parent].Name);
    }

    private async Task WatchAsync(Stream live)
    {
        await foreach (LiveMessage message in LiveEvents.ReadAsync(live, _patience.Token))
        {
            Assert.NotEmpty(message.Name);
        }
    }

    private DemoRig Rig(Uri edgeCollector, Uri hubCollector)
    {
        string demo = Path.Combine(MarkdownSamples.Root, "deploy/demo");
        string site = Directory.CreateDirectory(Path.Combine(_folder.FullName, "site")).FullName;
        string data = Path.Combine(_folder.FullName, "data");
        string headers = Path.Combine(_folder.FullName, "otlp.headers");
        File.WriteAllText(headers, $"Authorization: {Secret}\n");
        File.WriteAllText(Path.Combine(site, "site.yaml"), File.ReadAllText(Path.Combine(demo, "site.yaml")) + Tracing(edgeCollector, headers));
        File.Copy(Path.Combine(demo, "credentials.yaml"), Path.Combine(site, "credentials.yaml"), overwrite: true);
        Directory.CreateDirectory(Path.Combine(data, "hub"));
        File.WriteAllText(Path.Combine(data, "hub", "hub.yaml"), Tracing(hubCollector, headers));
        return new DemoRig(new DemoPrograms(
            Hub: BuiltPrograms.Hub,
            Edge: BuiltPrograms.Edge,
            Simulator: BuiltPrograms.Simulator,
            SiteFolder: site,
            DataFolder: data,
            Http: "127.0.0.1:0",
            Seed: 7)
        {
            StartWithin = TimeSpan.FromSeconds(90),
        });
    }

    private string Log(string program) => File.ReadAllText(Path.Combine(_folder.FullName, "data", "logs", program + ".log"));

    private static string Tracing(Uri endpoint, string headers) => $"\ntracing: {{ endpoint: \"{endpoint}\", ratio: 1, headersFile: {headers} }}\n";
}
