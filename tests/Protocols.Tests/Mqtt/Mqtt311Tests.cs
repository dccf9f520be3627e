using System.Buffers;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Protocols.Tests.Mqtt;

/// <summary>Bytes by hand from the text of MQTT 3.1.1 (OASIS Standard, 29 October 2014), to whose clauses the remarks refer. Real peers are among the tests of the edge.</summary>
public class Mqtt311Tests
{
    private static readonly MqttClientOptions Options = new() { ClientId = "d", Version = MqttVersion.V311, KeepAliveSeconds = 10 };

    [Fact]
    public void Connect_says_level_four_and_has_no_properties()
    {
        // Figure 3.6 and §3.1.3: will at QoS 1, not retained, clean session, keep-alive 10 s.
        MqttClientOptions options = Options with
        {
            UserName = "u",
            Password = "p"u8.ToArray(),
            Will = new MqttWill("w", "x"u8.ToArray(), MqttQos.AtLeastOnce, Retain: false),
            SessionExpirySeconds = 60,
            TopicAliasMaximum = 5,
        };
        ArrayBufferWriter<byte> output = new();
        _ = new MqttClientSession(options, output, 0);
        Assert.Equal("10 19 00 04 4D 51 54 54 04 CE 00 0A 00 01 64 00 01 77 00 01 78 00 01 75 00 01 70", MqttBytes.Hex(output.WrittenSpan));
    }

    [Fact]
    public void A_client_writes_the_packets_of_this_version()
    {
        MqttClientSession client = Connected(out ArrayBufferWriter<byte> output);
        Assert.Equal(MqttPublishOutcome.Written, client.Publish("a/b", "z"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, 0, out ushort id));
        Assert.Equal(1, id);
        Assert.Equal("32 08 00 03 61 2F 62 00 01 7A", Taken(output)); // figure 3.11, without a property length
        Assert.Equal(2, client.Subscribe([new MqttSubscription("a/b", MqttQos.AtLeastOnce)], 0));
        Assert.Equal("82 08 00 02 00 03 61 2F 62 01", Taken(output)); // figures 3.20 to 3.23
        Assert.Equal(3, client.Unsubscribe(["a/b"], 0));
        Assert.Equal("A2 07 00 03 00 03 61 2F 62", Taken(output)); // figures 3.28 to 3.30
        MqttClientEvent message = Step(client, "32 06 00 01 74 00 07 78").Single();
        Assert.Equal(("t", "78", (ushort)7), (message.Publish.Topic, MqttBytes.Hex(message.Publish.Payload.Span), message.PacketId));
        client.Take(7, 0);
        Assert.Equal("40 02 00 07", Taken(output)); // figure 3.13
        client.Disconnect(MqttReasonCode.Success, 0);
        Assert.Equal("E0 00", Taken(output)); // figure 3.35
    }

    [Fact]
    public void Acknowledgements_are_read_and_matched()
    {
        MqttClientSession client = Connected(out _);
        client.Publish("t", default, MqttQos.AtLeastOnce, retain: false, 0, out _);
        client.Subscribe([new MqttSubscription("a", MqttQos.AtLeastOnce), new MqttSubscription("b", MqttQos.AtLeastOnce)], 0);
        client.Unsubscribe(["a"], 0);
        List<MqttClientEvent> events = Step(client, "40 02 00 01 90 04 00 02 01 80 B0 02 00 03 D0 00");
        Assert.Equal(
            [MqttClientEventKind.Published, MqttClientEventKind.Subscribed, MqttClientEventKind.Subscribed, MqttClientEventKind.Handled], events.Select(e => e.Kind));
        Assert.Equal(MqttReasonCode.Success, events[0].ReasonCode);
        Assert.Equal([MqttReasonCode.GrantedQos1, MqttReasonCode.UnspecifiedError], events[1].ReasonCodes.AsEnumerable());
        Assert.Empty(events[2].ReasonCodes);
    }

    /// <summary>Table 3.1 of §3.2.2.3.</summary>
    [Theory]
    [InlineData(1, MqttReasonCode.UnsupportedProtocolVersion)]
    [InlineData(2, MqttReasonCode.ClientIdentifierNotValid)]
    [InlineData(3, MqttReasonCode.ServerUnavailable)]
    [InlineData(4, MqttReasonCode.BadUserNameOrPassword)]
    [InlineData(5, MqttReasonCode.NotAuthorized)]
    [InlineData(6, MqttReasonCode.ProtocolError)]
    [InlineData(0x87, MqttReasonCode.ProtocolError)]
    public void Return_codes_mean_what_the_table_says_and_reserved_ones_break_the_protocol(byte code, MqttReasonCode meaning)
    {
        ArrayBufferWriter<byte> output = new();
        MqttClientSession client = new(Options, output, 0);
        MqttClientEvent ended = Step(client, $"20 02 00 {code:X2}").Single();
        Assert.Equal((MqttClientEventKind.Ended, meaning), (ended.Kind, ended.ReasonCode));
        Assert.False(client.IsConnected);
    }

    [Theory]
    [InlineData("20 03 00 00 00", "a property length in CONNACK (§3.2)")]
    [InlineData("20 02 02 00", "reserved acknowledge flags (§3.2.2.1)")]
    [InlineData("20 02 01 05", "Session Present with a failure [MQTT-3.2.2-4]")]
    [InlineData("20 02 01 00", "Session Present after a clean session [MQTT-3.2.2-1]")]
    [InlineData("20 02 00 00 40 03 00 01 00", "a reason code in PUBACK (§3.4)")]
    [InlineData("20 02 00 00 40 02 00 09", "PUBACK for nothing")]
    [InlineData("20 02 00 00 90 03 00 01 03", "a return code that SUBACK may not carry [MQTT-3.9.3-2]")]
    [InlineData("20 02 00 00 90 02 00 01", "SUBACK without a return code (§3.9.3)")]
    [InlineData("20 02 00 00 B0 03 00 01 00", "a payload in UNSUBACK (§3.11.3)")]
    [InlineData("20 02 00 00 30 02 00 00", "an empty topic [MQTT-4.7.3-1]")]
    [InlineData("20 02 00 00 34 05 00 01 74 00 01", "QoS 2 that nobody granted")]
    [InlineData("20 02 00 00 E0 00", "DISCONNECT from a server (§3.14)")]
    [InlineData("20 02 00 00 F0 00", "the reserved packet type 15 (§2.2.1)")]
    public void A_server_that_breaks_the_rules_is_left_without_a_word(string hex, string rule)
    {
        ArrayBufferWriter<byte> output = new();
        MqttClientSession client = new(Options, output, 0);
        output.ResetWrittenCount();
        MqttClientEvent last = Step(client, hex).Last();
        Assert.True(last.Kind == MqttClientEventKind.Ended && last.ReasonCode.IsFailure(), rule);

        // A DISCONNECT would say that all is well, and the server would throw the will away [MQTT-3.14.4-3].
        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void More_messages_at_once_than_the_client_takes_end_the_connection_and_none_is_acknowledged()
    {
        MqttClientSession client = new(Options with { ReceiveMaximum = 2 }, new ArrayBufferWriter<byte>(), 0);
        List<MqttClientEvent> events = Step(client, "20 02 00 00 32 05 00 01 74 00 01 32 05 00 01 74 00 02 32 05 00 01 74 00 03");
        Assert.Equal([MqttClientEventKind.Connected, MqttClientEventKind.Message, MqttClientEventKind.Message, MqttClientEventKind.Ended], events.Select(e => e.Kind));
        Assert.Equal(MqttReasonCode.ReceiveMaximumExceeded, events[3].ReasonCode);
    }

    [Fact]
    public void What_this_version_does_not_know_throws_instead_of_being_left_out()
    {
        MqttProperties properties = new() { ReasonString = "why" };
        Refused(new MqttConnect("d", true, 10) { Password = "p"u8.ToArray() });
        Refused(new MqttConnect("d", true, 10) { Properties = properties });
        Refused(new MqttAcknowledgement(MqttPacketType.Puback, 1, MqttReasonCode.QuotaExceeded, MqttProperties.None));
        Refused(new MqttAcknowledgement(MqttPacketType.Puback, 1, MqttReasonCode.Success, properties));
        Refused(new MqttDisconnect(MqttReasonCode.DisconnectWithWillMessage));
        Refused(new MqttPublish("t", default, MqttQos.AtMostOnce, false, false, 0, new MqttProperties { ContentType = "x" }));
        Refused(new MqttSubscribe(1, [new MqttSubscription("a", MqttQos.AtLeastOnce, NoLocal: true)]));
        Refused(new MqttConnack(false, MqttReasonCode.Success));
        Refused(new MqttSuback(MqttPacketType.Suback, 1, [MqttReasonCode.Success]));
        Refused(new MqttAuth(MqttReasonCode.Success));

        static void Refused(IMqttPacket packet) =>
            Assert.Throws<ArgumentException>(() => MqttPacketWriter.TryWrite(new ArrayBufferWriter<byte>(), packet, int.MaxValue, MqttVersion.V311));
    }

    private static MqttClientSession Connected(out ArrayBufferWriter<byte> output)
    {
        output = new ArrayBufferWriter<byte>();
        MqttClientSession client = new(Options, output, 0);
        Assert.Equal(MqttClientEventKind.Connected, Step(client, "20 02 00 00").Single().Kind);
        output.ResetWrittenCount();
        return client;
    }

    private static string Taken(ArrayBufferWriter<byte> output)
    {
        string hex = MqttBytes.Hex(output.WrittenSpan);
        output.ResetWrittenCount();
        return hex;
    }

    /// <summary>All that the bytes tell, first handed over one more at a time.</summary>
    private static List<MqttClientEvent> Step(MqttClientSession client, string hex)
    {
        byte[] bytes = MqttBytes.Of(hex);
        List<MqttClientEvent> events = [];
        int from = 0;
        for (int to = 1; to <= bytes.Length; to++)
        {
            ReadOnlySequence<byte> rest = new(bytes.AsMemory(from, to - from));
            MqttClientEvent step = client.Step(ref rest, 0);
            from = to - (int)rest.Length;
            if (step.Kind != MqttClientEventKind.NeedMore)
            {
                events.Add(step);
            }
        }

        return events;
    }
}
