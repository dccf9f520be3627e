using System.Globalization;
using System.Net;
using System.Text.Json;
using IotProperty.Benchmarks.Harness;
using IotProperty.Benchmarks.Uplink;
using IotProperty.Edge.Uplink;
using IotProperty.Hub.People;
using IotProperty.Protocols.Uplink;
using IotProperty.Simulators.Scenarios;

namespace IotProperty.Benchmarks.Estate;

/// <summary>
/// What one embedded hub pays for buildings that send live telemetry: a whole hub program, and as many edges' connections as there are buildings, each with a batch a second of
/// what <see cref="SiteTelemetry"/> holds. Counted in the hub's own processor time, memory and disk, which other work on the machine does not change as it changes rates.
/// </summary>
internal sealed class HubCapacityBenchmark : IBenchmark
{
    /// <summary>Of the hub's processor time, user and kernel, a live batch with its commit and receipt. It is twice what was measured, so that another machine may be slower.</summary>
    private const double BatchCeilingMs = 3;

    private const double ConnectionCeilingKb = 400;
    private const int RecordedSeconds = 60;

    public string Name => "hub-capacity";

    public string Description => "A whole hub with up to two hundred buildings: processor time a live batch, memory a building, disk a sample, the wait for a receipt";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        bool full = run.RoundMs >= BenchmarkRun.Full.RoundMs;
        (int few, int many, double seconds) = full ? (20, 200, 20.0) : (5, 20, 5.0);
        string folder = Directory.CreateTempSubdirectory("iotp-capacity-").FullName;
        try
        {
            string data = Path.Combine(folder, "hub");
            IReadOnlyList<OneTimeSecret> secrets = await AdmitAsync(data, many, cancellationToken);
            await using ChildProgram hub = ChildProgram.Start(
                "hub", Path.Combine(AppContext.BaseDirectory, "iotp-hub.dll"), ["run", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--json"], Path.Combine(folder, "logs"));
            JsonElement ready = await hub.AwaitEventAsync("ready", cancellationToken);
            int port = IPEndPoint.Parse(ready.GetProperty("mqtt").GetString()!).Port;
            await using Crowd crowd = new(port);
            await crowd.GrowAsync(secrets.Take(few), cancellationToken);

            // As long again, for a hub that has just started still compiles itself.
            await crowd.SendAsync(seconds, cancellationToken);
            double fewMb = hub.ResidentMemory().NowMb;
            Step small = await StepAsync(hub, crowd, seconds, cancellationToken);
            await crowd.GrowAsync(secrets.Skip(few), cancellationToken);
            await crowd.SendAsync(seconds / 4, cancellationToken);
            Step large = await StepAsync(hub, crowd, seconds, cancellationToken);
            double manyMb = hub.ResidentMemory().NowMb;
            await hub.StopAsync();
            double bytes = Directory.EnumerateFiles(data, "telemetry.db*").Sum(file => new FileInfo(file).Length);
            return
            [
                Of($"{Name}-batch-{few}", small) with { Ceiling = full ? BatchCeilingMs : null },
                Of($"{Name}-batch-{many}", large) with { Ceiling = full ? BatchCeilingMs : null },
                new($"{Name}-memory", (manyMb - fewMb) * 1000 / (many - few), string.Create(CultureInfo.InvariantCulture, $"KB of memory a further building (from {fewMb:F0} MB with {few} to {manyMb:F0} MB with {many})")) { Ceiling = full ? ConnectionCeilingKb : null },
                new($"{Name}-disk", bytes / crowd.Samples, string.Create(CultureInfo.InvariantCulture, $"B of disk a sample ({crowd.Samples} samples)")),
                new($"{Name}-receipt", large.MedianMs, string.Create(CultureInfo.InvariantCulture, $"ms until the receipt with {many} buildings (median; 99 of 100 within {large.SlowMs:F0} ms)")),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Measurement Of(string name, in Step step) => new(
        name,
        step.ProcessorMs / step.Batches,
        string.Create(CultureInfo.InvariantCulture, $"ms of processor a batch of {step.Samples / step.Batches:F0} samples; {step.ProcessorMs / (10 * step.Seconds):F1} % of one core for {step.Batches / step.Seconds:F0} batches/s"));

    /// <summary>Beside a hub that does not run yet, so that no start of a program is paid for each building.</summary>
    private static async Task<IReadOnlyList<OneTimeSecret>> AdmitAsync(string data, int sites, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(data);
        await using PeopleScope people = PeopleScope.Open(data, null, TimeProvider.System);
        List<OneTimeSecret> secrets = [];
        for (int site = 1; site <= sites; site++)
        {
            secrets.Add((await people.Get<EdgeCredentials>().IssueAsync($"building-{site}", renew: false, cancellationToken)).Secret!.Value);
        }

        return secrets;
    }

    private static async Task<Step> StepAsync(ChildProgram hub, Crowd crowd, double seconds, CancellationToken cancellationToken)
    {
        TimeSpan processor = hub.ProcessorTime();
        long start = TimeProvider.System.GetTimestamp();
        (long batches, long samples, double[] waitedMs) = await crowd.SendAsync(seconds, cancellationToken);
        double took = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        Array.Sort(waitedMs);
        return new Step((hub.ProcessorTime() - processor).TotalMilliseconds, took, batches, samples, waitedMs[waitedMs.Length / 2], waitedMs[waitedMs.Length * 99 / 100]);
    }

    private readonly record struct Step(double ProcessorMs, double Seconds, double Batches, double Samples, double MedianMs, double SlowMs);

    /// <summary>The edges: each a connection and a batch a second, spread over the second.</summary>
    private sealed class Crowd(int port) : IAsyncDisposable
    {
        private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

        private readonly List<Edge> _edges = [];
        private readonly Sample[][] _seconds = [.. SiteTelemetry.Seconds(RecordedSeconds).GroupBy(sample => sample.TimeMs / 1000).OrderBy(second => second.Key).Select(second => second.ToArray())];

        public long Samples { get; private set; }

        public async Task GrowAsync(IEnumerable<OneTimeSecret> secrets, CancellationToken cancellationToken)
        {
            MqttConnector connector = new(TimeProvider.System);
            foreach (OneTimeSecret secret in secrets)
            {
                IMqttLink link = await connector.ConnectAsync(new MqttLinkOptions("127.0.0.1", port, Tls: false, secret.Name, secret.Name, secret.Secret, Will: null), cancellationToken);
                await link.SubscribeAsync(UplinkTopics.Receipt(secret.Name), cancellationToken);
                _edges.Add(new Edge(secret.Name, link));
            }
        }

        public async Task<(long Batches, long Samples, double[] WaitedMs)> SendAsync(double seconds, CancellationToken cancellationToken)
        {
            (long Samples, List<double> WaitedMs)[] sent = await Task.WhenAll(_edges.Select((edge, index) => SendAsync(edge, (double)index / _edges.Count, (int)Math.Ceiling(seconds), cancellationToken)));
            Samples += sent.Sum(one => one.Samples);
            return (sent.Sum(one => one.WaitedMs.Count), sent.Sum(one => one.Samples), [.. sent.SelectMany(one => one.WaitedMs)]);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (Edge edge in _edges)
            {
                await edge.Link.DisposeAsync();
            }
        }

        private async Task<(long, List<double>)> SendAsync(Edge edge, double phase, int batches, CancellationToken cancellationToken)
        {
            long samples = 0;
            List<double> waited = [];
            long begun = TimeProvider.System.GetTimestamp();
            for (int batch = 0; batch < batches; batch++)
            {
                TimeSpan due = (Second * (batch + phase)) - TimeProvider.System.GetElapsedTime(begun);
                await Task.Delay(due > TimeSpan.Zero ? due : TimeSpan.Zero, TimeProvider.System, cancellationToken);
                long sequence = ++edge.Sequence;
                long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
                Sample[] second = [.. _seconds[sequence % _seconds.Length].Select(sample => sample with { TimeMs = nowMs - 1000 + (sample.TimeMs % 1000) })];
                byte[] payload = BatchCodec.Encode(new Batch { Key = new(edge.Site, 1, Lane.Telemetry, sequence), Samples = [.. second] });
                long start = TimeProvider.System.GetTimestamp();
                await edge.Link.PublishAsync(new(UplinkTopics.Up(edge.Site, Lane.Telemetry), payload, false), cancellationToken);
                Receipt receipt = ReceiptCodec.Decode((await edge.Link.Messages.ReadAsync(cancellationToken)).Payload.Span).Value!.Single();
                waited.Add(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds);
                samples += second.Length;
                if (receipt.Key.Sequence != sequence || receipt.Status != ReceiptStatus.Committed)
                {
                    throw new InvalidOperationException($"batch {sequence} of {edge.Site} was answered with {receipt}");
                }
            }

            return (samples, waited);
        }

        private sealed record Edge(string Site, IMqttLink Link)
        {
            public long Sequence { get; set; }
        }
    }
}
