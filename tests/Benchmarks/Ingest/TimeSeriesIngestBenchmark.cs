using IotProperty.Benchmarks.Harness;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Tests;

namespace IotProperty.Benchmarks.Ingest;

/// <summary>
/// Samples a second from the payload of an MQTT packet to the receipt, keys and tallies in a synced PostgreSQL included, against the bare write of the same lines, made
/// ahead, five batches a request, into the same server by as many connections as the hub uses.
/// </summary>
internal abstract class TimeSeriesIngestBenchmark(string name, string program) : IBenchmark
{
    /// <summary>An operation of the hub: so many batches, on their way at once as from the edges of 16 sites. One after the other they would show latency alone.</summary>
    public const int Wave = 64;

    /// <summary>An operation of the floor: about as many batches.</summary>
    private const int BareRequests = 16;

    /// <summary>So many batches may go before the first round; further ones would be made while the clock runs.</summary>
    private const int WarmUpPayloads = 4_000;

    private const int RoundsInOne = 4;

    public string Name => name;

    public string Description => $"samples/s from MQTT packet to receipt on {program} and PostgreSQL, against the bare write of the same lines by as many connections";

    public bool PinToOneCore => false;

    /// <summary>Whether all programs are there. Says what is missing and skips, but where peers are demanded.</summary>
    public static bool CanRun(string name, params string[] programs)
    {
        string[] missing = [.. programs.Where(needed => Peers.Find(needed) is null)];
        if (missing.Length == 0 || Peers.Required)
        {
            return true;
        }

        Console.Error.WriteLine($"{name}: skipped, not installed: {string.Join(", ", missing)}");
        return false;
    }

    public static async Task OnCallersAsync(int waves, Func<Task> one)
    {
        int left = waves * Wave;
        await Task.WhenAll(Enumerable.Range(0, Wave).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await one();
            }
        })));
    }

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        if (!CanRun(Name, program, "postgres"))
        {
            return [];
        }

        // These servers put work off for about a second; in shorter rounds one side would pay for the other.
        run = new BenchmarkRun(run.Rounds / 2 | 1, run.RoundMs * RoundsInOne);

        await using PostgresServer postgres = await PostgresServer.StartAsync();
        await using IAsyncDisposable server = await StartAsync();
        using ITimeSeriesEngine bare = Engine(server, "bare");
        await bare.PrepareAsync(cancellationToken);
        await using TimeSeriesHub hub = new(Engine(server, "iotp"), postgres, await postgres.CreateDatabaseAsync());
        BareLines lines = new(bare.Dialect);
        SitePayloads payloads = new(ahead: Math.Max(Wave * run.Rounds * 3, run.Rounds * run.RoundMs / 2) + WarmUpPayloads);
        int connections = new TimeSeriesOptions().Writers;
        Comparison compared = await run.CompareAsync(
            waves => OnCallersAsync(waves, () => hub.AcceptAsync(payloads, cancellationToken)),
            waves => WriteBareAsync(bare, lines, connections, waves * BareRequests, cancellationToken));
        const double bareBatches = BareRequests * BareLines.BatchesPerRequest;
        return
        [
            Measurement.Of(
                Name,
                "samples/s",
                compared with
                {
                    SubjectPerSecond = compared.SubjectPerSecond * Wave * SampleSource.SamplesPerBatch,
                    BaselinePerSecond = compared.BaselinePerSecond * bareBatches * SampleSource.SamplesPerBatch,
                    Ratio = compared.Ratio * Wave / bareBatches,
                },
                0.6),
            new($"{Name}-allocated", compared.SubjectBytesPerOperation / Wave / SampleSource.SamplesPerBatch, "B/sample"),
        ];
    }

    protected abstract Task<IAsyncDisposable> StartAsync();

    protected abstract ITimeSeriesEngine Engine(IAsyncDisposable server, string database);

    private static async Task WriteBareAsync(ITimeSeriesEngine bare, BareLines lines, int connections, int requests, CancellationToken cancellationToken)
    {
        int left = requests;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            byte[] buffer = [];
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await bare.WriteAsync(lines.Next(ref buffer), cancellationToken);
            }
        })));
    }
}

internal sealed class InfluxIngestBenchmark() : TimeSeriesIngestBenchmark("ingest-influx", "influxd")
{
    protected override async Task<IAsyncDisposable> StartAsync() => await InfluxServer.StartAsync();

    protected override ITimeSeriesEngine Engine(IAsyncDisposable server, string database) => new InfluxEngine(((InfluxServer)server).Url, database);
}

internal sealed class VictoriaIngestBenchmark() : TimeSeriesIngestBenchmark("ingest-victoria", "victoria-metrics")
{
    protected override async Task<IAsyncDisposable> StartAsync() => await VictoriaMetricsServer.StartAsync();

    protected override ITimeSeriesEngine Engine(IAsyncDisposable server, string database)
    {
        Uri url = ((VictoriaMetricsServer)server).Url;
        return new VictoriaEngine(url, url, TimeProvider.System);
    }
}
