using System.Buffers;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Protocols.Tests.Mqtt;

public class MqttSessionTests
{
    private static readonly MqttClientOptions Options = new() { ClientId = "riverside", UserName = "u", Password = "p"u8.ToArray() };

    [Fact]
    public void Sessions_understand_each_other_byte_by_byte()
    {
        ArrayBufferWriter<byte> toServer = new();
        ArrayBufferWriter<byte> toClient = new();
        MqttClientSession client = new(Options, toServer, 0);
        MqttServerSession server = new(new MqttServerLimits(), toClient, 0);
        Assert.Equal(MqttServerEventKind.Connect, Assert.Single(Feed(server, toServer)).Kind);
        Assert.True(server.Connect!.Password!.Value.Span.SequenceEqual("p"u8));
        server.Accept(null, assignedClientId: null);
        Assert.Equal(MqttClientEventKind.Connected, Assert.Single(Feed(client, toClient)).Kind);

        Assert.Equal(1, client.Subscribe([new MqttSubscription("a/+", MqttQos.AtLeastOnce)], 0));
        MqttServerEvent subscribe = Assert.Single(Feed(server, toServer));
        server.Grant(subscribe.Subscribe!, [MqttReasonCode.GrantedQos1]);
        Assert.Equal([MqttReasonCode.GrantedQos1], Assert.Single(Feed(client, toClient)).ReasonCodes.AsEnumerable());

        Assert.Equal(MqttPublishOutcome.Written, client.Publish("up", "x"u8.ToArray(), MqttQos.AtLeastOnce, false, 0, out ushort id));
        MqttServerEvent message = Assert.Single(Feed(server, toServer));
        Assert.Equal(("up", id), (message.Publish.Topic, message.PacketId));
        server.Acknowledge(id, MqttReasonCode.NotAuthorized, "no");
        MqttClientEvent puback = Assert.Single(Feed(client, toClient));
        Assert.Equal((MqttClientEventKind.Published, id, MqttReasonCode.NotAuthorized, "no"), (puback.Kind, puback.PacketId, puback.ReasonCode, puback.Reason));

        Assert.Equal(MqttPublishOutcome.Written, server.Publish("a/b", "y"u8.ToArray(), out ushort down));
        Assert.Equal("a/b", Assert.Single(Feed(client, toClient)).Publish.Topic);
        Assert.Empty(Feed(server, toServer));
        client.Take(down, 0);
        Assert.Equal(MqttServerEventKind.Published, Assert.Single(Feed(server, toServer)).Kind);
        client.Disconnect(MqttReasonCode.Success, 0);
        Assert.Equal(MqttServerEventKind.Ended, Assert.Single(Feed(server, toServer)).Kind);
        Assert.Null(server.WillToPublish);
    }

    [Theory]
    [InlineData(4, "")] // not even the shortest CONNACK
    [InlineData(9, "20 03 00 87 00")]
    [InlineData(100, "20 0A 00 87 07 1F 00 04 66 75 6C 6C")]
    public void A_reason_is_left_out_where_the_client_has_no_room_for_it(uint room, string answer)
    {
        ArrayBufferWriter<byte> toClient = new();
        MqttServerSession server = new(new MqttServerLimits(), toClient, 0);
        ArrayBufferWriter<byte> toServer = new();
        MqttPacketWriter.TryWrite(toServer, new MqttConnect("c", CleanStart: true, 10) { Properties = new MqttProperties { MaximumPacketSize = room } });
        Feed(server, toServer);
        server.Refuse(MqttReasonCode.NotAuthorized, "full");
        Assert.Equal(answer, MqttBytes.Hex(toClient.WrittenSpan));
        Assert.True(server.HasEnded);
    }

    [Theory]
    [InlineData(12, "20 03 00 95 00")]
    [InlineData(40, "40 03 00 01 87 E0 01 8B")]
    public void A_client_with_little_room_hears_the_codes_or_is_told_that_it_has_too_little(uint room, string answer)
    {
        ArrayBufferWriter<byte> toClient = new();
        MqttServerSession server = new(new MqttServerLimits(), toClient, 0);
        ArrayBufferWriter<byte> toServer = new();
        MqttPacketWriter.TryWrite(toServer, new MqttConnect("c", CleanStart: true, 10) { Properties = new MqttProperties { MaximumPacketSize = room } });
        Feed(server, toServer);
        if (!server.Accept(null, assignedClientId: null))
        {
            Assert.Equal(answer, MqttBytes.Hex(toClient.WrittenSpan));
            return;
        }

        MqttPacketWriter.TryWrite(toServer, new MqttPublish("up", "x"u8.ToArray(), MqttQos.AtLeastOnce, Retain: false, Duplicate: false, 1, MqttProperties.None));
        Feed(server, toServer);
        toClient.ResetWrittenCount();
        string far = new('x', 100);
        server.Acknowledge(1, MqttReasonCode.NotAuthorized, far);
        server.Disconnect(MqttReasonCode.ServerShuttingDown, far);
        Assert.Equal(answer, MqttBytes.Hex(toClient.WrittenSpan));
    }

    [Fact]
    public void A_subscription_too_many_is_refused_and_those_that_stand_may_be_changed()
    {
        ArrayBufferWriter<byte> toServer = new();
        ArrayBufferWriter<byte> toClient = new();
        MqttClientSession client = new(Options, toServer, 0);
        MqttServerSession server = new(new MqttServerLimits(), toClient, 0);
        Feed(server, toServer);
        server.Accept(null, assignedClientId: null);
        Feed(client, toClient);
        MqttSubscription[] nine = [.. Enumerable.Range(0, 9).Select(index => new MqttSubscription($"f/{index}", MqttQos.AtLeastOnce))];
        client.Subscribe([.. nine], 0);
        server.Grant(Assert.Single(Feed(server, toServer)).Subscribe!, [.. Enumerable.Repeat(MqttReasonCode.GrantedQos1, 9)]);
        Assert.Equal(
            [.. Enumerable.Repeat(MqttReasonCode.GrantedQos1, 8), MqttReasonCode.QuotaExceeded],
            Assert.Single(Feed(client, toClient)).ReasonCodes.AsEnumerable());
        client.Subscribe([nine[0]], 0);
        server.Grant(Assert.Single(Feed(server, toServer)).Subscribe!, [MqttReasonCode.GrantedQos1]);
        Assert.Equal([MqttReasonCode.GrantedQos1], Assert.Single(Feed(client, toClient)).ReasonCodes.AsEnumerable());
    }

    [Fact]
    public void Declared_limits_of_the_server_bind_the_client()
    {
        // Receive Maximum 1, Maximum QoS 1, Retain not available, Maximum Packet Size 40.
        MqttClientSession client = Connected("20 0F 00 00 0C 21 00 01 24 01 25 00 27 00 00 00 28", Options, out _);
        Assert.Equal(MqttPublishOutcome.RetainNotSupported, client.Publish("t", default, MqttQos.AtLeastOnce, retain: true, 0, out _));
        Assert.Equal(MqttPublishOutcome.PacketTooLarge, client.Publish("t", new byte[40], MqttQos.AtLeastOnce, retain: false, 0, out _));
        Assert.Equal(MqttPublishOutcome.Written, client.Publish("t", default, MqttQos.AtLeastOnce, retain: false, 0, out _));
        Assert.Equal(MqttPublishOutcome.WindowFull, client.Publish("t", default, MqttQos.AtLeastOnce, retain: false, 0, out _));
        Assert.Equal(MqttPublishOutcome.Written, client.Publish("t", default, MqttQos.AtMostOnce, retain: false, 0, out _));
        Assert.Throws<ArgumentException>(() => client.Publish("t/#", default, MqttQos.AtMostOnce, retain: false, 0, out _));

        client = Connected("20 05 00 00 02 24 00", Options, out _);
        Assert.Equal(MqttPublishOutcome.QosNotSupported, client.Publish("t", default, MqttQos.AtLeastOnce, retain: false, 0, out _));
    }

    [Theory]
    [InlineData("D0 00", 0x82)] // before CONNACK [MQTT-3.2.0-1]
    [InlineData("20 03 01 00 00", 0x82)] // Session Present after a clean start [MQTT-3.2.2-4]
    [InlineData("20 03 00 86 00", 0x86)] // refused
    [InlineData("20 03 00 00 00 20 03 00 00 00", 0x82)] // a second CONNACK [MQTT-3.2.0-2]
    [InlineData("20 03 00 00 00 40 02 00 05", 0x82)] // PUBACK for nothing
    [InlineData("20 03 00 00 00 90 04 00 05 00 00", 0x82)] // SUBACK for nothing
    [InlineData("20 03 00 00 00 34 06 00 01 74 00 01 00", 0x82)] // QoS 2 that nobody granted
    [InlineData("20 03 00 00 00 30 07 00 01 74 03 23 00 01", 0x94)] // Topic Alias above our maximum of 0 [MQTT-3.3.2-10]
    [InlineData("20 03 00 00 00 82 07 00 01 00 00 01 61 01", 0x82)] // SUBSCRIBE from a server
    [InlineData("20 03 00 00 00 E0 01 8B", 0x8B)] // the server shuts down
    public void Server_that_breaks_the_protocol_or_refuses_ends_the_clients_session_with_the_reason(string hex, byte code)
    {
        ArrayBufferWriter<byte> output = new();
        MqttClientSession client = new(Options, output, 0);
        MqttClientEvent last = Feed(client, Writer(hex)).Last();
        Assert.Equal((MqttClientEventKind.Ended, (MqttReasonCode)code), (last.Kind, last.ReasonCode));
        Assert.True(client.HasEnded);
    }

    [Fact]
    public void Topic_alias_is_honoured_up_to_the_maximum_that_the_client_declared()
    {
        MqttClientSession client = Connected("20 03 00 00 00", Options with { TopicAliasMaximum = 1 }, out _);
        Assert.Equal("t", Assert.Single(Feed(client, Writer("30 07 00 01 74 03 23 00 01"))).Publish.Topic);
        Assert.Equal("t", Assert.Single(Feed(client, Writer("30 06 00 00 03 23 00 01"))).Publish.Topic);
        Assert.Equal(MqttReasonCode.TopicAliasInvalid, Assert.Single(Feed(client, Writer("30 07 00 01 74 03 23 00 02"))).ReasonCode);
    }

    [Fact]
    public void Client_pings_in_time_and_gives_up_a_silent_server()
    {
        // Server Keep Alive 40 s overrules our 20 s.
        MqttClientSession client = Connected("20 06 00 00 03 13 00 28", Options, out ArrayBufferWriter<byte> output);
        Assert.Equal(30_000, client.NextDeadlineMs);
        client.Tick(29_999);
        Assert.Equal(0, output.WrittenCount);
        Assert.Equal(MqttClientEventKind.Handled, client.Tick(30_000).Kind);
        Assert.Equal("C0 00", MqttBytes.Hex(output.WrittenSpan));
        Assert.Equal(60_000, client.NextDeadlineMs);
        MqttClientEvent end = client.Tick(60_000);
        Assert.Equal((MqttClientEventKind.Ended, MqttReasonCode.KeepAliveTimeout), (end.Kind, end.ReasonCode));
    }

    [Fact]
    public void Server_overrules_a_client_without_keep_alive_and_cuts_session_expiry()
    {
        ArrayBufferWriter<byte> output = new();
        MqttServerSession server = new(new MqttServerLimits { MaximumKeepAliveSeconds = 100, MaximumSessionExpirySeconds = 60 }, output, 0);
        MqttConnect connect = new("c", CleanStart: true, 0)
        {
            Properties = new MqttProperties { SessionExpiryIntervalSeconds = uint.MaxValue },
            Will = new MqttWill("w", default, MqttQos.AtLeastOnce, false) { Properties = new MqttProperties { WillDelayIntervalSeconds = 600 } },
        };
        Feed(server, Writer(Convert.ToHexString(MqttBytes.Write(connect))));
        server.Accept(null, null);
        MqttConnack connack = Assert.IsType<MqttConnack>(MqttBytes.Read(output.WrittenMemory, out _));
        Assert.Equal((ushort)100, connack.Properties.ServerKeepAliveSeconds);
        Assert.Equal(60u, connack.Properties.SessionExpiryIntervalSeconds);

        // The will waits no longer than the session lives [MQTT-3.1.3-9].
        Assert.Equal(60u, server.WillDelaySeconds);
        Assert.Equal(MqttServerEventKind.Handled, server.Tick(149_999).Kind);
        Assert.Equal(MqttReasonCode.KeepAliveTimeout, server.Tick(150_000).ReasonCode);
        Assert.NotNull(server.WillToPublish);
    }

    [Fact]
    public void Server_keeps_to_the_clients_receive_maximum_and_packet_size()
    {
        ArrayBufferWriter<byte> output = new();
        MqttServerSession server = new(new MqttServerLimits(), output, 0);
        MqttConnect connect = new("c", CleanStart: true, 10) { Properties = new MqttProperties { ReceiveMaximum = 1, MaximumPacketSize = 100 } };
        Feed(server, Writer(Convert.ToHexString(MqttBytes.Write(connect))));
        server.Accept(null, null);
        Assert.Equal(MqttPublishOutcome.PacketTooLarge, server.Publish("t", new byte[100], out _));
        Assert.Equal(MqttPublishOutcome.Written, server.Publish("t", default, out ushort id));
        Assert.False(server.CanPublish);
        Assert.Equal(MqttPublishOutcome.WindowFull, server.Publish("t", default, out _));
        Feed(server, Writer($"40 02 {id >> 8:X2} {id & 0xFF:X2}"));
        Assert.True(server.CanPublish);
    }

    [Fact]
    public void Random_bytes_never_throw_in_an_open_session()
    {
        Random random = new(7);
        byte[] bytes = new byte[64];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            ReadOnlySequence<byte> forClient = new(bytes);
            MqttClientSession client = Connected("20 03 00 00 00", Options, out _);
            while (client.Step(ref forClient, 0).Kind is not MqttClientEventKind.NeedMore and not MqttClientEventKind.Ended)
            {
                Assert.True(forClient.Length < bytes.Length);
            }

            ArrayBufferWriter<byte> output = new();
            MqttServerSession server = new(new MqttServerLimits(), output, 0);
            Feed(server, Writer(Convert.ToHexString(MqttBytes.Write(new MqttConnect("c", true, 10)))));
            server.Accept(null, null);
            ReadOnlySequence<byte> forServer = new(bytes);
            while (server.Step(ref forServer, 0).Kind is not MqttServerEventKind.NeedMore and not MqttServerEventKind.Ended)
            {
                Assert.True(forServer.Length < bytes.Length);
            }
        }
    }

    private static MqttClientSession Connected(string connack, MqttClientOptions options, out ArrayBufferWriter<byte> output)
    {
        output = new ArrayBufferWriter<byte>();
        MqttClientSession client = new(options, output, 0);
        output.ResetWrittenCount();
        Assert.Equal(MqttClientEventKind.Connected, Feed(client, Writer(connack)).Single().Kind);
        return client;
    }

    private static ArrayBufferWriter<byte> Writer(string hex)
    {
        ArrayBufferWriter<byte> writer = new();
        writer.Write(MqttBytes.Of(hex));
        return writer;
    }

    /// <summary>Hands the bytes over one more at a time, keeping what was not consumed, and returns what happened.</summary>
    private static List<MqttClientEvent> Feed(MqttClientSession client, ArrayBufferWriter<byte> bytes)
    {
        List<MqttClientEvent> events = [];
        Feed(bytes, (ref ReadOnlySequence<byte> rest) =>
        {
            MqttClientEvent step = client.Step(ref rest, 0);
            if (step.Kind != MqttClientEventKind.NeedMore)
            {
                events.Add(step);
            }
        });
        return events;
    }

    private static List<MqttServerEvent> Feed(MqttServerSession server, ArrayBufferWriter<byte> bytes)
    {
        List<MqttServerEvent> events = [];
        Feed(bytes, (ref ReadOnlySequence<byte> rest) =>
        {
            MqttServerEvent step = server.Step(ref rest, 0);
            if (step.Kind != MqttServerEventKind.NeedMore)
            {
                events.Add(step);
            }
        });
        return events;
    }

    private static void Feed(ArrayBufferWriter<byte> bytes, StepAction step)
    {
        byte[] all = bytes.WrittenSpan.ToArray();
        bytes.ResetWrittenCount();
        int start = 0;
        for (int end = 1; end <= all.Length; end++)
        {
            ReadOnlySequence<byte> rest = new(all, start, end - start);
            step(ref rest);
            start = end - (int)rest.Length;
        }
    }

    private delegate void StepAction(ref ReadOnlySequence<byte> rest);
}
