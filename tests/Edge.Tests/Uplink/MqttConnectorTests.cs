using System.Text;
using IotProperty.Edge.Uplink;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Uplink;

public class MqttConnectorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly MosquittoSetup Riverside = new() { Users = new Dictionary<string, string> { ["riverside"] = "secret" } };

    [PeerFact("mosquitto", "mosquitto_sub", "mosquitto_passwd")]
    public async Task What_we_publish_reaches_mosquittos_own_subscriber()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Riverside);
        await using IMqttLink link = await ConnectAsync(broker.Port);
        Assert.True((await link.PublishAsync(Message("up/1", "kept", retain: true), default)).Accepted);
        (int exit, string output, string errors) = await PeerProcess.RunAsync(
            Peers.Require("mosquitto_sub"),
            "-V", "5", "-h", "127.0.0.1", "-p", $"{broker.Port}", "-u", "riverside", "-P", "secret", "-t", "up/+", "-C", "1", "-F", "%t %p %r");
        Assert.True(exit == 0, errors);
        Assert.Equal("up/1 kept 1", output.Trim());
    }

    [PeerFact("mosquitto", "mosquitto_pub", "mosquitto_passwd")]
    public async Task What_mosquittos_own_publisher_sends_reaches_us()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Riverside);
        await using IMqttLink link = await ConnectAsync(broker.Port);
        await link.SubscribeAsync("command/+", default);
        (int exit, _, string errors) = await PeerProcess.RunAsync(
            Peers.Require("mosquitto_pub"),
            "-V", "5", "-h", "127.0.0.1", "-p", $"{broker.Port}", "-u", "riverside", "-P", "secret", "-q", "1", "-t", "command/7", "-m", "unlock");
        Assert.True(exit == 0, errors);
        MqttLinkMessage message = await ReadAsync(link);
        Assert.Equal("command/7", message.Topic);
        Assert.Equal("unlock", Encoding.UTF8.GetString(message.Payload.Span));
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Thousand_publishes_at_once_all_arrive_in_order_within_the_brokers_window()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Riverside with { Lines = ["max_inflight_messages 20", "max_queued_messages 5000"] });

        // Mosquitto 2.0.11 does not keep to a subscriber's Receive Maximum: a bare socket that declared 64 and acknowledged slowly was sent 521 at once.
        MqttLinkOptions options = Options(broker.Port) with { ReceiveMaximum = 1000 };
        await using IMqttLink link = await new MqttConnector(TimeProvider.System).ConnectAsync(options, default).WaitAsync(Patience);
        await link.SubscribeAsync("up/+", default);
        Task<MqttPublishResult>[] publishes =
            [.. Enumerable.Range(0, 1000).Select(i => link.PublishAsync(Message("up/1", $"{i}"), default).AsTask())];
        for (int i = 0; i < publishes.Length; i++)
        {
            Assert.Equal($"{i}", Encoding.UTF8.GetString((await ReadAsync(link)).Payload.Span));
        }

        MqttPublishResult[] results = await Task.WhenAll(publishes).WaitAsync(Patience);
        Assert.All(results, result => Assert.True(result.Accepted));
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Large_messages_come_back_whole()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Riverside);
        await using IMqttLink link = await ConnectAsync(broker.Port);
        await link.SubscribeAsync("up/+", default);
        byte[] payload = new byte[1024 * 1024];
        new Random(5).NextBytes(payload);
        for (int i = 0; i < 5; i++)
        {
            Assert.True((await link.PublishAsync(new MqttLinkMessage("up/1", payload, Retain: false), default)).Accepted);
            Assert.True((await ReadAsync(link)).Payload.Span.SequenceEqual(payload));
        }
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Will_is_published_when_the_connection_is_taken_away_and_not_after_a_goodbye()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Riverside);
        await using IMqttLink watcher = await ConnectAsync(broker.Port, "watcher");
        await watcher.SubscribeAsync("state/+", default);

        MqttLinkMessage will = Message("state/1", "gone", retain: true);
        await (await ConnectAsync(broker.Port, "first", will)).DisposeAsync();
        await using IMqttLink second = await ConnectAsync(broker.Port, "second", Message("state/2", "taken", retain: true));

        // Another connection of the same client id takes the session over; to the first it is an end without a goodbye.
        await using IMqttLink usurper = await ConnectAsync(broker.Port, "second");
        MqttLinkMessage heard = await ReadAsync(watcher);
        Assert.Equal("state/2", heard.Topic);
        await second.Closed.WaitAsync(Patience);
        Assert.False(watcher.Messages.TryRead(out _));
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Wrong_password_is_told_as_such()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Riverside);
        MqttLinkOptions options = Options(broker.Port) with { Password = "guess" };
        MqttLinkClosedException refused = await Assert.ThrowsAsync<MqttLinkClosedException>(
            () => new MqttConnector(TimeProvider.System).ConnectAsync(options, default));
        Assert.Contains("0x87", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("guess", refused.Message, StringComparison.Ordinal);
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Broker_killed_amid_publishes_fails_every_pending_call_with_the_reason()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Riverside);
        await using IMqttLink link = await ConnectAsync(broker.Port);
        using CancellationTokenSource stop = new(Patience);
        Task publishing = Task.Run(async () =>
        {
            while (true)
            {
                await link.PublishAsync(Message("up/1", "x"), stop.Token);
            }
        });
        Assert.True((await link.PublishAsync(Message("up/1", "x"), default)).Accepted);
        await broker.KillAsync();
        MqttLinkClosedException error = await Assert.ThrowsAsync<MqttLinkClosedException>(() => publishing.WaitAsync(Patience));
        Assert.Equal(await link.Closed.WaitAsync(Patience), error.Message);
        await Assert.ThrowsAsync<MqttLinkClosedException>(async () => await link.PublishAsync(Message("up/1", "x"), default));
        await link.Messages.Completion.WaitAsync(Patience);
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Tls_with_the_right_root_works_and_with_the_machines_roots_is_refused()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(Riverside with { Tls = true });
        MqttLinkOptions options = Options(broker.Port) with { Host = "localhost", Tls = true, TrustedRoots = broker.Roots };
        await using (IMqttLink link = await new MqttConnector(TimeProvider.System).ConnectAsync(options, default))
        {
            await link.SubscribeAsync("up/+", default);
            Assert.True((await link.PublishAsync(Message("up/1", "sealed"), default)).Accepted);
            Assert.Equal("sealed", Encoding.UTF8.GetString((await ReadAsync(link)).Payload.Span));
        }

        MqttLinkClosedException refused = await Assert.ThrowsAsync<MqttLinkClosedException>(
            () => new MqttConnector(TimeProvider.System).ConnectAsync(options with { TrustedRoots = null }, default));
        Assert.Contains("TLS failed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_at_the_other_end_is_told_with_the_address()
    {
        MqttLinkClosedException away = await Assert.ThrowsAsync<MqttLinkClosedException>(
            () => new MqttConnector(TimeProvider.System).ConnectAsync(Options(FreePort.Next()), default));
        Assert.Contains("cannot connect to 127.0.0.1:", away.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_never_answers_connect_is_given_up_after_the_time_out()
    {
        FakeTime time = new();
        using System.Net.Sockets.TcpListener silent = new(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        Task<IMqttLink> connecting = new MqttConnector(time).ConnectAsync(Options(((System.Net.IPEndPoint)silent.LocalEndpoint).Port), default);
        using System.Net.Sockets.TcpClient accepted = await silent.AcceptTcpClientAsync().WaitAsync(Patience);
        while (!connecting.IsCompleted)
        {
            time.Advance(1_000);
            await Task.Yield();
        }

        MqttLinkClosedException late = await Assert.ThrowsAsync<MqttLinkClosedException>(() => connecting);
        Assert.Contains("did not answer within 5 s", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publishes_beyond_the_servers_receive_maximum_wait_for_its_acknowledgements()
    {
        using ScriptedMqttServer server = new();
        Task<IMqttLink> connecting = new MqttConnector(TimeProvider.System).ConnectAsync(Options(server.Port), default);
        await server.AcceptAsync("20 06 00 00 03 21 00 02");
        await using IMqttLink link = await connecting.WaitAsync(Patience);
        Task<MqttPublishResult>[] publishes = [.. Enumerable.Range(0, 3).Select(i => link.PublishAsync(Message("t", $"{i}"), default).AsTask())];
        Assert.Equal("32 07 00 01 74 00 01 00 30", await server.ReceiveAsync());
        Assert.Equal("32 07 00 01 74 00 02 00 31", await server.ReceiveAsync());

        // Only the acknowledgement of the second makes room, and its refusal is told to its own caller.
        await server.SendAsync("40 03 00 02 97");
        Assert.Equal("32 07 00 01 74 00 03 00 32", await server.ReceiveAsync());
        Assert.Equal(0x97, (await publishes[1].WaitAsync(Patience)).ReasonCode);
        await server.SendAsync("40 02 00 03 40 02 00 01");
        Assert.True((await publishes[0].WaitAsync(Patience)).Accepted);
        Assert.True((await publishes[2].WaitAsync(Patience)).Accepted);
    }

    [Theory]
    [InlineData("01", "takes no packet of more than 1 bytes")]
    [InlineData("14", "cannot subscribe to iotp/v1/riverside/receipt")]
    public async Task Server_that_takes_only_tiny_packets_is_told_of_as_a_closed_link(string maximumPacketSize, string expected)
    {
        using ScriptedMqttServer server = new();
        Task<IMqttLink> connecting = new MqttConnector(TimeProvider.System).ConnectAsync(Options(server.Port), default);
        await server.AcceptAsync($"20 08 00 00 05 27 00 00 00 {maximumPacketSize}");
        MqttLinkClosedException closed = await Assert.ThrowsAsync<MqttLinkClosedException>(async () =>
        {
            await using IMqttLink link = await connecting.WaitAsync(Patience);
            await link.SubscribeAsync("iotp/v1/riverside/receipt", default);
        });
        Assert.Contains(expected, closed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelled_publish_lets_its_caller_go_and_keeps_its_place_until_acknowledged()
    {
        using ScriptedMqttServer server = new();
        Task<IMqttLink> connecting = new MqttConnector(TimeProvider.System).ConnectAsync(Options(server.Port), default);
        await server.AcceptAsync("20 06 00 00 03 21 00 01");
        await using IMqttLink link = await connecting.WaitAsync(Patience);
        using CancellationTokenSource first = new();
        using CancellationTokenSource second = new();
        Task<MqttPublishResult> inFlight = link.PublishAsync(Message("t", "0"), first.Token).AsTask();
        Task<MqttPublishResult> waiting = link.PublishAsync(Message("t", "1"), second.Token).AsTask();
        Task<MqttPublishResult> last = link.PublishAsync(Message("t", "2"), default).AsTask();
        Assert.EndsWith("00 01 00 30", await server.ReceiveAsync(), StringComparison.Ordinal);
        await first.CancelAsync();
        await second.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => inFlight.WaitAsync(Patience));
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));
        await server.SendAsync("40 02 00 01");
        Assert.EndsWith(" 00 32", await server.ReceiveAsync(), StringComparison.Ordinal);
        await server.SendAsync("40 02 00 02");
        Assert.True((await last.WaitAsync(Patience)).Accepted);
    }

    [Fact]
    public async Task Message_is_acknowledged_when_the_application_has_taken_it_and_not_before()
    {
        using ScriptedMqttServer server = new();
        Task<IMqttLink> connecting = new MqttConnector(TimeProvider.System).ConnectAsync(Options(server.Port), default);
        await server.AcceptAsync();
        await using IMqttLink link = await connecting.WaitAsync(Patience);
        await server.SendAsync("32 07 00 01 74 00 09 00 30");
        Assert.True(await link.Messages.WaitToReadAsync().AsTask().WaitAsync(Patience));
        Task<MqttPublishResult> publish = link.PublishAsync(Message("t", "0"), default).AsTask();

        // The publish overtakes the acknowledgement that nobody has earned yet.
        Assert.StartsWith("32 ", await server.ReceiveAsync(), StringComparison.Ordinal);
        Assert.True(link.Messages.TryRead(out MqttLinkMessage message));
        Assert.Equal("t", message.Topic);
        Assert.Equal("40 02 00 09", await server.ReceiveAsync());
        await server.SendAsync("40 02 00 01");
        await publish.WaitAsync(Patience);
    }

    [Fact]
    public async Task Server_that_sends_more_than_our_receive_maximum_is_disconnected()
    {
        using ScriptedMqttServer server = new();
        Task<IMqttLink> connecting = new MqttConnector(TimeProvider.System).ConnectAsync(Options(server.Port), default);
        await server.AcceptAsync();
        await using IMqttLink link = await connecting.WaitAsync(Patience);
        for (int id = 1; id <= 65; id++)
        {
            await server.SendAsync($"32 07 00 01 74 00 {id:X2} 00 30");
        }

        Assert.StartsWith("E0 ", await server.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Contains("ReceiveMaximumExceeded", await link.Closed.WaitAsync(Patience), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silent_server_is_pinged_and_then_given_up()
    {
        FakeTime time = new();
        using ScriptedMqttServer server = new();
        Task<IMqttLink> connecting = new MqttConnector(time).ConnectAsync(Options(server.Port) with { KeepAlive = TimeSpan.FromSeconds(20) }, default);
        await server.AcceptAsync();
        await using IMqttLink link = await connecting.WaitAsync(Patience);
        time.Advance(15_000);
        Assert.Equal("C0 00", await server.ReceiveAsync());
        await server.SendAsync("D0 00 32 07 00 01 74 00 09 00 30");
        Assert.True(await link.Messages.WaitToReadAsync().AsTask().WaitAsync(Patience));
        time.Advance(15_000);
        Assert.Equal("C0 00", await server.ReceiveAsync());
        time.Advance(15_000);
        Assert.Contains("KeepAliveTimeout", await link.Closed.WaitAsync(Patience), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_filter_is_told_with_its_reason()
    {
        using ScriptedMqttServer server = new();
        Task<IMqttLink> connecting = new MqttConnector(TimeProvider.System).ConnectAsync(Options(server.Port), default);
        await server.AcceptAsync();
        await using IMqttLink link = await connecting.WaitAsync(Patience);
        Task subscribing = link.SubscribeAsync("a/#", default).AsTask();
        string subscribe = await server.ReceiveAsync();
        Assert.StartsWith("82 09 00 01 00 00 03 61 2F 23 01", subscribe, StringComparison.Ordinal);
        await server.SendAsync("90 04 00 01 00 87");
        MqttLinkClosedException refused = await Assert.ThrowsAsync<MqttLinkClosedException>(() => subscribing.WaitAsync(Patience));
        Assert.Contains("NotAuthorized (0x87)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cut_connection_fails_those_in_flight_and_those_in_the_queue()
    {
        using ScriptedMqttServer server = new();
        Task<IMqttLink> connecting = new MqttConnector(TimeProvider.System).ConnectAsync(Options(server.Port), default);
        await server.AcceptAsync("20 06 00 00 03 21 00 01");
        await using IMqttLink link = await connecting.WaitAsync(Patience);
        Task<MqttPublishResult>[] publishes = [.. Enumerable.Range(0, 3).Select(i => link.PublishAsync(Message("t", $"{i}"), default).AsTask())];
        await server.ReceiveAsync();
        server.Cut();
        foreach (Task<MqttPublishResult> publish in publishes)
        {
            await Assert.ThrowsAsync<MqttLinkClosedException>(() => publish.WaitAsync(Patience));
        }
    }

    private static Task<IMqttLink> ConnectAsync(int port, string clientId = "riverside", MqttLinkMessage? will = null) =>
        new MqttConnector(TimeProvider.System).ConnectAsync(Options(port) with { ClientId = clientId, Will = will }, default).WaitAsync(Patience);

    private static MqttLinkOptions Options(int port) => new("127.0.0.1", port, Tls: false, "riverside", "riverside", "secret", Will: null);

    private static MqttLinkMessage Message(string topic, string text, bool retain = false) => new(topic, Encoding.UTF8.GetBytes(text), retain);

    private static async Task<MqttLinkMessage> ReadAsync(IMqttLink link) => await link.Messages.ReadAsync().AsTask().WaitAsync(Patience);
}
