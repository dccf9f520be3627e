using System.Buffers;
using IotProperty.Benchmarks.Harness;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Mqtt;
using IotProperty.Tests;

namespace IotProperty.Benchmarks.Mqtt;

/// <summary>
/// QoS 1 publishes of 100 bytes, awaited one by one, through our client to mosquitto, against a bare asynchronous socket loop of the same bytes to the
/// same mosquitto. The loop pays the same two system calls and the same wake-up, so the ratio shows what the session, its lock, the parsing and the
/// awaiting caller cost.
/// </summary>
public sealed class MqttPublishBenchmark : IBenchmark
{
    private const string Topic = "iotp/v1/riverside/up/telemetry";
    private const double Floor = 0.70;

    public string Name => "mqtt-publish-qos1";

    public string Description => "QoS 1 publishes awaited one by one, our client to mosquitto, against a bare asynchronous socket loop";

    public bool PinToOneCore => true;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        byte[] payload = new byte[100];
        await using MosquittoServer mosquitto = await MosquittoServer.StartAsync(new MosquittoSetup { Lines = ["set_tcp_nodelay true"] });
        using RawPublisher raw = await RawPublisher.ConnectAsync(
            mosquitto.Port,
            Bytes(new MqttConnect("raw", CleanStart: true, 0)),
            Bytes(new MqttPublish(Topic, payload, MqttQos.AtLeastOnce, Retain: false, Duplicate: false, 1, MqttProperties.None)));
        MqttLinkOptions options = new("127.0.0.1", mosquitto.Port, Tls: false, "ours", "u", "p", Will: null);
        await using IMqttLink link = await new MqttConnector(TimeProvider.System).ConnectAsync(options, cancellationToken);
        Comparison comparison = await run.CompareAsync(
            async count =>
            {
                MqttLinkMessage message = new(Topic, payload, Retain: false);
                for (int i = 0; i < count; i++)
                {
                    MqttPublishResult result = await link.PublishAsync(message, CancellationToken.None);
                    if (!result.Accepted)
                    {
                        throw new InvalidOperationException($"mosquitto refused a publish with 0x{result.ReasonCode:X2}");
                    }
                }
            },
            raw.PublishAsync);
        return
        [
            Measurement.Of(Name, "publishes/s", comparison, Floor),
            new Measurement($"{Name}-allocation", comparison.SubjectBytesPerOperation, "B/publish") { Ceiling = 16 },
        ];
    }

    private static byte[] Bytes(IMqttPacket packet)
    {
        ArrayBufferWriter<byte> output = new();
        MqttPacketWriter.TryWrite(output, packet);
        return output.WrittenSpan.ToArray();
    }
}
