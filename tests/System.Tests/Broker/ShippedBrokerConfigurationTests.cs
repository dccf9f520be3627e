using IotProperty.Edge.Uplink;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;
using IotProperty.SystemTests.Documents;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Broker;

/// <summary>The broker's configuration that we ship, with this test's ports, folder and no TLS; everything else as it stands.</summary>
public sealed class ShippedBrokerConfigurationTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-shipped-broker-").FullName;
    private readonly int _edgePort = FreePort.Next();
    private readonly int _hubPort = FreePort.Next();
    private PeerProcess? _broker;

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task An_edge_uses_its_own_topics_alone_and_a_hub_takes_its_batch_and_answers_it()
    {
        await StartAsync();
        KeyedIngest ingest = new(new SharedStore());
        Secret password = new("of the hub");
        await using Replica hub = await Replica.StartAsync(
            _hubPort, ingest, settings: new BrokerSettings { Host = "127.0.0.1", Port = _hubPort, User = "hub", Password = password });
        await using IMqttLink edge = await ConnectAsync("riverside");
        await using IMqttLink neighbour = await ConnectAsync("hillside");
        await edge.SubscribeAsync(UplinkTopics.Receipt("riverside"), default);
        await neighbour.SubscribeAsync(UplinkTopics.Receipt("riverside"), default);
        await neighbour.SubscribeAsync(UplinkTopics.Receipt("hillside"), default);

        byte[] batch = BatchOf("riverside");
        MqttPublishResult forged = await neighbour.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("riverside", Lane.Telemetry), batch, false), default);
        Assert.Equal((byte)MqttReasonCode.NotAuthorized, forged.ReasonCode);
        MqttPublishResult receipt = await edge.PublishAsync(new MqttLinkMessage(UplinkTopics.Receipt("hillside"), batch, false), default);
        Assert.Equal((byte)MqttReasonCode.NotAuthorized, receipt.ReasonCode);

        Assert.True((await edge.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("riverside", Lane.Telemetry), batch, false), default)).Accepted);
        Assert.Equal(UplinkTopics.Receipt("riverside"), (await NextAsync(edge)).Topic);
        Assert.True((await neighbour.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("hillside", Lane.Telemetry), BatchOf("hillside"), false), default)).Accepted);

        // Had the neighbour been given the receipt of riverside, it would have come first.
        Assert.Equal(UplinkTopics.Receipt("hillside"), (await NextAsync(neighbour)).Topic);
        Assert.Equal(2, ingest.Accepted);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] BatchOf(string site) => BatchCodec.Encode(
        new Batch { Key = new BatchKey(site, 1, Lane.Telemetry, 1), Samples = [new Sample(new PointRef("pump-1", "pressure"), 1_000, 4.2, Quality.Good, true)] });

    private static async Task<MqttLinkMessage> NextAsync(IMqttLink link) => await link.Messages.ReadAsync().AsTask().WaitAsync(Patience);

    private async Task<IMqttLink> ConnectAsync(string site) =>
        await new MqttConnector(TimeProvider.System).ConnectAsync(new MqttLinkOptions("127.0.0.1", _edgePort, false, site, site, $"of {site}", null), default);

    private async Task StartAsync()
    {
        string passwords = Path.Combine(_folder, "iotp.passwords");
        foreach (string user in (string[])["hub", "riverside", "hillside"])
        {
            await MosquittoServer.AddUserAsync(passwords, user, user == "hub" ? "of the hub" : $"of {user}");
        }

        string shipped = Path.Combine(MarkdownSamples.Root, "deploy", "mosquitto");
        File.Copy(Path.Combine(shipped, "iotp.acl"), Path.Combine(_folder, "iotp.acl"));
        string configuration = Path.Combine(_folder, "iotp.conf");
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(shipped, "iotp.conf"));
        await File.WriteAllLinesAsync(
            configuration,
            [
                .. lines.Where(line => !line.StartsWith("certfile", StringComparison.Ordinal) && !line.StartsWith("keyfile", StringComparison.Ordinal)).Select(line => line
                    .Replace("listener 8883", $"listener {_edgePort} 127.0.0.1", StringComparison.Ordinal)
                    .Replace("listener 1883 ", $"listener {_hubPort} ", StringComparison.Ordinal)
                    .Replace("/etc/mosquitto/", _folder + "/", StringComparison.Ordinal)),
                "log_dest none",
                $"user {Environment.UserName}",
            ]);
        _broker = PeerProcess.Start(Peers.Require("mosquitto"), "-c", configuration);
    }
}
