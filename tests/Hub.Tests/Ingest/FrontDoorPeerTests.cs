using System.Text.Json;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Ingest;

/// <summary>The front door in front of other people's clients: mosquitto's and paho's.</summary>
public class FrontDoorPeerTests
{
    // Debian's own interpreter, which has Debian's paho; one JSON line a fact.
    private const string Python = "/usr/bin/python3";

    private const string Prelude = """
        import json, socket, sys, threading
        import paho.mqtt.client as mqtt
        from paho.mqtt.properties import Properties
        from paho.mqtt.packettypes import PacketTypes
        port = int(sys.argv[1])
        def say(**facts): print(json.dumps(facts), flush=True)
        def client(site, password="secret", will=True):
            c = mqtt.Client(client_id=site, protocol=mqtt.MQTTv5)
            c.username_pw_set(site, password)
            if will: c.will_set(f"iotp/v1/{site}/state", "gone", 1, True)
            c.connected, c.ended = threading.Event(), threading.Event()
            def on_connect(c, u, flags, rc, properties): c.rc = rc.value; c.properties = properties; c.connected.set()
            def on_disconnect(c, u, rc, properties=None): c.end = getattr(rc, "value", rc); c.ended.set()
            c.on_connect, c.on_disconnect = on_connect, on_disconnect
            return c
        def start(c):
            c.connect("127.0.0.1", port, keepalive=30)
            c.loop_start()
            assert c.connected.wait(15), "no CONNACK"

        """;

    [PeerFact("mosquitto_pub")]
    public async Task Mosquitto_pub_delivers_a_batch_with_the_right_password_only()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        (int right, _, string errors) = await MosquittoPubAsync(host, "secret", "iotp/v1/riverside/up/reading");
        Assert.True(right == 0, errors);
        Assert.Equal(new Arrival("riverside", Lane.Reading, "payload"), await host.Ingest.NextAsync());

        (int wrong, _, errors) = await MosquittoPubAsync(host, "guess", "iotp/v1/riverside/up/reading");
        Assert.NotEqual(0, wrong);
        Assert.Contains("Bad user name or password", errors, StringComparison.OrdinalIgnoreCase);

        (_, _, errors) = await MosquittoPubAsync(host, "secret", "iotp/v1/hillside/up/reading");
        Assert.Contains("Not authorized", errors, StringComparison.OrdinalIgnoreCase);
        Assert.True(host.Ingest.IsEmpty);
    }

    [PeerFact("mosquitto_sub")]
    public async Task Mosquitto_sub_hears_commands_of_its_own_site()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        await using var sub = PeerProcess.Start(
            Peers.Require("mosquitto_sub"), [.. Login(host, "secret"), "-q", "1", "-t", "iotp/v1/riverside/command/+", "-F", "%t %p"]);
        Assert.True(await DeliveredAsync(host));
        Assert.Equal("iotp/v1/riverside/command/c1 unlock", await sub.ReadLineAsync());
    }

    [PeerFact("mosquitto_sub")]
    public async Task Mosquitto_sub_is_refused_a_foreign_filter()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        (_, _, string errors) = await PeerProcess.RunAsync(
            Peers.Require("mosquitto_sub"), [.. Login(host, "secret"), "-q", "1", "-t", "iotp/v1/hillside/command/+"]);
        Assert.Contains("denied", errors, StringComparison.OrdinalIgnoreCase);
    }

    [PeerFact("python3")]
    public async Task Paho_gets_receipts_and_reason_codes()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        List<JsonElement> facts = await PahoAsync(host, """
            c = client("riverside")
            got = threading.Event()
            def on_message(c, u, m): say(topic=m.topic, qos=m.qos, length=len(m.payload)); got.set()
            def on_subscribe(c, u, mid, codes, properties): say(granted=[x.value for x in codes]); c.subscribed.set()
            c.on_message, c.on_subscribe, c.subscribed = on_message, on_subscribe, threading.Event()
            start(c)
            say(rc=c.rc, maximum_qos=c.properties.MaximumQoS, receive_maximum=c.properties.ReceiveMaximum)
            c.subscribe([("iotp/v1/riverside/receipt", mqtt.SubscribeOptions(qos=1)), ("iotp/v1/hillside/receipt", mqtt.SubscribeOptions(qos=1)), ("#", mqtt.SubscribeOptions(qos=1))])
            assert c.subscribed.wait(15)
            c.publish("iotp/v1/riverside/up/telemetry", b"batch", 1).wait_for_publish(15)
            assert got.wait(15)
            c.publish("iotp/v1/riverside/up/telemetry", b"batch", 2)
            assert c.ended.wait(15)
            say(ended=c.end)
            c.loop_stop()
            """);
        Assert.Equal(0, facts[0].GetProperty("rc").GetInt32());
        Assert.Equal(1, facts[0].GetProperty("maximum_qos").GetInt32());
        Assert.Equal(48, facts[0].GetProperty("receive_maximum").GetInt32());
        Assert.Equal([1, 0x87, 0x87], facts[1].GetProperty("granted").EnumerateArray().Select(e => e.GetInt32()));
        Assert.Equal("iotp/v1/riverside/receipt", facts[2].GetProperty("topic").GetString());
        Assert.Equal(1, facts[2].GetProperty("qos").GetInt32());
        Assert.Equal(0x9B, facts[3].GetProperty("ended").GetInt32());
        Assert.Equal(new Arrival("riverside", Lane.Telemetry, "batch"), await host.Ingest.NextAsync());
    }

    [PeerFact("python3")]
    public async Task Paho_is_refused_wrong_credentials_and_a_foreign_will()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        List<JsonElement> facts = await PahoAsync(host, """
            for c in (client("riverside", "guess"), client("elsewhere"), client("riverside", will=False)):
                if not c._will: c.will_set("iotp/v1/hillside/state", "gone", 1, True)
                start(c)
                say(rc=c.rc, why=c.properties.ReasonString)
                c.loop_stop()
            """);
        Assert.Equal([0x86, 0x86, 0x87], facts.Select(f => f.GetProperty("rc").GetInt32()));
        Assert.All(facts, f => Assert.NotEmpty(f.GetProperty("why").GetString()!));
        Assert.True(host.Ingest.IsEmpty);
    }

    [PeerFact("python3")]
    public async Task Paho_is_taken_over_and_its_will_arrives_when_it_is_cut()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        List<JsonElement> facts = await PahoAsync(host, """
            first = client("riverside")
            start(first)
            second = client("riverside")
            start(second)
            assert first.ended.wait(15)
            say(first=first.end)
            first.loop_stop()
            second.publish("iotp/v1/riverside/state", "online", 1, True).wait_for_publish(15)
            second.socket().shutdown(socket.SHUT_RDWR)
            assert second.ended.wait(15)
            second.loop_stop()
            say(done=True)
            """);
        Assert.Equal(0x8E, facts[0].GetProperty("first").GetInt32());
        foreach (string expected in new[] { "gone", "online", "gone" })
        {
            Assert.Equal(new Arrival("riverside", null, expected), await host.Ingest.NextAsync());
        }
    }

    private static string[] Login(FrontDoorHost host, string password) =>
        ["-V", "5", "-h", "127.0.0.1", "-p", $"{host.Port}", "-i", "riverside", "-u", "riverside", "-P", password];

    private static Task<(int ExitCode, string Output, string Errors)> MosquittoPubAsync(FrontDoorHost host, string password, string topic) =>
        PeerProcess.RunAsync(Peers.Require("mosquitto_pub"), [.. Login(host, password), "-q", "1", "-t", topic, "-m", "payload"]);

    /// <summary>Sends the command until the peer has subscribed; it has no way to tell us when.</summary>
    private static async Task<bool> DeliveredAsync(FrontDoorHost host)
    {
        for (int tries = 0; tries < 1_000; tries++)
        {
            var result = await host.Door.PublishAsync("riverside", "iotp/v1/riverside/command/c1", "unlock"u8.ToArray(), CancellationToken.None);
            if (result.Outcome == Hub.Ingest.DownlinkOutcome.Acknowledged)
            {
                return true;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        return false;
    }

    private static async Task<List<JsonElement>> PahoAsync(FrontDoorHost host, string script)
    {
        (int exit, string output, string errors) = await PeerProcess.RunAsync(Python, "-c", Prelude + script, $"{host.Port}");
        Assert.True(exit == 0, errors);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
    }
}
