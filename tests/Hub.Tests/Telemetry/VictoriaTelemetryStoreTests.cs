using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>The telemetry store on the distribution's VictoriaMetrics and PostgreSQL.</summary>
public sealed class VictoriaTelemetryStoreTests
{
    public static TheoryData<string> Cases => TimeSeriesSuite.Cases;

    [PeerTheory("victoria-metrics", "postgres")]
    [MemberData(nameof(Cases))]
    public Task Conforms(string situation) => new Suite().RunAsync(situation);

    private sealed class Suite : TimeSeriesSuite
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
}
