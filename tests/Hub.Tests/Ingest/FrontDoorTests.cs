using System.Net;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Ingest;

public class FrontDoorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly string EventTopic = "00 1A" + RawMqtt.Hex("iotp/v1/riverside/up/event");
    private static readonly string StateTopic = "00 17" + RawMqtt.Hex("iotp/v1/riverside/state");
    private static readonly string ReceiptFilter = "00 19" + RawMqtt.Hex("iotp/v1/riverside/receipt");

    [Fact]
    public async Task Connack_declares_what_the_front_door_lacks()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        byte[] packet = await edge.ConnectedAsync();
        Assert.True(MqttConnack.TryRead(packet.AsMemory(1), out MqttConnack? connack, out MqttFault fault), fault.ToString());
        Assert.Equal(MqttQos.AtLeastOnce, connack.Properties.MaximumQos);
        Assert.Equal((ushort)48, connack.Properties.ReceiveMaximum);
        Assert.False(connack.Properties.SharedSubscriptionAvailable);
        Assert.False(connack.Properties.SubscriptionIdentifiersAvailable);
        Assert.Null(connack.Properties.TopicAliasMaximum);
        Assert.True(connack.Properties.MaximumPacketSize > UplinkLimits.MaxEncodedBytes);
    }

    [Fact]
    public async Task Batch_is_acknowledged_after_it_was_taken_over_and_gets_its_receipt()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        await edge.SendAsync("82 1F 00 05 00" + ReceiptFilter + "01");
        Assert.Equal("90 00 05 00 01", Text(await edge.ReceiveAsync()));
        await edge.SendAsync("32 24" + EventTopic + "00 09 00" + RawMqtt.Hex("hold1"));
        Assert.Equal(new Arrival("riverside", Lane.Event, "hold1"), await host.Ingest.NextAsync());

        // A ping overtakes it: the batch is still in work, so its PUBACK must not be there yet.
        await edge.SendAsync("C0 00");
        Assert.Equal("D0", Text(await edge.ReceiveAsync()));
        host.Ingest.Release();
        Assert.Equal("40 00 09", Text(await edge.ReceiveAsync()));
        byte[] publish = (await edge.ReceiveAsync())!;
        Assert.True(MqttPublish.TryRead(new MqttFixedHeader(MqttPacketType.Publish, 2, 2, publish.Length - 1), publish.AsMemory(1), out MqttPublish receipt, out _));
        Assert.Equal("iotp/v1/riverside/receipt", receipt.Topic);
        Receipt read = Assert.Single(ReceiptCodec.Decode(receipt.Payload.Span).Value!);
        Assert.Equal(new Receipt(new BatchKey("riverside", 7, Lane.Event, 1), ReceiptStatus.Committed, ""), read);
    }

    [Fact]
    public async Task Batch_that_the_hub_cannot_take_is_refused_and_gets_no_receipt()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        await edge.SendAsync("82 1F 00 05 00" + ReceiptFilter + "01");
        await edge.ReceiveAsync();
        await edge.SendAsync("32 24" + EventTopic + "00 09 00" + RawMqtt.Hex("full1"));
        Assert.StartsWith("40 00 09 83", Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
        await edge.SendAsync("32 24" + EventTopic + "00 0A 00" + RawMqtt.Hex("fail1"));
        Assert.StartsWith("40 00 0A 80", Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
        await edge.SendAsync("C0 00");
        Assert.Equal("D0", Text(await edge.ReceiveAsync()));
    }

    [Fact]
    public async Task Telemetry_that_hangs_does_not_hold_up_events()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        string telemetry = "00 1E" + RawMqtt.Hex("iotp/v1/riverside/up/telemetry");
        for (int id = 1; id <= 20; id++)
        {
            await edge.SendAsync("32 28" + telemetry + $"00 {id:X2} 00" + RawMqtt.Hex("hold1"));
        }

        await edge.SendAsync("32 24" + EventTopic + "00 30 00" + RawMqtt.Hex("alarm"));
        Assert.Equal("40 00 30", Text(await edge.ReceiveAsync()));
        List<Arrival> inWork = [];
        while (inWork.Count < 16 + 1)
        {
            inWork.Add(await host.Ingest.NextAsync());
        }

        Assert.Equal(16, inWork.Count(arrival => arrival.Lane == Lane.Telemetry));
        Assert.True(host.Ingest.IsEmpty, "a lane has more work places than it should");
        host.Ingest.Release();
        HashSet<string> acknowledged = [];
        for (int id = 1; id <= 20; id++)
        {
            acknowledged.Add(Text(await edge.ReceiveAsync()));
        }

        Assert.Equal(20, acknowledged.Count);
    }

    [Fact]
    public async Task More_publishes_in_work_than_the_receive_maximum_end_the_connection()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        for (int id = 1; id <= 49; id++)
        {
            await edge.SendAsync("32 24" + EventTopic + $"00 {id:X2} 00" + RawMqtt.Hex("hold1"));
        }

        Assert.StartsWith("E0 93", Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
        Assert.Null(await edge.ReceiveAsync());
        host.Ingest.Release();
    }

    /// <summary>What comes before CONNECT was accepted is answered with CONNACK or silence.</summary>
    [Theory]
    [InlineData("C0 00", null)] // PINGREQ first [MQTT-3.1.0-1]
    [InlineData("00 00", "20 00 81")] // type 0
    [InlineData("11 00", "20 00 81")] // reserved flags [MQTT-2.1.3-1]
    [InlineData("10 0D 00 04 4D 51 54 54 04 02 00 3C 00 01 61", "20 00 84")] // MQTT 3.1.1 [MQTT-3.1.2-2]
    [InlineData("10 0E 00 04 4D 51 54 50 05 02 00 3C 00 00 01 61", "20 00 84")] // protocol name MQTP [MQTT-3.1.2-1]
    [InlineData("10 0E 00 04 4D 51 54 54 05 03 00 3C 00 00 01 61", "20 00 81")] // reserved connect flag [MQTT-3.1.2-3]
    [InlineData("10 FF FF FF 7F", "20 00 95")] // larger than the Maximum Packet Size
    [InlineData("10 FF FF FF FF 7F", "20 00 81")] // Remaining Length of five bytes
    [InlineData("10 0D 00 04 4D 51 54 54 05 02 00 3C 00 00 00", "20 00 85")] // no client id [MQTT-3.1.3-8]
    [InlineData("10 0E 00 04 4D 51 54 54 05 02 00 3C 00 00 01 61", "20 00 86")] // nobody knows "a"
    [InlineData("10 13 00 04 4D 51 54 54 05 02 00 3C 05 15 00 02 78 79 00 01 61", "20 00 8C")] // authentication method
    public async Task Connection_that_cannot_be_accepted_is_refused_with_its_reason(string sent, string? answer)
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.SendAsync(sent);
        if (answer is not null)
        {
            Assert.StartsWith(answer, Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
        }

        Assert.Null(await edge.ReceiveAsync());
        Assert.Equal(1, host.Door.Snapshot().Refused.Values.Sum());
    }

    /// <summary>What breaks the protocol on an accepted connection is answered with DISCONNECT and its reason.</summary>
    [Theory]
    [InlineData("36 05 00 01 61 00 01", "81")] // QoS 3 [MQTT-3.3.1-4]
    [InlineData("34 06 00 01 61 00 01 00", "9B")] // QoS 2 [MQTT-3.2.2-11]
    [InlineData("32 06 00 01 2B 00 01 00", "81")] // wildcard in a topic name [MQTT-3.3.2-2]
    [InlineData("32 09 00 01 61 00 01 03 23 00 01", "94")] // topic alias [MQTT-3.3.2-9]
    [InlineData("32 06 00 01 61 00 00 00", "82")] // packet identifier 0
    [InlineData("32 06 00 01 FF 00 01 00", "81")] // not UTF-8 [MQTT-1.5.4-1]
    [InlineData("82 06 00 01 00 00 01 61", "81")] // a subscription without its options
    [InlineData("82 0E 00 01 00 00 08 24 73 68 61 72 65 2F 61 01", "81")] // $share/a has no filter [MQTT-4.8.2-2]
    [InlineData("82 10 00 01 00 00 0A 24 73 68 61 72 65 2F 61 2F 62 01", "9E")] // shared subscription
    [InlineData("82 09 00 01 02 0B 01 00 01 61 01", "A1")] // subscription identifier
    [InlineData("80 07 00 01 00 00 01 61 01", "81")] // flags of SUBSCRIBE [MQTT-3.8.1-1]
    [InlineData("40 02 00 63", "82")] // PUBACK for nothing
    [InlineData("50 02 00 63", "82")] // PUBREC
    [InlineData("F0 00", "82")] // AUTH
    [InlineData("20 03 00 00 00", "82")] // CONNACK from a client
    [InlineData("E0 07 00 05 11 00 00 00 0A", "82")] // DISCONNECT brings a session expiry to life (§3.14.2.2.2)
    [InlineData("32 FF FF FF 7F", "95")] // larger than the Maximum Packet Size
    [InlineData("30 1E 00 19 69 6F 74 70 2F 76 31 2F 68 69 6C 6C 73 69 64 65 2F 75 70 2F 65 76 65 6E 74 00 7B 7D", "87")] // foreign topic at QoS 0
    public async Task Broken_protocol_ends_the_connection_with_its_reason(string sent, string reason)
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        await edge.SendAsync(sent);
        Assert.StartsWith($"E0 {reason}", Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
        Assert.Null(await edge.ReceiveAsync());
        var code = (MqttReasonCode)Convert.ToByte(reason, 16);
        Assert.Equal(1, host.Door.Snapshot().Refused[code]);
    }

    [Fact]
    public async Task A_client_that_leaves_with_a_reason_was_not_refused()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        await edge.SendAsync("E0 02 80 00");
        Assert.Null(await edge.ReceiveAsync());
        Assert.Empty(host.Door.Snapshot().Refused);
    }

    [Fact]
    public async Task Second_connect_ends_the_connection()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        await edge.SendAsync(RawMqtt.Connect);
        Assert.StartsWith("E0 82", Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Foreign_topics_and_filters_are_not_authorised_and_the_connection_lives_on()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        await edge.SendAsync("32 1F 00 19" + RawMqtt.Hex("iotp/v1/hillside/up/event") + "00 01 00 78");
        Assert.StartsWith("40 00 01 87", Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
        await edge.SendAsync("32 1F 00 19" + RawMqtt.Hex("iotp/v1/riverside/receipt") + "00 02 00 78");
        Assert.StartsWith("40 00 02 87", Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
        await edge.SendAsync("82 07 00 03 00 00 01 23 01");
        Assert.Equal("90 00 03 00 87", Text(await edge.ReceiveAsync()));
        await edge.SendAsync("82 1E 00 04 00 00 18" + RawMqtt.Hex("iotp/v1/hillside/receipt") + "01" + "82 1F 00 05 00" + ReceiptFilter + "02");
        Assert.NotNull(await edge.ReceiveAsync());
        Assert.True(host.Ingest.IsEmpty);
    }

    [Fact]
    public async Task State_reaches_the_ingest_in_order_and_the_will_comes_last()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using (RawMqtt edge = await host.ConnectRawAsync())
        {
            await ConnectWithWillAsync(edge, willDelaySeconds: 0, sessionExpirySeconds: 0);
            for (int id = 1; id <= 3; id++)
            {
                await edge.SendAsync("33 24" + StateTopic + $"00 0{id} 00" + RawMqtt.Hex($"online-{id}"));
                Assert.Equal($"40 00 0{id}", Text(await edge.ReceiveAsync()));
            }
        }

        foreach (string expected in new[] { "online-1", "online-2", "online-3", "gone" })
        {
            Assert.Equal(new Arrival("riverside", null, expected), await host.Ingest.NextAsync());
        }
    }

    [Fact]
    public async Task Normal_disconnect_deletes_the_will_and_disconnect_with_will_publishes_it()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using (RawMqtt edge = await host.ConnectRawAsync())
        {
            await ConnectWithWillAsync(edge, willDelaySeconds: 0, sessionExpirySeconds: 0);
            await edge.SendAsync("E0 00");
            Assert.Null(await edge.ReceiveAsync());
        }

        using (RawMqtt edge = await host.ConnectRawAsync())
        {
            await ConnectWithWillAsync(edge, willDelaySeconds: 0, sessionExpirySeconds: 0);
            await edge.SendAsync("33 22" + StateTopic + "00 01 00" + RawMqtt.Hex("second"));
            await edge.SendAsync("E0 01 04");
        }

        Assert.Equal("second", (await host.Ingest.NextAsync()).Text);
        Assert.Equal("gone", (await host.Ingest.NextAsync()).Text);
        Assert.True(host.Ingest.IsEmpty);
    }

    [Fact]
    public async Task Delayed_will_is_published_when_the_edge_stays_away_and_not_when_it_comes_back()
    {
        FakeTime time = new();
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(time: time);
        using (RawMqtt edge = await host.ConnectRawAsync())
        {
            await ConnectWithWillAsync(edge, willDelaySeconds: 10, sessionExpirySeconds: 60);
        }

        await GoneAsync(host);
        time.Advance(9_000);
        using (RawMqtt edge = await host.ConnectRawAsync())
        {
            // Back in time, without a clean start: the session is resumed and the will forgotten [MQTT-3.1.3-9].
            byte[] connack = await ConnectWithWillAsync(edge, willDelaySeconds: 10, sessionExpirySeconds: 60, cleanStart: false);
            Assert.Equal(1, connack[1]);
        }

        await GoneAsync(host);
        time.Advance(9_000);
        Assert.True(host.Ingest.IsEmpty);
        time.Advance(2_000);
        Assert.Equal("gone", (await host.Ingest.NextAsync()).Text);
        time.Advance(60_000);
        using (RawMqtt edge = await host.ConnectRawAsync())
        {
            byte[] connack = await ConnectWithWillAsync(edge, willDelaySeconds: 10, sessionExpirySeconds: 60, cleanStart: false);
            Assert.Equal(0, connack[1]);
        }

        Assert.True(host.Ingest.IsEmpty);
    }

    [Fact]
    public async Task Resumed_session_keeps_its_subscription_and_gets_again_what_it_did_not_acknowledge()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        string command = UplinkTopics.Command("riverside", "c1");
        Task<DownlinkResult> lost;
        using (RawMqtt edge = await host.ConnectRawAsync())
        {
            await ConnectWithWillAsync(edge, willDelaySeconds: 30, sessionExpirySeconds: 60);
            await edge.SendAsync("82 21 00 05 00 00 1B" + RawMqtt.Hex(UplinkTopics.CommandFilter("riverside")) + "01");
            Assert.Equal("90 00 05 00 01", Text(await edge.ReceiveAsync()));
            lost = host.Door.PublishAsync("riverside", command, "open"u8.ToArray(), CancellationToken.None).AsTask();
            Assert.StartsWith("32 00 1C", Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
        }

        Assert.Equal(DownlinkOutcome.ConnectionLost, (await lost.WaitAsync(Patience)).Outcome);
        using RawMqtt again = await host.ConnectRawAsync();
        byte[] connack = await ConnectWithWillAsync(again, willDelaySeconds: 30, sessionExpirySeconds: 60, cleanStart: false);
        Assert.Equal(1, connack[1]);
        Assert.StartsWith("3A 00 1C", Text(await again.ReceiveAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_outlives_connections_that_are_taken_over_while_they_wait()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt first = await host.ConnectRawAsync();
        await ConnectWithWillAsync(first, willDelaySeconds: 30, sessionExpirySeconds: 60);
        for (int round = 0; round < 20; round++)
        {
            List<RawMqtt> rivals = [];
            for (int i = 0; i < 6; i++)
            {
                rivals.Add(await host.ConnectRawAsync());
            }

            byte[]?[] answers = await Task.WhenAll(rivals.Select(rival => Task.Run(async () =>
            {
                await SendConnectWithWillAsync(rival, willDelaySeconds: 30, sessionExpirySeconds: 60, cleanStart: false);
                return await rival.ReceiveAsync();
            })));

            // Each is let in and resumes the session, or is taken over before and hears nothing.
            Assert.NotEmpty(answers.OfType<byte[]>());
            Assert.All(answers.OfType<byte[]>(), connack => Assert.Equal("20 01 00", Text(connack)[..8]));
            rivals.ForEach(rival => rival.Dispose());
        }
    }

    [Fact]
    public async Task Command_is_answered_by_the_edge_or_by_its_absence()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        string command = UplinkTopics.Command("riverside", "c1");
        Assert.Equal(DownlinkOutcome.NotConnected, (await PublishAsync(host, command)).Outcome);
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        Assert.Equal(DownlinkOutcome.NotConnected, (await PublishAsync(host, command)).Outcome);
        await edge.SendAsync("82 21 00 05 00 00 1B" + RawMqtt.Hex(UplinkTopics.CommandFilter("riverside")) + "01");
        await edge.ReceiveAsync();

        Task<DownlinkResult> taken = PublishAsync(host, command);
        await edge.ReceiveAsync();
        await edge.SendAsync("40 02 00 01");
        Assert.Equal(new DownlinkResult(DownlinkOutcome.Acknowledged, MqttReasonCode.Success), await taken);

        Task<DownlinkResult> refused = PublishAsync(host, command);
        await edge.ReceiveAsync();
        await edge.SendAsync("40 03 00 02 97");
        Assert.Equal(new DownlinkResult(DownlinkOutcome.Refused, MqttReasonCode.QuotaExceeded), await refused);
    }

    [Fact]
    public async Task Take_over_ends_the_older_connection_and_publishes_its_will_first()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt first = await host.ConnectRawAsync();
        await ConnectWithWillAsync(first, willDelaySeconds: 0, sessionExpirySeconds: 0);
        using RawMqtt second = await host.ConnectRawAsync();
        await second.ConnectedAsync();
        Assert.StartsWith("E0 8E", Text(await first.ReceiveAsync()), StringComparison.Ordinal);
        Assert.Null(await first.ReceiveAsync());
        await second.SendAsync("33 22" + StateTopic + "00 01 00" + RawMqtt.Hex("second"));
        Assert.Equal("40 00 01", Text(await second.ReceiveAsync()));
        Assert.Equal("gone", (await host.Ingest.NextAsync()).Text);
        Assert.Equal("second", (await host.Ingest.NextAsync()).Text);
        Assert.True(host.Door.IsConnected("riverside"));
    }

    [Fact]
    public async Task Silent_edge_is_ended_after_one_and_a_half_times_its_keep_alive()
    {
        FakeTime time = new();
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(time: time);
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        time.Advance(89_000);
        await edge.SendAsync("C0 00");
        Assert.Equal("D0", Text(await edge.ReceiveAsync()));
        time.Advance(91_000);
        Assert.StartsWith("E0 8D", Text(await edge.ReceiveAsync()), StringComparison.Ordinal);
        Assert.Null(await edge.ReceiveAsync());
    }

    [Fact]
    public async Task Stranger_who_does_not_connect_in_time_is_shown_out()
    {
        FakeTime time = new();
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(time: time);
        using RawMqtt stranger = await host.ConnectRawAsync();
        await stranger.SendAsync("10 29 00 04");
        await UntilAsync(() =>
        {
            time.Advance(1_000);
            return host.Door.Snapshot().Refused.ContainsKey(MqttReasonCode.MaximumConnectTime);
        });
        Assert.Null(await stranger.ReceiveAsync());
        Assert.Equal(1, host.Door.Snapshot().Refused[MqttReasonCode.MaximumConnectTime]);
    }

    [Fact]
    public async Task Too_many_strangers_are_turned_away_and_edges_inside_do_not_count()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(new FrontDoorOptions { MaximumStrangers = 2 });
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        using RawMqtt one = await host.ConnectRawAsync();
        using RawMqtt two = await host.ConnectRawAsync();
        await UntilAsync(() => host.Door.Snapshot().Strangers == 2);
        using RawMqtt three = await host.ConnectRawAsync();
        await three.SendAsync(RawMqtt.Connect);
        Assert.Equal((byte)MqttReasonCode.ServerBusy, (await three.ReceiveAsync())![2]);
        Assert.Null(await three.ReceiveAsync());
        await edge.SendAsync("C0 00");
        Assert.Equal("D0", Text(await edge.ReceiveAsync()));
        Assert.Equal(1, host.Door.Snapshot().Refused[MqttReasonCode.ServerBusy]);
    }

    [Fact]
    public async Task One_address_cannot_take_the_places_of_all_strangers()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(new FrontDoorOptions { MaximumStrangersOfAddress = 2 });
        using RawMqtt one = await host.ConnectRawAsync("127.0.0.2");
        using RawMqtt two = await host.ConnectRawAsync("127.0.0.2");
        await UntilAsync(() => host.Door.Snapshot().Strangers == 2);
        using RawMqtt three = await host.ConnectRawAsync("127.0.0.2");
        Assert.Equal((byte)MqttReasonCode.ServerBusy, (await three.ReceiveAsync())![2]);
        using RawMqtt edge = await host.ConnectRawAsync("127.0.0.3");
        await edge.ConnectedAsync();
        await two.ConnectedAsync();
        using RawMqtt four = await host.ConnectRawAsync("127.0.0.2");
        await UntilAsync(() => host.Door.Snapshot().Strangers == 2);
        Assert.Equal(1, host.Door.Snapshot().Refused[MqttReasonCode.ServerBusy]);
    }

    [Fact]
    public async Task Edges_that_come_all_at_once_wait_for_their_check_within_bounds_and_the_others_hear_that_the_hub_is_busy()
    {
        HeldCredentials credentials = new();
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(new FrontDoorOptions { MaximumChecks = 1, MaximumWaitingChecks = 1 }, credentials: credentials);
        using RawMqtt checkedNow = await host.ConnectRawAsync();
        await checkedNow.SendAsync(RawMqtt.Connect);
        await credentials.Asked;
        using RawMqtt second = await host.ConnectRawAsync();
        using RawMqtt third = await host.ConnectRawAsync();
        await second.SendAsync(RawMqtt.Connect);
        await third.SendAsync(RawMqtt.Connect);
        await UntilAsync(() => host.Door.Snapshot().Refused.GetValueOrDefault(MqttReasonCode.ServerBusy) == 1);
        credentials.Release();
        byte[]? answer = await second.ReceiveAsync();
        byte[]? other = await third.ReceiveAsync();
        byte[] reasons = [answer![2], other![2]];
        Assert.Contains((byte)0, reasons);
        Assert.Contains((byte)MqttReasonCode.ServerBusy, reasons);
    }

    [Fact]
    public async Task Edge_that_reads_nothing_is_not_listened_to_and_ends_by_its_keep_alive()
    {
        FakeTime time = new();
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(time: time);
        using RawMqtt deaf = await host.ConnectRawAsync();
        await deaf.ConnectedAsync();
        string pings = string.Concat(Enumerable.Repeat("C000", 32 * 1024));
        using CancellationTokenSource stop = new();
        Task flood = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await deaf.SendAsync(pings);
            }
        });

        // The flood stops by itself once the answers find no way out: from then on time runs without a packet.
        await UntilAsync(() =>
        {
            time.Advance(60_000);
            return host.Door.Snapshot().Refused.ContainsKey(MqttReasonCode.KeepAliveTimeout) || flood.IsCompleted;
        });
        await stop.CancelAsync();
        deaf.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => flood.WaitAsync(Patience));
        Assert.Equal(1, host.Door.Snapshot().Refused[MqttReasonCode.KeepAliveTimeout]);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("192.168.1.4", false)]
    public void Only_loopback_may_be_plain(string address, bool plain) =>
        Assert.Equal(plain, FrontDoorOptions.MayBePlain(new IPEndPoint(IPAddress.Parse(address), 1883)));

    private static async Task<byte[]> ConnectWithWillAsync(RawMqtt edge, uint willDelaySeconds, uint sessionExpirySeconds, bool cleanStart = true)
    {
        await SendConnectWithWillAsync(edge, willDelaySeconds, sessionExpirySeconds, cleanStart);
        byte[]? connack = await edge.ReceiveAsync();
        Assert.NotNull(connack);
        Assert.Equal(0, connack[2]);
        return connack;
    }

    private static async Task SendConnectWithWillAsync(RawMqtt edge, uint willDelaySeconds, uint sessionExpirySeconds, bool cleanStart)
    {
        MqttConnect connect = new("riverside", cleanStart, 60)
        {
            UserName = "riverside",
            Password = "secret"u8.ToArray(),
            Properties = new MqttProperties { SessionExpiryIntervalSeconds = sessionExpirySeconds },
            Will = new MqttWill("iotp/v1/riverside/state", "gone"u8.ToArray(), MqttQos.AtLeastOnce, Retain: true)
            {
                Properties = new MqttProperties { WillDelayIntervalSeconds = willDelaySeconds },
            },
        };
        System.Buffers.ArrayBufferWriter<byte> bytes = new();
        MqttPacketWriter.TryWrite(bytes, connect);
        await edge.SendAsync(Convert.ToHexString(bytes.WrittenSpan));
    }

    private static Task<DownlinkResult> PublishAsync(FrontDoorHost host, string topic) =>
        host.Door.PublishAsync("riverside", topic, "open"u8.ToArray(), CancellationToken.None).AsTask().WaitAsync(Patience);

    private static Task GoneAsync(FrontDoorHost host) => UntilAsync(() => host.Door.Snapshot().Connections == 0);

    /// <summary>Waits for what has no signal of its own; the bound is generous and only ends a test that has failed already.</summary>
    private static async Task UntilAsync(Func<bool> condition)
    {
        for (int tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 2_000, "waited too long");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private static string Text(byte[]? packet) =>
        packet is null ? "the end" : string.Join(' ', packet.Select(b => b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Lets everybody in as riverside, but not before it is released.</summary>
    private sealed class HeldCredentials : IEdgeCredentials
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public void Release() => _released.TrySetResult();

        public async ValueTask<string?> AuthenticateAsync(string clientId, string user, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            await _released.Task;
            return "riverside";
        }
    }
}
