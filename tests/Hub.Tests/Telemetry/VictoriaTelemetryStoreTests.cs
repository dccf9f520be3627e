using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Hub.Tests.Support;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>The telemetry store on the distribution's VictoriaMetrics and PostgreSQL.</summary>
[NeedsPeers("victoria-metrics", "postgres")]
public sealed class VictoriaTelemetryStoreTests : TimeSeriesSuite
{
    private VictoriaMetricsServer? _server;

    protected override bool KeepsRepeatsAcrossBatches => false;

    private VictoriaMetricsServer Server => _server ?? throw new InvalidOperationException("not started yet");

    /// <summary>Decimals of 12 significant digits at least, and no negative zero; what is not finite keeps every bit.</summary>
    protected override bool IsKept(double committed, double read) =>
        double.IsFinite(committed) ? Math.Abs(read - committed) <= Math.Abs(committed) * 1e-12 : base.IsKept(committed, read);

    protected override async Task StartServerAsync() => _server = await VictoriaMetricsServer.StartAsync();

    protected override ITimeSeriesEngine Engine() => new VictoriaEngine(Server.Url, Server.Url, TimeProvider.System);

    protected override async Task KillServerAsync()
    {
        await Server.KillAsync();
        await Server.StartAgainAsync();
    }

    protected override async Task EndServerAsync() => await Server.DisposeAsync();
}
