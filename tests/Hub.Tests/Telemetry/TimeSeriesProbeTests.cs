using System.Net;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>Whether /healthz tells that the time-series server is away, and that it is back.</summary>
public sealed class TimeSeriesProbeTests
{
    [PeerFact("influxd", "postgres")]
    public async Task InfluxDB_that_is_away_is_told_and_so_is_its_return()
    {
        await using InfluxServer server = await InfluxServer.StartAsync();
        await AssertToldAsync(
            new InfluxSettings { Url = server.Url, Database = "iotp" }, "InfluxDB", server.KillAsync, server.StartAgainAsync);
    }

    [PeerFact("victoria-metrics", "postgres")]
    public async Task VictoriaMetrics_that_is_away_is_told_and_so_is_its_return()
    {
        await using VictoriaMetricsServer server = await VictoriaMetricsServer.StartAsync();
        await AssertToldAsync(
            new VictoriaMetricsSettings { WriteUrl = server.Url, ReadUrl = server.Url }, "VictoriaMetrics", server.KillAsync, server.StartAgainAsync);
    }

    [PeerFact("victoria-metrics", "influxd", "postgres")]
    public async Task An_address_at_which_another_server_answers_is_told()
    {
        await using VictoriaMetricsServer writes = await VictoriaMetricsServer.StartAsync();
        await using InfluxServer other = await InfluxServer.StartAsync();
        PostgresSettings ledger = await PostgresLedgers.CreateEmptyAsync();
        await using HubUnderTest hub = await StartAsync(ledger, new VictoriaMetricsSettings { WriteUrl = writes.Url, ReadUrl = other.Url });
        await AssertHealthAsync(hub, HttpStatusCode.ServiceUnavailable, "VictoriaMetrics does not answer, or not as it should; the log says more\n");
    }

    private static async Task AssertToldAsync(TelemetrySettings telemetry, string name, Func<Task> kill, Func<Task> startAgain)
    {
        PostgresSettings ledger = await PostgresLedgers.CreateEmptyAsync();
        await using HubUnderTest hub = await StartAsync(ledger, telemetry);
        await AssertHealthAsync(hub, HttpStatusCode.OK, "ok\n");
        await kill();
        await AssertHealthAsync(hub, HttpStatusCode.ServiceUnavailable, $"{name} does not answer, or not as it should; the log says more\n");
        await startAgain();
        await AssertHealthAsync(hub, HttpStatusCode.OK, "ok\n");
    }

    private static Task<HubUnderTest> StartAsync(PostgresSettings ledger, TelemetrySettings telemetry) => HubUnderTest.StartAsync(
        change: settings => settings with { Configuration = new HubConfiguration { Ledger = ledger, Telemetry = telemetry } });

    private static async Task AssertHealthAsync(HubUnderTest hub, HttpStatusCode status, string text)
    {
        using HttpClient stranger = hub.Stranger();
        using HttpResponseMessage answer = await stranger.GetAsync(new Uri("/healthz", UriKind.Relative));
        Assert.Equal(text, await answer.Content.ReadAsStringAsync());
        Assert.Equal(status, answer.StatusCode);
    }
}
