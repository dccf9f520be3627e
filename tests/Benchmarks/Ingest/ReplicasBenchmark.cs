using IotProperty.Benchmarks.Harness;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Tests;

namespace IotProperty.Benchmarks.Ingest;

/// <summary>
/// Two hubs on one VictoriaMetrics and one PostgreSQL against one, the same load for both. On a machine whose cores one hub and its servers keep busy already, this shows
/// what replicas cost, not what they gain: the floor says that they do not get into each other's way.
/// </summary>
internal sealed class ReplicasBenchmark : IBenchmark
{
    public string Name => "ingest-replicas";

    public string Description => "samples/s of two hubs on one VictoriaMetrics and one PostgreSQL, against one hub on the same";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        if (!TimeSeriesIngestBenchmark.CanRun(Name, "victoria-metrics", "postgres"))
        {
            return [];
        }

        await using PostgresServer postgres = await PostgresServer.StartAsync();
        await using VictoriaMetricsServer server = await VictoriaMetricsServer.StartAsync();
        string database = await postgres.CreateDatabaseAsync();
        await using TimeSeriesHub one = Hub();
        await using TimeSeriesHub other = Hub();
        SitePayloads payloads = new(ahead: Math.Max(TimeSeriesIngestBenchmark.Wave * run.Rounds * 5, run.Rounds * run.RoundMs));
        int turn = 0;
        Comparison compared = await run.CompareAsync(
            waves => TimeSeriesIngestBenchmark.OnCallersAsync(
                waves, () => (Interlocked.Increment(ref turn) % 2 == 0 ? one : other).AcceptAsync(payloads, cancellationToken)),
            waves => TimeSeriesIngestBenchmark.OnCallersAsync(waves, () => one.AcceptAsync(payloads, cancellationToken)));
        return
        [
            Measurement.Of(
                Name,
                "samples/s",
                compared with
                {
                    SubjectPerSecond = compared.SubjectPerSecond * TimeSeriesIngestBenchmark.Wave * SampleSource.SamplesPerBatch,
                    BaselinePerSecond = compared.BaselinePerSecond * TimeSeriesIngestBenchmark.Wave * SampleSource.SamplesPerBatch,
                },
                0.8),
        ];

        TimeSeriesHub Hub() => new(new VictoriaEngine(server.Url, server.Url, TimeProvider.System), postgres, database);
    }
}
