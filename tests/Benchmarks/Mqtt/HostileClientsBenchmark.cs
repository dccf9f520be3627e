using System.Net;
using IotProperty.Benchmarks.Harness;
using IotProperty.Benchmarks.Ingest;
using IotProperty.Edge.Uplink;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.People;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Benchmarks.Mqtt;

/// <summary>
/// How long a well-behaved edge waits from the publish of a live batch to its receipt, synced commit included, while a <see cref="HostileCrowd"/> works on the same front
/// door and ingest, against the same edge in quiet. The crowd lives on the same machine and takes its processors as well, which a crowd elsewhere would not.
/// </summary>
internal sealed class HostileClientsBenchmark : IBenchmark
{
    public const string Password = "a password";

    private const string Site = "riverside";
    private const double Ceiling = 2;
    private const int Batches = 40;
    private const int SamplesInBatch = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private long _sequence;

    public string Name => "hostile-clients";

    public string Description => "Receipt latency of a well-behaved edge beside slow, half-open, noisy, guessing and flooding clients, against the same in quiet";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        string folder = Directory.CreateTempSubdirectory("iotp-hostile-").FullName;
        try
        {
            string file = Path.Combine(folder, "telemetry.db");
            SqliteTelemetryStore.Prepare(file, TimeProvider.System);
            await using SqliteTelemetryStore store = new(file, new(), TimeProvider.System, NullLogger<SqliteTelemetryStore>.Instance);
            using IngestMeter meter = new();
            QuietRooms rooms = new();
            UplinkIngest ingest = new(store, rooms, rooms, rooms, meter, TimeProvider.System, NullLogger<UplinkIngest>.Instance);
            await using WebApplication hub = await StartAsync(ingest, cancellationToken);
            IReadOnlyList<Measurement> measured = await MeasureAsync(run, hub, cancellationToken);
            await hub.StopAsync(cancellationToken);
            return measured;
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<IReadOnlyList<Measurement>> MeasureAsync(BenchmarkRun run, WebApplication hub, CancellationToken cancellationToken)
    {
        int port = new Uri(hub.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        await using IMqttLink edge = await new MqttConnector(TimeProvider.System).ConnectAsync(
            new MqttLinkOptions("127.0.0.1", port, Tls: false, Site, Site, Password, Will: null), cancellationToken);
        await edge.SubscribeAsync(UplinkTopics.Receipt(Site), cancellationToken);
        FloodPayloads payloads = new(2_000);
        int rounds = (run.Rounds / 4) | 1;
        double[] quiet = new double[rounds];
        double[] beside = new double[rounds];
        long flooded = 0;
        await WaitingMsAsync(edge, cancellationToken);
        for (int round = 0; round < rounds; round++)
        {
            quiet[round] = await WaitingMsAsync(edge, cancellationToken);
            await using HostileCrowd crowd = HostileCrowd.Gather(port, payloads);

            // The first of these warms the crowd up.
            await WaitingMsAsync(edge, cancellationToken);
            beside[round] = await WaitingMsAsync(edge, cancellationToken);
            flooded += crowd.Flooded;
        }

        double ratio = BenchmarkRun.Median([.. beside.Zip(quiet, (b, q) => b / q)]);
        return
        [
            new($"{Name}-receipt", ratio, $"times the quiet latency ({BenchmarkRun.Median(beside):F1} ms beside the crowd, {BenchmarkRun.Median(quiet):F1} ms in quiet)") { Ceiling = Ceiling },
            new($"{Name}-flood", flooded, "batches of 2,000 samples taken from the flooding site meanwhile"),
        ];
    }

    /// <summary>Median of a round, milliseconds.</summary>
    private async Task<double> WaitingMsAsync(IMqttLink edge, CancellationToken cancellationToken)
    {
        double[] waited = new double[Batches];
        for (int i = 0; i < Batches; i++)
        {
            long sequence = ++_sequence;
            Sample[] samples = [.. SampleSource.Of(sequence).Take(SamplesInBatch)];
            byte[] payload = BatchCodec.Encode(new Batch { Key = new(Site, 1, Lane.Telemetry, sequence), Samples = [.. samples] });
            long start = TimeProvider.System.GetTimestamp();
            await edge.PublishAsync(new(UplinkTopics.Up(Site, Lane.Telemetry), payload, false), cancellationToken);
            Receipt receipt = ReceiptCodec.Decode((await edge.Messages.ReadAsync(cancellationToken)).Payload.Span).Value!.Single();
            waited[i] = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
            if (receipt.Key.Sequence != sequence || receipt.Status != ReceiptStatus.Committed)
            {
                throw new InvalidOperationException($"batch {sequence} was answered with {receipt}");
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        return BenchmarkRun.Median(waited);
    }

    private static async Task<WebApplication> StartAsync(UplinkIngest ingest, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IUplinkIngest>(ingest);
        builder.Services.AddSingleton<IEdgeCredentials>(new SlowChecks());
        builder.Services.AddFrontDoor();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseFrontDoor()));
        WebApplication app = builder.Build();
        await app.StartAsync(cancellationToken);
        return app;
    }

    /// <summary>Passwords as the hub checks them, at their full price.</summary>
    private sealed class SlowChecks : IEdgeCredentials
    {
        private readonly PasswordHasher<EdgeCredential> _hasher = new();
        private readonly EdgeCredential _edge = new() { Site = Site, PasswordHash = "", IssuedMs = 0 };

        public SlowChecks() => _edge.PasswordHash = _hasher.HashPassword(_edge, Password);

        public ValueTask<string?> AuthenticateAsync(string clientId, string user, ReadOnlyMemory<byte> password, CancellationToken cancellationToken) => ValueTask.FromResult(
            _hasher.VerifyHashedPassword(_edge, _edge.PasswordHash, System.Text.Encoding.UTF8.GetString(password.Span)) == PasswordVerificationResult.Failed ? null : clientId);
    }
}
