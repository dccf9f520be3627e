using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>
/// The receipts of one connection on their way to the edges. One message a site is on its way at a time; what collects meanwhile travels in the next one together.
/// Used under the connection's lock. What is left when the connection ends is forgotten: the edges repeat the batches and get their receipts then.
/// </summary>
internal sealed class BrokerReceipts(MqttClientSession session, BrokerOptions options, BrokerCounters counters, Func<long> nowMs)
{
    // Only sites of which a receipt waits or is on its way.
    private readonly Dictionary<string, Site> _sites = new(StringComparer.Ordinal);
    private readonly Queue<Site> _ready = new();
    private readonly Dictionary<ushort, Site> _inFlight = [];

    /// <summary>Whether nothing waits and nothing is on its way.</summary>
    public bool IsEmpty => _sites.Count == 0;

    public void Add(in Receipt receipt)
    {
        string name = receipt.Key.Site;
        if (!_sites.TryGetValue(name, out Site? site))
        {
            site = new Site(name);
            _sites.Add(name, site);
        }

        if (site.Waiting.Count >= options.ReceiptsWaiting)
        {
            counters.ReceiptsDropped(1);
            return;
        }

        site.Waiting.Add(receipt);
        if (site.Waiting.Count == 1 && site.OnTheWay == 0)
        {
            _ready.Enqueue(site);
        }

        Send();
    }

    /// <summary>The broker has answered a message; false when it held no receipts. <paramref name="refused"/> names its site when it was refused.</summary>
    public bool TryDelivered(ushort packetId, MqttReasonCode code, out string? refused)
    {
        refused = null;
        if (!_inFlight.Remove(packetId, out Site? site))
        {
            return false;
        }

        if (code.IsFailure())
        {
            counters.ReceiptsDropped(site.OnTheWay);
            refused = site.Name;
        }
        else
        {
            counters.Receipts(site.OnTheWay);
        }

        site.OnTheWay = 0;
        if (site.Waiting.Count > 0)
        {
            _ready.Enqueue(site);
        }
        else
        {
            _sites.Remove(site.Name);
        }

        Send();
        return true;
    }

    private void Send()
    {
        while (_ready.TryPeek(out Site? site))
        {
            byte[] payload = ReceiptCodec.Encode(site.Waiting);
            MqttPublishOutcome outcome = session.Publish(UplinkTopics.Receipt(site.Name), payload, MqttQos.AtLeastOnce, false, nowMs(), out ushort id);
            if (outcome is MqttPublishOutcome.WindowFull or MqttPublishOutcome.NotConnected)
            {
                return;
            }

            _ready.Dequeue();
            if (outcome == MqttPublishOutcome.Written)
            {
                site.OnTheWay = site.Waiting.Count;
                _inFlight.Add(id, site);
            }
            else
            {
                counters.ReceiptsDropped(site.Waiting.Count);
                _sites.Remove(site.Name);
            }

            site.Waiting.Clear();
        }
    }

    private sealed class Site(string name)
    {
        public string Name => name;

        public List<Receipt> Waiting { get; } = [];

        /// <summary>How many receipts the message holds that the broker has not acknowledged yet; 0 when there is none.</summary>
        public int OnTheWay { get; set; }
    }
}
