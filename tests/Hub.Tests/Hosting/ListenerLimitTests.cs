using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Live;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Support;
using IotProperty.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Hosting;

/// <summary>
/// Each bound of pages and API as the README's table tells it, met by bare bytes. Bounds of size are the shipped ones; those of time are made short, for the
/// server watches them with its own clock.
/// </summary>
public sealed class ListenerLimitTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task Shipped_bounds_are_those_of_the_table()
    {
        ListenerLimits limits = new();
        Assert.Equal(
            (20_000, 16_384, 64, 8_192, 1_048_576, 240),
            (limits.MaxConnections, limits.MaxHeaderBytes, limits.MaxHeaders, limits.MaxRequestLineBytes, limits.MaxBodyBytes, limits.MinBodyBytesPerSecond));
        Assert.Equal((10, 10, 75, 5), (limits.HandshakePatience.TotalSeconds, limits.HeaderPatience.TotalSeconds, limits.IdlePatience.TotalSeconds, limits.BodyGrace.TotalSeconds));
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(hub, "GET /healthz HTTP/1.1\nHost: hub\n\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16 * 1024, 1, "431")]
    [InlineData(10, 64, "431")]
    [InlineData(10, 63, "200")]
    public async Task Headers_that_are_too_long_or_too_many_are_refused(int length, int count, string status)
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        string headers = string.Concat(Enumerable.Range(0, count).Select(index => $"X-{index}: {new string('x', length)}\n"));
        Assert.StartsWith($"HTTP/1.1 {status} ", await AskAsync(hub, $"GET /healthz HTTP/1.1\nHost: hub\n{headers}\n"), StringComparison.Ordinal);
        if (status != "200")
        {
            await AssertCountedAsync(hub, length > 10 ? "max_request_headers_total_size_exceeded" : "max_request_header_count_exceeded");
        }
    }

    [Fact]
    public async Task A_request_line_that_is_too_long_is_refused()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        Assert.StartsWith("HTTP/1.1 414 ", await AskAsync(hub, $"GET /{new string('x', 8 * 1024)} HTTP/1.1\nHost: hub\n\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_that_do_not_end_in_time_are_refused_and_the_connection_is_closed()
    {
        await using HubUnderTest hub = await StartAsync(new ListenerLimits { HeaderPatience = Short });
        using RawHttp slow = await RawHttp.ConnectAsync(EndPoint(hub));
        await slow.SendAsync("GET /healthz HTTP/1.1\nHost: hub\n");
        Assert.StartsWith("HTTP/1.1 408 ", await slow.RestAsync(), StringComparison.Ordinal);
        await AssertCountedAsync(hub, "request_headers_timeout");
    }

    [Fact]
    public async Task An_idle_connection_is_closed_before_its_first_request_and_after_an_answer()
    {
        await using HubUnderTest hub = await StartAsync(new ListenerLimits { IdlePatience = Short });
        using RawHttp silent = await RawHttp.ConnectAsync(EndPoint(hub));
        using RawHttp idle = await RawHttp.ConnectAsync(EndPoint(hub));
        await idle.SendAsync("GET /healthz HTTP/1.1\nHost: hub\n\n");
        Assert.EndsWith("\r\n\r\nok\n", await idle.RestAsync(), StringComparison.Ordinal);
        Assert.Equal("", await silent.RestAsync());
        await AssertCountedAsync(hub, "keep_alive_timeout");
    }

    [Theory]
    [InlineData("Content-Length: 1048577\n\n", 0)]
    [InlineData("Transfer-Encoding: chunked\n\n200000\n", 1_048_577)]
    public async Task A_body_that_is_too_long_is_refused_when_it_is_announced_or_when_the_first_byte_too_many_comes(string announced, int sent)
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        string token = await TokenAsync(hub);
        using RawHttp large = await RawHttp.ConnectAsync(EndPoint(hub));
        await large.SendAsync($"POST /api/v1/assets HTTP/1.1\nHost: hub\nAuthorization: Bearer {token}\nContent-Type: application/json\n{announced}{new string(' ', sent)}");
        string answer = await large.RestAsync();
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        await AssertCountedAsync(hub, "max_request_body_size_exceeded");
    }

    [Fact]
    public async Task A_body_that_does_not_come_is_refused()
    {
        await using HubUnderTest hub = await StartAsync(new ListenerLimits { BodyGrace = TimeSpan.FromSeconds(1.1) });
        string token = await TokenAsync(hub);
        using RawHttp slow = await RawHttp.ConnectAsync(EndPoint(hub));
        await slow.SendAsync($"POST /api/v1/assets HTTP/1.1\nHost: hub\nAuthorization: Bearer {token}\nContent-Type: application/json\nContent-Length: 1000\n\n{{");
        Assert.StartsWith("HTTP/1.1 408 ", await slow.RestAsync(), StringComparison.Ordinal);
        await AssertCountedAsync(hub, "min_request_body_data_rate");
    }

    [Fact]
    public async Task A_tls_handshake_that_does_not_come_ends_the_connection()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 own = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        using X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null);
        FrontDoorAddress address = new(new IPEndPoint(IPAddress.Loopback, 0), certificate, null);
        await using HubUnderTest hub = await HubUnderTest.StartAsync(change: settings => settings with
        {
            Http = address,
            Mqtt = address,
            Limits = new ListenerLimits { HandshakePatience = Short },
        });
        using RawHttp page = await RawHttp.ConnectAsync(EndPoint(hub));
        using RawHttp edge = await RawHttp.ConnectAsync(hub.MqttEndPoint);
        Assert.Equal("", await page.RestAsync());
        Assert.Equal("", await edge.RestAsync());
    }

    [Fact]
    public async Task A_connection_too_many_is_closed_and_one_that_leaves_makes_room_again()
    {
        await using HubUnderTest hub = await StartAsync(new ListenerLimits { MaxConnections = 2 });
        using RawHttp one = await RawHttp.ConnectAsync(EndPoint(hub));
        using RawHttp two = await RawHttp.ConnectAsync(EndPoint(hub));
        foreach (RawHttp inside in (RawHttp[])[one, two])
        {
            await inside.SendAsync("GET /healthz HTTP/1.1\nHost: hub\n\n");
            Assert.StartsWith("HTTP/1.1 200 ", await inside.HeadAsync(), StringComparison.Ordinal);
        }

        using RawHttp three = await RawHttp.ConnectAsync(EndPoint(hub));
        Assert.Equal("", await three.RestAsync());

        // The other listener counts for itself: an edge still gets in, and is heard.
        using RawHttp edge = await RawHttp.ConnectAsync(hub.MqttEndPoint);
        await edge.Stream.WriteAsync(new byte[] { 0x00, 0x00 });
        Assert.NotEqual("", await edge.RestAsync());

        one.Dispose();
        string answer = "";
        for (int tries = 0; answer.Length == 0 && tries < 1_000; tries++)
        {
            using RawHttp next = await RawHttp.ConnectAsync(EndPoint(hub));
            try
            {
                await next.SendAsync("GET /healthz HTTP/1.1\nHost: hub\nConnection: close\n\n");
                answer = await next.RestAsync();
            }
            catch (IOException)
            {
                // Closed before the request was through: the one that left is still counted.
            }
        }

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        two.Dispose();
        Assert.Contains("kestrel_rejected_connections{", hub.Services.GetRequiredService<MetricsText>().Render(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_upgraded()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        string answer = await AskAsync(
            hub, "GET /healthz HTTP/1.1\nHost: hub\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n\n");
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_with_too_many_live_streams_is_told_when_to_come_again_and_another_person_is_served()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        using HttpClient greedy = await hub.ProgramAsync(Roles.ReadOnly);
        using RawHttp leaving = await RawHttp.ConnectAsync(EndPoint(hub));
        await leaving.SendAsync($"GET /api/v1/live HTTP/1.1\nHost: hub\nAuthorization: {greedy.DefaultRequestHeaders.Authorization}\n\n");
        Assert.StartsWith("HTTP/1.1 200 ", await leaving.HeadAsync(), StringComparison.Ordinal);
        List<HttpResponseMessage> open = [];
        for (int stream = 1; stream < LiveSeats.MaxOfPerson; stream++)
        {
            open.Add(await WatchAsync(greedy));
            Assert.Equal(HttpStatusCode.OK, open[^1].StatusCode);
        }

        using (HttpResponseMessage refused = await WatchAsync(greedy))
        {
            await AssertComeAgainAsync(refused, HttpStatusCode.TooManyRequests, "\"Too many live streams\"", "You have 16 open already; close one.");
        }

        using HttpClient other = await hub.ProgramAsync(Roles.Billing);
        using (HttpResponseMessage served = await WatchAsync(other))
        {
            Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        }

        leaving.Dispose();
        HttpStatusCode again;
        int tries = 0;
        do
        {
            using HttpResponseMessage answer = await WatchAsync(greedy);
            again = answer.StatusCode;
        }
        while (again != HttpStatusCode.OK && tries++ < 1_000);

        Assert.Equal(HttpStatusCode.OK, again);
        open.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task Too_many_live_streams_in_all_are_told_when_to_come_again()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        LiveFeed feed = hub.Services.GetRequiredService<LiveFeed>();
        List<IAsyncEnumerable<LiveEvent>> watchers = [.. Enumerable.Range(0, LiveFeed.MaxWatchers - feed.Watchers).Select(_ => feed.WatchAsync(CancellationToken.None))];
        using HttpClient late = await hub.ProgramAsync(Roles.ReadOnly);
        using HttpResponseMessage refused = await WatchAsync(late);
        await AssertComeAgainAsync(refused, HttpStatusCode.ServiceUnavailable, "\"Too many watch\"", "Close another live stream or try again later.");
        Assert.NotEmpty(watchers);
    }

    private static async Task AssertComeAgainAsync(HttpResponseMessage refused, HttpStatusCode status, string title, string detail)
    {
        Assert.Equal(status, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(10), refused.Headers.RetryAfter?.Delta);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        string body = await refused.Content.ReadAsStringAsync();
        Assert.Contains(title, body, StringComparison.Ordinal);
        Assert.Contains(detail, body, StringComparison.Ordinal);
    }

    /// <summary>The connection's end is counted after the client has seen it.</summary>
    private static async Task AssertCountedAsync(HubUnderTest hub, string reason)
    {
        MetricsText metrics = hub.Services.GetRequiredService<MetricsText>();
        for (int tries = 0; !metrics.Render().Contains($"error_type=\"{reason}\"", StringComparison.Ordinal); tries++)
        {
            Assert.True(tries < 1_000, $"{reason} is not counted:\n{string.Join('\n', metrics.Render().Split('\n').Where(line => line.StartsWith("kestrel", StringComparison.Ordinal)))}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private static Task<HttpResponseMessage> WatchAsync(HttpClient client) =>
        client.GetAsync(new Uri("/api/v1/live", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);

    private static async Task<string> TokenAsync(HubUnderTest hub)
    {
        using HttpClient program = await hub.ProgramAsync(Roles.Administrator);
        return program.DefaultRequestHeaders.Authorization!.Parameter!;
    }

    private static async Task<string> AskAsync(HubUnderTest hub, string request)
    {
        using RawHttp client = await RawHttp.ConnectAsync(EndPoint(hub));
        await client.SendAsync(request);
        return await client.HeadAsync();
    }

    private static Task<HubUnderTest> StartAsync(ListenerLimits limits) => HubUnderTest.StartAsync(change: settings => settings with { Limits = limits });

    private static IPEndPoint EndPoint(HubUnderTest hub) => new(IPAddress.Loopback, hub.Address.Port);
}
