using System.Buffers;
using IotProperty.Hub.Ingest.Broker;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Ingest.Broker;

/// <summary>What may wait between the broker and the hub, as the README's table of limits tells it.</summary>
public class BrokerBoundTests
{
    [Fact]
    public void Shipped_bounds_are_those_of_the_table()
    {
        BrokerOptions options = new();
        Assert.Equal((16, 16_384, 64L << 20, 1_024), (options.LaneConcurrency, options.StatesWaiting, options.StateBytesWaiting, options.ReceiptsWaiting));
        Assert.Equal(
            (240, 32, 64L << 20, 16L << 20),
            (options.LaneWaiting.Items, options.LaneWaiting.SiteItems, options.LaneWaiting.Weight, options.LaneWaiting.SiteWeight));
    }

    [Fact]
    public void States_beyond_their_number_or_weight_are_passed_over_and_a_newer_one_of_a_site_that_waits_is_not()
    {
        BrokerStates states = new(new BrokerOptions { StatesWaiting = 2, StateBytesWaiting = 10 });
        Assert.True(states.TryAdd(new BrokerState("a", new byte[4], 1), out _));
        Assert.True(states.TryAdd(new BrokerState("b", new byte[4], 2), out _));
        Assert.False(states.TryAdd(new BrokerState("c", [], 3), out _));

        Assert.True(states.TryAdd(new BrokerState("a", new byte[6], 4), out ushort replaced));
        Assert.Equal(1, replaced);
        Assert.False(states.TryAdd(new BrokerState("b", new byte[5], 5), out _));

        Assert.True(states.TryTake(out BrokerState first));
        Assert.Equal(("a", 4), (first.Site, first.PacketId));
        Assert.True(states.TryAdd(new BrokerState("c", new byte[6], 6), out _));
        Assert.Equal(2, states.Count);
    }

    [Fact]
    public void Receipts_of_a_site_beyond_their_number_are_dropped_and_counted_and_other_sites_keep_their_own()
    {
        BrokerCounters counters = new();
        MqttClientSession away = new(new MqttClientOptions { ClientId = "hub" }, new ArrayBufferWriter<byte>(), 0);
        BrokerReceipts receipts = new(away, new BrokerOptions(), counters, () => 0);
        for (int sequence = 1; sequence <= 1_030; sequence++)
        {
            receipts.Add(new Receipt(new BatchKey("a", 1, Lane.Event, sequence), ReceiptStatus.Committed, ""));
        }

        Assert.Equal(6, counters.Snapshot().ReceiptsDropped);
        receipts.Add(new Receipt(new BatchKey("b", 1, Lane.Event, 1), ReceiptStatus.Committed, ""));
        Assert.Equal(6, counters.Snapshot().ReceiptsDropped);
        Assert.False(receipts.IsEmpty);
    }
}
