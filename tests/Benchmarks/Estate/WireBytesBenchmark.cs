using System.Globalization;
using IotProperty.Benchmarks.Harness;
using IotProperty.Simulators.Scenarios;

namespace IotProperty.Benchmarks.Estate;

/// <summary>
/// What the demo's telemetry takes on the wire: payload bytes a sample, repeats included, as the hub counted them. A backlog of an outage is a few large batches; live
/// telemetry is a small batch each flush, whose names and first values weigh more than what changed.
/// </summary>
internal sealed class WireBytesBenchmark : IBenchmark
{
    private const double BacklogCeiling = 3;
    private const double LiveCeiling = 12;

    public string Name => "demo-wire-bytes";

    public string Description => "The demo's telemetry between edge and hub: payload bytes a sample, live and after an outage";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        bool full = run.RoundMs >= BenchmarkRun.Full.RoundMs;
        string folder = Directory.CreateTempSubdirectory("iotp-wire-").FullName;
        try
        {
            DemoPrograms programs = new(Program("iotp-hub"), Program("iotp-edge"), Program("iotp-sim"), SiteFolder(), folder, "127.0.0.1:0", Seed: 42);
            await using DemoRig rig = new(programs);
            await rig.StartAsync(cancellationToken);
            rig.StartEdge();
            await rig.TimeToFirstSampleAsync(boots: 0, cancellationToken);

            // The first batches tell every point's value once, whether it changes or not.
            await PauseAsync(full ? 10 : 3, cancellationToken);
            Traffic before = await Traffic.OfAsync(rig, cancellationToken);
            await PauseAsync(full ? 30 : 6, cancellationToken);
            Traffic live = (await Traffic.OfAsync(rig, cancellationToken)) - before;

            await rig.KillHubAsync();
            await PauseAsync(full ? 90 : 20, cancellationToken);
            await rig.RestartHubAsync(cancellationToken);
            await DrainAsync(rig, cancellationToken);
            Traffic backlog = await Traffic.OfAsync(rig, cancellationToken);
            return
            [
                // A short outage is a small backlog: its figure would say little.
                backlog.PerSample($"{Name}-backlog") with { Ceiling = full ? BacklogCeiling : null },
                live.PerSample($"{Name}-live") with { Ceiling = full ? LiveCeiling : null },
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Until the hub has begun to take and no more than what is just being sent waits at the edge: a short backlog is one growing batch.</summary>
    private static async Task DrainAsync(DemoRig rig, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while ((await rig.HubMetricsAsync(patience.Token)).Find("iotp_ingest_records_total", ("lane", "telemetry")) is null
            || (await rig.EdgeMetricsAsync(patience.Token))["iotp_edge_outbox_batches", ("lane", "telemetry")] > 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    private static Task PauseAsync(double seconds, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, cancellationToken);

    private static string Program(string name) => Path.Combine(AppContext.BaseDirectory, $"{name}.dll");

    private static string SiteFolder()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "IotProperty.sln")))
        {
            at = at.Parent;
        }

        return Path.Combine(at?.FullName ?? throw new InvalidOperationException("the benchmarks do not lie inside the repository"), "deploy", "demo");
    }

    private readonly record struct Traffic(double Bytes, double Samples)
    {
        public static Traffic operator -(Traffic later, Traffic earlier) => new(later.Bytes - earlier.Bytes, later.Samples - earlier.Samples);

        public static async Task<Traffic> OfAsync(DemoRig rig, CancellationToken cancellationToken)
        {
            ProgramMetrics metrics = await rig.HubMetricsAsync(cancellationToken);
            return new Traffic(metrics["iotp_ingest_payload_bytes_total", ("lane", "telemetry")], metrics["iotp_ingest_records_total", ("lane", "telemetry")]);
        }

        public Measurement PerSample(string name) => Samples > 0
            ? new Measurement(name, Bytes / Samples, string.Create(CultureInfo.InvariantCulture, $"B/sample ({Samples:F0} samples)"))
            : throw new InvalidOperationException($"{name}: the hub took no samples");
    }
}
