using System.Globalization;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Mqtt;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Ingest;

/// <summary>Rows of the README's table of limits that the front door's other tests do not meet.</summary>
public class FrontDoorLimitTests
{
    private static readonly string EventTopic = "00 1A" + RawMqtt.Hex("iotp/v1/riverside/up/event");

    [Fact]
    public void Shipped_bounds_are_those_of_the_table()
    {
        FrontDoorOptions options = new();
        Assert.Equal(
            (16_384, 256, 64, 64, Math.Max(1, Environment.ProcessorCount / 2), 32, 16),
            (options.MaximumConnections, options.MaximumStrangers, options.MaximumStrangersOfAddress, options.MaximumTurnedAway,
                options.MaximumChecks, options.MaximumWaitingChecks, options.LaneConcurrency));
        Assert.Equal(10, options.ConnectTimeout.TotalSeconds);
        Assert.Equal((10, 0.5), (options.WrongPasswordsAtOnce, options.WrongPasswordsPerSecond));
        Assert.Equal((524_288d, 524_288d, 1024), (options.SiteBytesPerSecond, options.SiteBurstBytes, options.BatchCostBytes));
        MqttServerLimits session = options.Session;
        Assert.Equal(
            (48, (1024 * 1024) + 4096, 300, 8, 256),
            (session.ReceiveMaximum, session.MaximumPacketSize, session.MaximumKeepAliveSeconds, session.MaximumSubscriptions, session.MaximumTopicLength));
    }

    [Fact]
    public async Task A_connection_too_many_hears_that_the_hub_is_busy_and_those_inside_go_on()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(new FrontDoorOptions { MaximumConnections = 1 });
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        using RawMqtt second = await host.ConnectRawAsync();
        await second.SendAsync(RawMqtt.Connect);
        Assert.Equal((byte)MqttReasonCode.ServerBusy, (await second.ReceiveAsync())![2]);
        Assert.Null(await second.ReceiveAsync());
        await edge.SendAsync("C0 00");
        Assert.Equal([0xD0], await edge.ReceiveAsync());
        Assert.Equal(1, host.Door.Snapshot().Refused[MqttReasonCode.ServerBusy]);
    }

    [Fact]
    public async Task Beyond_those_who_are_answered_a_connection_is_cut_without_a_word_and_counted()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(new FrontDoorOptions { MaximumConnections = 1, MaximumTurnedAway = 0 });
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        using RawMqtt second = await host.ConnectRawAsync();
        Assert.Null(await second.ReceiveAsync());
        Assert.Equal(1, host.Door.Snapshot().Refused[MqttReasonCode.ServerBusy]);
    }

    [Fact]
    public async Task A_lane_that_sends_faster_than_its_share_waits_and_the_others_do_not()
    {
        FakeTime time = new();
        FrontDoorOptions options = new() { SiteBytesPerSecond = 4, SiteBurstBytes = 4, BatchCostBytes = 0 };
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(options, time);
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();

        // Four bytes each: one from the rest before, one because the share is just paid for, and the third a second later.
        await edge.SendAsync("32 23" + EventTopic + "00 01 00" + RawMqtt.Hex("one."));
        await edge.SendAsync("32 23" + EventTopic + "00 02 00" + RawMqtt.Hex("two."));
        await edge.SendAsync("32 23" + EventTopic + "00 03 00" + RawMqtt.Hex("tri."));
        Assert.Equal(["one.", "two."], [(await host.Ingest.NextAsync()).Text, (await host.Ingest.NextAsync()).Text]);

        // The door's own timer, and the turn that is waited for.
        await time.TimersAsync(2);
        Assert.Equal(1, host.Door.Snapshot().Paced);
        await edge.SendAsync("32 25" + "00 1C" + RawMqtt.Hex("iotp/v1/riverside/up/reading") + "00 04 00" + RawMqtt.Hex("read"));
        Assert.Equal("read", (await host.Ingest.NextAsync()).Text);
        time.Advance(1_000);
        Assert.Equal("tri.", (await host.Ingest.NextAsync()).Text);
    }

    [Fact]
    public async Task An_address_that_guesses_passwords_is_told_to_wait_without_a_check_and_others_are_not()
    {
        FakeTime time = new();
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(new FrontDoorOptions { WrongPasswordsAtOnce = 2, WrongPasswordsPerSecond = 1 }, time);
        string wrong = RawMqtt.Connect[..^RawMqtt.Hex("secret").Length] + RawMqtt.Hex("guess!");
        List<byte> answers = [];
        for (int guess = 0; guess < 5; guess++)
        {
            using RawMqtt stranger = await host.ConnectRawAsync("127.0.0.2");
            await stranger.SendAsync(wrong);
            answers.Add((await stranger.ReceiveAsync())![2]);
            Assert.Null(await stranger.ReceiveAsync());
        }

        // Two at once, one as it falls due.
        Assert.Equal([0x86, 0x86, 0x86, 0x89, 0x89], answers);
        using (RawMqtt edge = await host.ConnectRawAsync())
        {
            await edge.ConnectedAsync();
        }

        time.Advance(1_000);
        using RawMqtt again = await host.ConnectRawAsync("127.0.0.2");
        await again.ConnectedAsync();
    }

    [Fact]
    public async Task What_waits_for_its_turn_does_not_hold_up_the_end_of_its_connection()
    {
        FakeTime time = new();
        await using FrontDoorHost host = await FrontDoorHost.StartAsync(new FrontDoorOptions { SiteBytesPerSecond = 0.001, SiteBurstBytes = 0, BatchCostBytes = 0 }, time);
        using (RawMqtt edge = await host.ConnectRawAsync())
        {
            await edge.ConnectedAsync();
            await edge.SendAsync("32 23" + EventTopic + "00 01 00" + RawMqtt.Hex("one."));
            await edge.SendAsync("32 23" + EventTopic + "00 02 00" + RawMqtt.Hex("two."));
            Assert.Equal("one.", (await host.Ingest.NextAsync()).Text);
            await time.TimersAsync(2);
        }

        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        while (host.Door.Snapshot().Connections > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }

    [Fact]
    public async Task A_topic_that_is_too_long_ends_the_connection()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();

        // 2 + 257 of the topic, 2 of the identifier, 1 of the properties: 262 = 06 02 as a Remaining Length of 86 02.
        await edge.SendAsync("32 86 02 01 01" + RawMqtt.Hex(new string('t', 257)) + "00 01 00");
        Assert.Equal([0xE0, 0x90], (await edge.ReceiveAsync())![..2]);
        Assert.Equal(1, host.Door.Snapshot().Refused[MqttReasonCode.TopicNameInvalid]);
    }

    [Fact]
    public async Task An_edge_that_never_acknowledges_its_receipts_is_sent_away_when_too_many_wait()
    {
        await using FrontDoorHost host = await FrontDoorHost.StartAsync();
        using RawMqtt edge = await host.ConnectRawAsync();
        await edge.ConnectedAsync();
        await edge.SendAsync("82 1F 00 05 00 00 19" + RawMqtt.Hex("iotp/v1/riverside/receipt") + "01");
        await edge.ReceiveAsync();

        // 64 messages may be on their way to it, and 1,024 receipts wait behind them: the next one is too much.
        for (int id = 1; id <= 64 + 1_024 + 1; id++)
        {
            await edge.SendAsync("32 24" + EventTopic + id.ToString("X4", CultureInfo.InvariantCulture) + " 00" + RawMqtt.Hex("alarm"));
            Assert.Equal(0x40, (await NextAsync(edge))![0]);
        }

        byte[]? end = await NextAsync(edge);
        Assert.Equal([0xE0, (byte)MqttReasonCode.QuotaExceeded], end![..2]);
        Assert.Null(await edge.ReceiveAsync());
        Assert.Equal(1, host.Door.Snapshot().Refused[MqttReasonCode.QuotaExceeded]);
    }

    /// <summary>The next packet that is no receipt.</summary>
    private static async Task<byte[]?> NextAsync(RawMqtt edge)
    {
        byte[]? packet;
        do
        {
            packet = await edge.ReceiveAsync();
        }
        while (packet is not null && packet[0] is not (0x40 or 0xE0));

        return packet;
    }
}
