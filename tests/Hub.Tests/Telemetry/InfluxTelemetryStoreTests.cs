using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Hub.Tests.Support;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>The telemetry store on the distribution's InfluxDB and PostgreSQL.</summary>
[NeedsPeers("influxd", "postgres")]
public sealed class InfluxTelemetryStoreTests : TimeSeriesSuite
{
    private InfluxServer? _server;

    private InfluxServer Server => _server ?? throw new InvalidOperationException("not started yet");

    protected override async Task StartServerAsync() => _server = await InfluxServer.StartAsync();

    protected override ITimeSeriesEngine Engine() => new InfluxEngine(Server.Url, "iotp");

    protected override async Task KillServerAsync()
    {
        await Server.KillAsync();
        await Server.StartAgainAsync();
    }

    protected override async Task EndServerAsync() => await Server.DisposeAsync();
}
