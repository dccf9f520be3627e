using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using IotProperty.Edge.Health;
using IotProperty.Edge.Hosting;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tests.Lines;
using IotProperty.Edge.Tests.Polling;
using IotProperty.Edge.Tests.Profiles;
using IotProperty.Edge.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Health;

public sealed partial class HealthServerTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeTime _time = new();
    private readonly ScriptedDriver _driver = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(20) };
    private ReadingService _readings = null!;
    private HealthServer _server = null!;
    private LineRunner _line = null!;
    private Task _running = null!;
    private EdgeClock _clock = null!;
    private bool _storeRuns = true;

    [Fact]
    public async Task Healthy_edge_tells_its_lines_devices_uplink_and_outbox()
    {
        (await _driver.NextAsync()).Answer(1);
        await _time.TimersAsync(1).WaitAsync(TimeSpan.FromSeconds(20)); // the first poll is through
        using HttpResponseMessage response = await GetAsync("/healthz");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonElement health = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("ok", health.GetProperty("status").GetString());
        Assert.Equal("hub away", health.GetProperty("uplink").GetProperty("lastReason").GetString());
        Assert.Equal(7, health.GetProperty("outbox").GetProperty("telemetry").GetProperty("batches").GetInt32());
        JsonElement line = Assert.Single(health.GetProperty("lines").EnumerateArray());
        Assert.Equal("up", line.GetProperty("state").GetString());
        JsonElement[] devices = [.. line.GetProperty("devices").EnumerateArray()];
        Assert.Equal(("a", "2026-01-01T00:00:00.000Z", true), (devices[0].GetProperty("id").GetString(), devices[0].GetProperty("lastGoodPoll").GetString(), devices[0].GetProperty("answers").GetBoolean()));
        Assert.Equal((JsonValueKind.Null, false), (devices[1].GetProperty("lastGoodPoll").ValueKind, devices[1].GetProperty("answers").GetBoolean()));
    }

    [Fact]
    public async Task Ended_line_makes_the_edge_unhealthy()
    {
        await _stop.CancelAsync();
        await _running;
        await ExpectFailedAsync("the task of line line has ended");
    }

    [Fact]
    public async Task Ended_store_makes_the_edge_unhealthy()
    {
        _storeRuns = false;
        await ExpectFailedAsync("the store has ended");
    }

    [Fact]
    public async Task Metrics_are_well_formed_and_name_every_line_and_device()
    {
        using HttpResponseMessage response = await GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        string text = await response.Content.ReadAsStringAsync();
        HashSet<string> families = [];
        string family = "";
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                family = line.Split(' ')[2];
                Assert.True(families.Add(family), $"{family} comes twice");
            }
            else if (!line.StartsWith('#'))
            {
                Assert.Matches(SampleLine(), line);
                Assert.StartsWith(family, line, StringComparison.Ordinal);
            }
        }

        Assert.Contains("iotp_edge_device_polls_total{line=\"line\",device=\"a\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("iotp_edge_outbox_batches{lane=\"telemetry\"} 7\n", text, StringComparison.Ordinal);
        Assert.Contains("iotp_edge_clock_steps_total 0\n", text, StringComparison.Ordinal);
        Assert.Contains("iotp_edge_outbox_corrected_batches_total 6\n", text, StringComparison.Ordinal);
        Assert.Contains("iotp_edge_outbox_tallies_total 9\n", text, StringComparison.Ordinal);
        Assert.Contains("iotp_edge_uplink_receipts_total{status=\"committed\"} 5\n", text, StringComparison.Ordinal);
        Assert.Contains("iotp_edge_alarm_rules_active{level=\"alarm\"} 2\n", text, StringComparison.Ordinal);
        Assert.True(families.Count >= 35, $"{families.Count} families");
    }

    [Theory]
    [InlineData("GET", "/", HttpStatusCode.NotFound)]
    [InlineData("GET", "/metrics/x", HttpStatusCode.NotFound)]
    [InlineData("POST", "/healthz", HttpStatusCode.MethodNotAllowed)]
    [InlineData("HEAD", "/healthz", HttpStatusCode.OK)]
    public async Task Nothing_else_is_served(string method, string path, HttpStatusCode expected)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri($"http://{_server.EndPoint}{path}"));
        using HttpResponseMessage response = await _client.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData(2 * 1024, 0, 0, "HTTP/1.1 414 ")]
    [InlineData(0, 1, 8 * 1024, "HTTP/1.1 431 ")]
    [InlineData(0, 32, 1, "HTTP/1.1 431 ")]
    [InlineData(0, 31, 1, "HTTP/1.1 404 ")]
    public async Task A_request_beyond_the_bounds_is_refused(int pathLength, int headers, int headerLength, string status)
    {
        using RawHttp client = await RawHttp.ConnectAsync(_server.EndPoint);
        string lines = string.Concat(Enumerable.Range(0, headers).Select(index => $"X-{index}: {new string('x', headerLength)}\n"));
        await client.SendAsync($"GET /{new string('p', pathLength)} HTTP/1.1\nHost: edge\n{lines}\n");
        Assert.StartsWith(status, await client.HeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_is_not_read()
    {
        using RawHttp client = await RawHttp.ConnectAsync(_server.EndPoint);
        await client.SendAsync("POST /healthz HTTP/1.1\nHost: edge\nContent-Length: 1000000\n\n");
        string answer = await client.RestAsync();
        Assert.StartsWith("HTTP/1.1 405 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_a_request_and_an_idle_connection_are_closed_in_time()
    {
        HealthLimits shipped = new();
        Assert.Equal((32, 5, 75), (shipped.MaxConnections, shipped.HeaderPatience.TotalSeconds, shipped.IdlePatience.TotalSeconds));
        HealthLimits impatient = new() { HeaderPatience = TimeSpan.FromMilliseconds(200), IdlePatience = TimeSpan.FromMilliseconds(200) };
        await using HealthServer server = await StartAsync(impatient);
        using RawHttp half = await RawHttp.ConnectAsync(server.EndPoint);
        using RawHttp silent = await RawHttp.ConnectAsync(server.EndPoint);
        using RawHttp idle = await RawHttp.ConnectAsync(server.EndPoint);
        await half.SendAsync("GET /healthz HTTP/1.1\nHost: edge\n");
        await idle.SendAsync("HEAD /healthz HTTP/1.1\nHost: edge\n\n");
        Assert.StartsWith("HTTP/1.1 408 ", await half.RestAsync(), StringComparison.Ordinal);
        Assert.Equal("", await silent.RestAsync());
        Assert.StartsWith("HTTP/1.1 200 ", await idle.RestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_too_many_is_closed_and_those_inside_are_served()
    {
        await using HealthServer server = await StartAsync(new HealthLimits { MaxConnections = 1 });
        using RawHttp inside = await RawHttp.ConnectAsync(server.EndPoint);
        await inside.SendAsync("HEAD /healthz HTTP/1.1\nHost: edge\n\n");
        Assert.StartsWith("HTTP/1.1 200 ", await inside.HeadAsync(), StringComparison.Ordinal);
        using RawHttp second = await RawHttp.ConnectAsync(server.EndPoint);
        Assert.Equal("", await second.RestAsync());
        await inside.SendAsync("HEAD /healthz HTTP/1.1\nHost: edge\n\n");
        Assert.StartsWith("HTTP/1.1 200 ", await inside.HeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Taken_address_is_an_io_error() =>
        await Assert.ThrowsAnyAsync<IOException>(() => HealthServer.StartAsync(_server.EndPoint, Parts(), NullLoggerFactory.Instance, CancellationToken.None));

    public async Task InitializeAsync()
    {
        EdgeClock clock = new(_time, () => true);
        RecordingOutbox outbox = new();
        _readings = new ReadingService(outbox, _time, NullLogger<ReadingService>.Instance);
        Quiet quiet = new();
        _line = new LineRunner(
            LineScript.Line(LineScript.Device("a"), LineScript.Device("b", pollMs: 60_000)),
            TimeZoneInfo.Utc, _driver, new LineSinks([quiet], quiet, _readings, outbox), clock, NullLogger<LineRunner>.Instance);
        _running = Task.Run(() => _line.RunAsync(_stop.Token));
        _clock = clock;
        _server = await HealthServer.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), Parts(), NullLoggerFactory.Instance, CancellationToken.None);
    }

    async Task IAsyncLifetime.DisposeAsync() => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync();
        }

        await _running;
        await _driver.DisposeAsync();
        _stop.Dispose();
        _client.Dispose();
        _readings.Dispose();
    }

    private EdgeParts Parts()
    {
        LaneBacklog empty = new(0, 0, 0, null);
        OutboxSnapshot outbox = new(empty, empty, new LaneBacklog(7, 700, 3, 1), 0, 0, 0, 0, 0, 6, 9);
        UplinkSnapshot uplink = new(false, "hub away", 1, 2, 3, 4, 5, 6, 7, outbox);
        return new EdgeParts(
            SampleSite.Read(), "1.2.3", _clock, [_line], () => uplink, () => new(1, 2, 3, 4), () => default, () => new(1, 2, 3, 4, 5, 6, 7), _readings, new ClockWatch(_clock, () => { }, NullLogger<ClockWatch>.Instance), () => _storeRuns);
    }

    private async Task ExpectFailedAsync(string problem)
    {
        using HttpResponseMessage response = await GetAsync("/healthz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        JsonElement health = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("failed", health.GetProperty("status").GetString());
        Assert.Equal(problem, Assert.Single(health.GetProperty("problems").EnumerateArray()).GetString());
    }

    private Task<HealthServer> StartAsync(HealthLimits limits) =>
        HealthServer.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), limits, Parts(), NullLoggerFactory.Instance, CancellationToken.None);

    private Task<HttpResponseMessage> GetAsync(string path) => _client.GetAsync(new Uri($"http://{_server.EndPoint}{path}"));

    [GeneratedRegex("^[a-z_]+(\\{[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*\\})? -?[0-9.E+-]+$")]
    private static partial Regex SampleLine();
}
