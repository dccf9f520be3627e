using System.Text;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Mqtt;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Uplink;

/// <summary>MQTT 3.1.1 against a broker that knows it.</summary>
public class Mqtt311OverMosquittoTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly MosquittoSetup Setup = new() { Users = new Dictionary<string, string> { ["d"] = "secret" } };

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Messages_go_and_come_back_whole_and_in_order()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Setup with { Lines = ["max_inflight_messages 20", "max_queued_messages 5000"] });
        await using IMqttLink link = await ConnectAsync(broker.Port);
        await link.SubscribeAsync("up/#", CancellationToken.None);
        byte[] large = new byte[200 * 1024];
        new Random(5).NextBytes(large);
        Assert.True((await link.PublishAsync(new MqttLinkMessage("up/large", large, Retain: false), CancellationToken.None)).Accepted);
        Assert.True((await ReadAsync(link)).Payload.Span.SequenceEqual(large));
        Task<MqttPublishResult>[] publishes = [.. Enumerable.Range(0, 500).Select(i => link.PublishAsync(Message("up/1", $"{i}"), CancellationToken.None).AsTask())];
        for (int i = 0; i < publishes.Length; i++)
        {
            Assert.Equal($"{i}", Encoding.UTF8.GetString((await ReadAsync(link)).Payload.Span));
        }

        Assert.All(await Task.WhenAll(publishes).WaitAsync(Patience), result => Assert.True(result.Accepted));
    }

    [PeerFact("mosquitto", "mosquitto_sub", "mosquitto_passwd")]
    public async Task What_we_publish_reaches_mosquittos_own_subscriber()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Setup);
        await using IMqttLink link = await ConnectAsync(broker.Port);
        Assert.True((await link.PublishAsync(Message("up/1", "kept") with { Retain = true }, CancellationToken.None)).Accepted);
        (int exit, string output, string errors) = await PeerProcess.RunAsync(
            Peers.Require("mosquitto_sub"),
            "-V", "mqttv311", "-h", "127.0.0.1", "-p", $"{broker.Port}", "-u", "d", "-P", "secret", "-t", "up/+", "-C", "1", "-F", "%t %p %r");
        Assert.True(exit == 0, errors);
        Assert.Equal("up/1 kept 1", output.Trim());
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Will_is_published_when_the_session_is_taken_over_and_not_after_a_goodbye()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Setup);
        await using IMqttLink watcher = await ConnectAsync(broker.Port, "watcher");
        await watcher.SubscribeAsync("state/+", CancellationToken.None);
        await (await ConnectAsync(broker.Port, "first", Message("state/1", "gone"))).DisposeAsync();
        await using IMqttLink second = await ConnectAsync(broker.Port, "second", Message("state/2", "taken"));
        await using IMqttLink usurper = await ConnectAsync(broker.Port, "second");
        Assert.Equal("state/2", (await ReadAsync(watcher)).Topic);
        Assert.Equal("the server closed the connection", await second.Closed.WaitAsync(Patience));
        Assert.False(watcher.Messages.TryRead(out _));
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Return_codes_of_a_refusal_are_told()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Setup);
        MqttLinkClosedException refused = await Assert.ThrowsAsync<MqttLinkClosedException>(
            () => new MqttConnector(TimeProvider.System).ConnectAsync(Options(broker.Port) with { Password = "guess" }, CancellationToken.None));
        Assert.Equal(MqttReasonCode.NotAuthorized, refused.Code);
    }

    private static MqttLinkOptions Options(int port, string clientId = "d", MqttLinkMessage? will = null) =>
        new("127.0.0.1", port, Tls: false, clientId, "d", "secret", will) { Version = MqttVersion.V311, ReceiveMaximum = 1_000 };

    private static Task<IMqttLink> ConnectAsync(int port, string clientId = "d", MqttLinkMessage? will = null) =>
        new MqttConnector(TimeProvider.System).ConnectAsync(Options(port, clientId, will), CancellationToken.None);

    private static MqttLinkMessage Message(string topic, string text) => new(topic, Encoding.UTF8.GetBytes(text), Retain: false);

    private static async Task<MqttLinkMessage> ReadAsync(IMqttLink link) => await link.Messages.ReadAsync().AsTask().WaitAsync(Patience);
}
