using System.Diagnostics.Metrics;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>What the subscription at the broker counts, for <c>/metrics</c>. Reads when it is asked.</summary>
internal sealed class BrokerMeter : IDisposable
{
    private readonly Meter _meter = new("IotProperty.Hub.Broker");

    public BrokerMeter(BrokerSubscription broker)
    {
        _meter.CreateObservableGauge("iotp_broker_subscribed", () => broker.Snapshot().Subscribed ? 1 : 0, description: "1 while the subscriptions stand.");
        _meter.CreateObservableGauge("iotp_broker_held", () => broker.Snapshot().Held, description: "Batches in work or waiting.");
        Count("iotp_broker_connections_total", "Subscriptions that were granted.", snapshot => snapshot.Connections);
        Count("iotp_broker_failed_connects_total", "Tries to subscribe that failed.", snapshot => snapshot.FailedConnects);
        Count("iotp_broker_batches_total", "Batches that the broker brought.", snapshot => snapshot.Batches);
        Count("iotp_broker_shed_total", "Batches beyond a share or limit; their edges send them again.", snapshot => snapshot.Shed);
        Count("iotp_broker_unknown_total", "Messages of sites that have no edge.", snapshot => snapshot.Unknown);
        Count("iotp_broker_unanswered_total", "Batches that the stores could not take when they came.", snapshot => snapshot.Unanswered);
        Count("iotp_broker_states_passed_over_total", "States that found no room.", snapshot => snapshot.StatesPassedOver);
        Count("iotp_broker_receipts_total", "Receipts that the broker took.", snapshot => snapshot.Receipts);
        Count("iotp_broker_receipt_messages_total", "Messages that held receipts.", snapshot => snapshot.ReceiptMessages);
        Count("iotp_broker_receipts_dropped_total", "Receipts that found no room or were refused.", snapshot => snapshot.ReceiptsDropped);

        void Count(string name, string description, Func<BrokerSnapshot, long> read) =>
            _meter.CreateObservableCounter(name, () => read(broker.Snapshot()), description: description);
    }

    public void Dispose() => _meter.Dispose();
}
