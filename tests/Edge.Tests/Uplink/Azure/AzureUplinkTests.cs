using IotProperty.Edge.Outbox;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.AzureIotHub;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Uplink.Azure;

public class AzureUplinkTests
{
    [Fact]
    public async Task Batches_state_and_will_arrive_with_their_properties_and_receipts_come_back()
    {
        await using AzureBench bench = new();
        bench.Start();
        await bench.EventAsync("o-1");
        await bench.Outbox.AddAsync([new MeterReading("meter-1", "energy", "kWh", 1, 12.5m, 6, Quality.Good, true)], CancellationToken.None);
        bench.Sample(0.35);
        await bench.UntilAsync(() => bench.Committed.Count() >= 3 && bench.IsEmpty && bench.States.Count == 1);
        HubMessage sent = bench.Batches.First(message => message.Properties["lane"] == "event");
        Batch batch = BatchCodec.Decode(sent.Payload).Batch!;
        Assert.Equal("o-1", batch.Transitions.Single().Occurrence);
        string epoch = $"{bench.Outbox.Epoch}";
        Assert.Equal(
            [("$.ct", "application/x-protobuf"), ("$.mid", $"{epoch}-event-{batch.Key.Sequence}"), ("epoch", epoch), ("kind", "batch"), ("lane", "event"), ("seq", $"{batch.Key.Sequence}"), ("site", "riverside")],
            sent.Properties.Select(p => (p.Key, p.Value)).OrderBy(p => p.Key, StringComparer.Ordinal));
        Assert.Equal(["event", "reading", "telemetry"], bench.Batches.Select(message => message.Properties["lane"]).Distinct().Order());
        HubMessage state = Assert.Single(bench.States);
        Assert.Equal("riverside", state.Properties["site"]);
        Assert.False(state.Properties.ContainsKey("mqtt-retain"));
        Assert.True(EdgeStateCodec.Decode(state.Payload).Value!.Online);
        (string user, int keepAlive, DateTimeOffset expiry) = Assert.Single(bench.Hub.Admissions);
        Assert.Equal($"{HubEndpoint.HostName}/{AzureBench.Device}/?api-version=2021-04-12&DeviceClientType=iotp-edge%2F1.2.3", user);
        Assert.Equal((60, bench.EdgeTime.GetUtcNow() + TimeSpan.FromHours(1)), (keepAlive, expiry));
        Assert.Equal([HubEndpoint.HostName], bench.Hub.ServerNames);

        bench.Hub.Cut(AzureBench.Device);
        await bench.UntilAsync(() => bench.States.Count == 3);
        HubMessage will = bench.States[1];
        Assert.Equal(("Will", "riverside"), (will.Properties["iothub-MessageType"], will.Properties["site"]));
        Assert.False(EdgeStateCodec.Decode(will.Payload).Value!.Online);
        Assert.Contains("Azure IoT Hub closed the connection", bench.Snapshot.LastReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_says_goodbye_and_leaves_no_will_behind()
    {
        await using AzureBench bench = new();
        bench.Start();
        await bench.UntilAsync(() => bench.States.Count == 1);
        await bench.StopAsync();
        await bench.UntilAsync(() => !bench.Hub.IsConnected(AzureBench.Device));
        Assert.Equal([true, false], bench.States.Select(state => EdgeStateCodec.Decode(state.Payload).Value!.Online));
        Assert.DoesNotContain(bench.States, state => state.Properties.ContainsKey("iothub-MessageType"));
    }

    [Theory]
    [InlineData("Riverside-Edge", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("riverside-edge", AzureBench.Key)]
    public async Task A_wrong_key_and_an_unknown_device_are_refused_with_the_reason_once_in_the_log_and_tried_on(string device, string key)
    {
        await using AzureBench bench = new() { ConnectionString = $"HostName={HubEndpoint.HostName};DeviceId={device};SharedAccessKey={key}" };
        bench.Start();
        await bench.EventAsync("o-1");
        await bench.UntilAsync(() => bench.Snapshot.FailedConnects >= 3);
        Assert.EndsWith(
            $"the server refused the connection [NotAuthorized, 0x87]; device {device} of {HubEndpoint.HostName} is unknown or disabled there, or has another key than the connection string says",
            bench.Snapshot.LastReason,
            StringComparison.Ordinal);
        string told = Assert.Single(bench.Log.Lines);
        Assert.DoesNotContain(key, told, StringComparison.Ordinal);
        Assert.DoesNotContain("SharedAccessSignature", told, StringComparison.Ordinal);
        Assert.Empty(bench.Hub.Messages);
        bench.Hub.Devices[device] = key;
        await bench.UntilAsync(() => bench.IsEmpty);
        Assert.Equal("o-1", bench.Committed.Single().Transitions.Single().Occurrence);
    }

    [Fact]
    public async Task A_clock_that_was_never_set_makes_expired_tokens_and_the_reason_says_so_until_it_is_right()
    {
        await using AzureBench bench = new() { ClockIsSynchronised = false };
        bench.EdgeTime.StepWallClock(TimeSpan.FromDays(-365));
        bench.TokenClock.Look();
        bench.Start();
        await bench.EventAsync("o-1");
        await bench.UntilAsync(() => bench.Snapshot.FailedConnects >= 2);
        Assert.Contains("this machine's clock is not synchronised and says 2025-01-01", bench.Snapshot.LastReason, StringComparison.Ordinal);
        Assert.Contains("0x87", bench.Snapshot.LastReason, StringComparison.Ordinal);
        Assert.Empty(bench.Hub.Messages);
        bench.EdgeTime.StepWallClock(TimeSpan.FromDays(365));
        bench.ClockIsSynchronised = true;
        bench.TokenClock.Look();
        await bench.UntilAsync(() => bench.Committed.Any() && bench.IsEmpty);
    }

    [Fact]
    public async Task A_token_that_expires_at_the_hub_first_costs_the_connection_and_nothing_else()
    {
        await using AzureBench bench = new();
        bench.Start();
        await bench.EventAsync("o-1");
        await bench.UntilAsync(() => bench.Committed.Any() && bench.IsEmpty);

        // The hub's clock is ahead: it sees the token expire before the edge thinks of renewing it, and refuses those that follow.
        bench.HubTime.Advance(TimeSpan.FromMinutes(61));
        await bench.UntilAsync(() => bench.Snapshot.LastReason.Contains("0x87", StringComparison.Ordinal));
        await bench.EventAsync("o-2");
        bench.EdgeTime.StepWallClock(TimeSpan.FromMinutes(61));
        bench.TokenClock.Look();
        await bench.UntilAsync(() => bench.Committed.Count() == 2 && bench.IsEmpty);
        Assert.Contains(bench.States, state => state.Properties.ContainsKey("iothub-MessageType"));
    }

    [Fact]
    public async Task A_token_is_renewed_before_it_expires_and_nothing_is_lost_sent_twice_or_told_as_a_failure()
    {
        await using AzureBench bench = new();
        bench.Start();
        for (int renewal = 1; renewal <= 3; renewal++)
        {
            for (int index = 0; index < 20; index++)
            {
                bench.Sample(index);
                await bench.EventAsync($"o-{renewal}-{index}");
            }

            await bench.UntilAsync(() => bench.Snapshot.Connected);
            bench.Renew();
            await bench.UntilAsync(() => bench.Snapshot.Connections == renewal + 1);
        }

        await bench.UntilAsync(() => bench.Committed.Sum(batch => batch.Transitions.Length) == 60 && bench.IsEmpty);
        Assert.Equal(bench.Committed.Count(), bench.Batches.Count);
        Assert.Equal([48, 48, 48], bench.Hub.Admissions.Zip(bench.Hub.Admissions.Skip(1), (one, next) => (int)(next.Expiry - one.Expiry).TotalMinutes));
        Assert.Equal(0, bench.Hub.Refusals);
        Assert.DoesNotContain(bench.States, state => state.Properties.ContainsKey("iothub-MessageType"));
        Assert.Equal("", bench.Snapshot.LastReason);
        Assert.DoesNotContain(bench.Log.Lines, line => line.Contains("lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_renewal_waits_for_the_receipts_of_what_is_on_its_way_but_not_for_ever()
    {
        await using AzureBench bench = new() { BridgeAnswers = false };
        bench.Start();
        await bench.EventAsync("o-1");
        await bench.UntilAsync(() => bench.Batches.Count == 1 && bench.Snapshot.Published == 1);
        bench.Renew();
        await bench.EventAsync("o-2");
        Assert.Equal(1, bench.Snapshot.Connections);
        Assert.True(bench.Hub.IsConnected(AzureBench.Device));
        await bench.ReceiptAsync(new Receipt(BatchCodec.Decode(bench.Batches[0].Payload).Key!.Value, ReceiptStatus.Committed, ""));
        await bench.UntilAsync(() => bench.Batches.Count == 2 && bench.Snapshot.Published == 2);
        Assert.Equal([1, 2], bench.Batches.Select(message => message.Connection));

        // Nobody answers the second one: the renewal goes on without, and it is sent again under its key.
        bench.Renew();
        Assert.Equal(2, bench.Snapshot.Connections);
        bench.Advance(TimeSpan.FromSeconds(4));
        await bench.UntilAsync(() => bench.Batches.Count == 3);
        Assert.Equal(bench.Batches[1].Properties["$.mid"], bench.Batches[2].Properties["$.mid"]);
        Assert.Equal(0, bench.Hub.Refusals);
    }

    [Theory]
    [InlineData(0, 45)]
    [InlineData(0.999, 50)]
    public async Task Renewals_are_spread_around_four_fifths_of_a_tokens_life(double random, int minutes)
    {
        await using AzureBench bench = new() { Jitter = new AzureBench.FixedRandom(random) };
        bench.Start();
        await bench.UntilAsync(() => bench.Snapshot.Connected);
        bench.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
        await bench.EventAsync("o-1");
        await bench.UntilAsync(() => bench.IsEmpty);
        Assert.Equal(1, bench.Snapshot.Connections);
        bench.Advance(TimeSpan.FromSeconds(61));
        await bench.UntilAsync(() => bench.Snapshot.Connections == 2);
        Assert.Equal(0, bench.Hub.Refusals);
    }

    [Fact]
    public async Task Another_connection_of_the_device_ends_the_first_and_the_edge_comes_back()
    {
        await using AzureBench bench = new();
        bench.Start();
        await bench.UntilAsync(() => bench.Snapshot.Connected);
        MqttConnector other = new(TimeProvider.System);
        (string user, _, _) = bench.Hub.Admissions.First();
        Assert.True(AzureDeviceIdentity.TryParse(bench.ConnectionString, out AzureDeviceIdentity? identity, out _));
        string token = AzureSasToken.For(identity, bench.HubTime.GetUtcNow().AddMinutes(5)).ToPassword();
        MqttLinkOptions options = new("127.0.0.1", bench.Hub.Port, true, AzureBench.Device, user, token, null)
        {
            Version = MqttVersion.V311,
            ServerName = HubEndpoint.HostName,
            TrustedRoots = bench.Hub.Roots,
        };
        await using IMqttLink usurper = await other.ConnectAsync(options, CancellationToken.None);
        await bench.UntilAsync(() => bench.Snapshot.Connections == 2);
        Assert.Contains("another connection of the same device", bench.Snapshot.LastReason, StringComparison.Ordinal);
        Assert.Equal("the server closed the connection", await usurper.Closed.WaitAsync(TimeSpan.FromSeconds(20)));
        await bench.EventAsync("o-1");
        await bench.UntilAsync(() => bench.Committed.Any() && bench.IsEmpty);
    }

    [Fact]
    public async Task A_throttled_batch_waits_for_its_acknowledgement_and_is_not_sent_twice()
    {
        await using AzureBench bench = new() { BridgeAnswers = false, AcknowledgementIsReceipt = true, Settings = new OutboxSettings { FlushMs = 20, ReceiptTimeoutMs = 50, MaxReceiptTimeoutMs = 50 } };
        bench.Hub.Throttles = true;
        bench.Start();
        await bench.EventAsync("o-1");
        await bench.UntilAsync(() => bench.Batches.Count == 1);

        // The outbox asks for it again and again; on one connection that would only make it worse.
        await bench.UntilAsync(() => bench.Outbox.Snapshot.Repeats >= 3);
        Assert.Single(bench.Batches);
        Assert.Equal(1, bench.Outbox.Snapshot.Events.Rows);
        await bench.Hub.ReleaseAsync();
        await bench.UntilAsync(() => bench.IsEmpty);
        Assert.Single(bench.Batches);
    }

    [Fact]
    public async Task Where_an_acknowledgement_is_the_receipt_rows_go_with_it_and_renewals_send_nothing_twice()
    {
        await using AzureBench bench = new() { BridgeAnswers = false, AcknowledgementIsReceipt = true };
        bench.Start();
        for (int index = 0; index < 30; index++)
        {
            await bench.EventAsync($"o-{index}");
            if (index is 10 or 20)
            {
                // A renewal on top of another would end its patience.
                await bench.UntilAsync(() => bench.Snapshot.Connected && bench.Snapshot.Connections == index / 10);
                bench.Renew();
            }
        }

        await bench.UntilAsync(() => bench.Committed.Sum(batch => batch.Transitions.Length) == 30 && bench.IsEmpty);
        Assert.Equal(bench.Committed.Count(), bench.Batches.Count);
        Assert.Equal(bench.Snapshot.Published, bench.Snapshot.Committed);
    }

    [Fact]
    public async Task An_acknowledgement_is_no_receipt_unless_the_site_says_so()
    {
        await using AzureBench bench = new() { BridgeAnswers = false };
        bench.Start();
        await bench.EventAsync("o-1");
        await bench.UntilAsync(() => bench.Snapshot.Published == 1);
        Assert.Equal((1, 0L), (bench.Outbox.Snapshot.Events.Rows, bench.Snapshot.Committed));
        BatchKey key = BatchCodec.Decode(bench.Batches[0].Payload).Key!.Value;
        await bench.ReceiptAsync(new Receipt(key with { Site = "hillside" }, ReceiptStatus.Committed, ""));
        await bench.UntilAsync(() => bench.Snapshot.Committed == 1);
        Assert.Equal(1, bench.Outbox.Snapshot.Events.Rows);
        await bench.ReceiptAsync(new Receipt(key, ReceiptStatus.Committed, ""));
        await bench.UntilAsync(() => bench.IsEmpty);
    }

    [Fact]
    public async Task Commands_come_by_the_hub_and_what_is_neither_command_nor_receipt_is_counted_and_ignored()
    {
        await using AzureBench bench = new();
        bench.Start();
        await bench.UntilAsync(() => bench.Hub.IsConnected(AzureBench.Device));
        await bench.Hub.SendAsync(AzureBench.Device, [1], ("kind", "advertisement"));
        await bench.Hub.SendAsync(AzureBench.Device, [1], ("kind", "command"));
        await bench.Hub.SendAsync(AzureBench.Device, [1], ("kind", "command"), ("id", "c-7"));
        Assert.Equal("c-7", (await bench.Commands.NextAsync()).Id);
        Assert.Equal(2, bench.Snapshot.MalformedMessages);
        Assert.Equal(2, bench.Log.Lines.Count(line => line.Contains("neither a receipt nor a command", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_batch_that_is_too_long_for_the_hub_is_kept_aside_and_declared_and_the_others_go_on()
    {
        // Rows of a site that sent to a hub of its own before: they have their numbers already.
        await using AzureBench bench = new();
        bench.Hub.Devices.Clear();
        bench.Start();
        Random random = new(3);
        PointRef[] points = [.. Enumerable.Range(0, 4_000).Select(_ => new PointRef(Name(random), Name(random)))];
        foreach (PointRef point in points)
        {
            bench.Outbox.Add(new Sample(point, random.NextInt64(1, 1L << 40), random.NextDouble(), Quality.Good, true));
        }

        await bench.EventAsync("o-1");
        await bench.UntilAsync(() => bench.Outbox.Snapshot.Telemetry is { Rows: 1, Bytes: > AzureLimits.MaxMessageBytes });
        bench.Hub.Devices[AzureBench.Device] = AzureBench.Key;
        await bench.UntilAsync(() => bench.Outbox.Snapshot.SetAside > 0 && bench.IsEmpty);
        Assert.Contains(bench.Committed, batch => batch.Transitions.Any(transition => transition.Occurrence == "o-1"));
        GapRecord gap = Assert.Single(bench.Committed.SelectMany(batch => batch.Gaps));
        Assert.Contains("Azure IoT Hub takes 262144", gap.Reason, StringComparison.Ordinal);
        Assert.Equal(4_000, gap.Records + bench.Committed.Sum(batch => batch.Samples.Length));
        Assert.Equal(1, bench.Snapshot.Connections);

        // With the bound that the site's uplink sets, nothing is too long, and all of it arrives.
        await bench.StopAsync();
        bench.Settings = bench.Settings with { MaxBatchBytes = AzureUplinkConfiguration.PayloadBytes };
        bench.Hub.Devices.Clear();
        int before = bench.Committed.Sum(batch => batch.Samples.Length);
        bench.Start();
        foreach (PointRef point in points)
        {
            bench.Outbox.Add(new Sample(point, random.NextInt64(1, 1L << 40), random.NextDouble(), Quality.Good, true));
        }

        await bench.UntilAsync(() => bench.Outbox.Snapshot.Telemetry is { Rows: > 1, Bytes: > AzureLimits.MaxMessageBytes });
        bench.Hub.Devices[AzureBench.Device] = AzureBench.Key;
        await bench.UntilAsync(() => bench.Committed.Sum(batch => batch.Samples.Length) == before + 4_000 && bench.IsEmpty);
        Assert.Equal(0, bench.Outbox.Snapshot.SetAside);
        Assert.InRange(bench.Batches.Max(message => message.Payload.Length), 120_000, 240 * 1024);
    }

    [Fact]
    public async Task Restarts_cuts_and_renewals_at_random_lose_nothing_and_double_nothing()
    {
        const int Rounds = 60;
        await using AzureBench bench = new();
        bench.Start();
        Random random = new(11);
        for (int round = 0; round < Rounds; round++)
        {
            bench.Sample(round);
            await bench.EventAsync($"o-{round}");
            switch (random.Next(6))
            {
                case 0:
                    bench.Hub.Cut(AzureBench.Device);
                    break;
                case 1:
                    bench.Renew();
                    break;
                case 4:
                    bench.Advance(TimeSpan.FromSeconds(4));
                    break;
                case 2 when round % 3 == 0:
                    await bench.StopAsync();
                    bench.Start();
                    break;
                case 3:
                    await bench.UntilAsync(() => bench.Committed.Sum(batch => batch.Transitions.Length) > round / 2);
                    break;
            }
        }

        await bench.UntilAsync(() => bench.Committed.Sum(batch => batch.Transitions.Length) >= Rounds && bench.Committed.Sum(batch => batch.Samples.Length) >= Rounds && bench.IsEmpty);
        Assert.Equal(Enumerable.Range(0, Rounds).Select(n => $"o-{n}").Order(), bench.Committed.SelectMany(batch => batch.Transitions).Select(t => t.Occurrence).Order());
        Assert.Equal(Enumerable.Range(0, Rounds).Select(n => (double)n), bench.Committed.SelectMany(batch => batch.Samples).Select(sample => sample.Value).Order());
        Assert.Empty(bench.Committed.SelectMany(batch => batch.Gaps));
    }

    private static string Name(Random random)
    {
        byte[] bytes = new byte[48];
        random.NextBytes(bytes);
        return Convert.ToHexString(bytes);
    }
}
