using System.Net;
using IotProperty.Benchmarks.Harness;
using IotProperty.Edge.Uplink;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IotProperty.Benchmarks.Mqtt;

/// <summary>
/// What the front door takes: QoS 1 publishes of 1 KiB, 16 in flight as the uplink keeps them, with an ingest that does nothing. The baseline is the same
/// client with the same window against mosquitto, the broker that a grown hub would put in its place. The floor is mosquitto's own rate: the front door
/// answers all that came in one read with one write, where mosquitto writes once for each acknowledgement, and so takes several times as many; falling to
/// mosquitto's rate means that a hop between threads or a flush for each acknowledgement has crept in.
/// </summary>
public sealed class FrontDoorBenchmark : IBenchmark
{
    private const int Window = 16;
    private const double Floor = 1.00;

    public string Name => "front-door-publishes";

    public string Description => "QoS 1 publishes of 1 KiB, 16 in flight, front door with an idle ingest against mosquitto with the same client";

    public bool PinToOneCore => true;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        await using MosquittoServer mosquitto = await MosquittoServer.StartAsync(new MosquittoSetup { Lines = ["set_tcp_nodelay true"] });
        await using WebApplication hub = await StartFrontDoorAsync(cancellationToken);
        int port = new Uri(hub.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        MqttConnector connector = new(TimeProvider.System);
        await using IMqttLink subject = await connector.ConnectAsync(Options(port), cancellationToken);
        await using IMqttLink baseline = await connector.ConnectAsync(Options(mosquitto.Port), cancellationToken);
        Comparison comparison = await run.CompareAsync(count => PublishAsync(subject, count), count => PublishAsync(baseline, count));
        await hub.StopAsync(cancellationToken);
        return [Measurement.Of(Name, "publishes/s", comparison, Floor)];
    }

    private static MqttLinkOptions Options(int port) => new("127.0.0.1", port, Tls: false, "riverside", "riverside", "secret", Will: null);

    private static async Task PublishAsync(IMqttLink link, int count)
    {
        MqttLinkMessage message = new(UplinkTopics.Up("riverside", Lane.Telemetry), new byte[1024], Retain: false);
        Task<MqttPublishResult>[] window = new Task<MqttPublishResult>[Window];
        for (int sent = 0; sent < count;)
        {
            int burst = Math.Min(Window, count - sent);
            for (int i = 0; i < burst; i++)
            {
                window[i] = link.PublishAsync(message, CancellationToken.None).AsTask();
            }

            for (int i = 0; i < burst; i++)
            {
                MqttPublishResult result = await window[i];
                if (!result.Accepted)
                {
                    throw new InvalidOperationException($"a publish was refused with 0x{result.ReasonCode:X2} {result.Reason}");
                }
            }

            sent += burst;
        }
    }

    private static async Task<WebApplication> StartFrontDoorAsync(CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IUplinkIngest>(new IdleIngest());
        builder.Services.AddSingleton<IEdgeCredentials>(new AnyEdge());
        builder.Services.AddFrontDoor(new FrontDoorOptions { SiteBytesPerSecond = double.MaxValue, SiteBurstBytes = double.MaxValue });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseFrontDoor()));
        WebApplication app = builder.Build();
        await app.StartAsync(cancellationToken);
        return app;
    }

    private sealed class IdleIngest : IUplinkIngest
    {
        public ValueTask<Receipt?> AcceptAsync(string site, Lane lane, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
            ValueTask.FromResult<Receipt?>(new Receipt(new BatchKey(site, 1, lane, 1), ReceiptStatus.Committed, ""));

        public ValueTask AcceptStateAsync(string site, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }

    private sealed class AnyEdge : IEdgeCredentials
    {
        public ValueTask<string?> AuthenticateAsync(string clientId, string user, ReadOnlyMemory<byte> password, CancellationToken cancellationToken) =>
            ValueTask.FromResult<string?>(clientId);
    }
}
