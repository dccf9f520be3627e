using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>The receipts of one connection on their way to its edge. Used under the connection's lock.</summary>
internal sealed class FrontDoorReceipts(MqttServerSession session, FrontDoorCounters counters)
{
    private const int MaxWaiting = 1024;

    private readonly List<Receipt> _waiting = [];

    /// <summary>False when so many wait that the edge, which does not acknowledge them, must be sent away.</summary>
    public bool TryAdd(in Receipt receipt, FrontDoorTopics topics)
    {
        if (!session.IsConnected || !session.State.Subscribes(topics.Receipt))
        {
            // The edge will send the batch again when it is back, and get its receipt then.
            return true;
        }

        _waiting.Add(receipt);
        if (_waiting.Count > MaxWaiting)
        {
            return false;
        }

        Send(topics);
        return true;
    }

    /// <summary>Receipts that had to wait for the window travel together.</summary>
    public void Send(FrontDoorTopics topics)
    {
        if (_waiting.Count == 0 || !session.CanPublish)
        {
            return;
        }

        byte[] payload = ReceiptCodec.Encode(_waiting);
        _waiting.Clear();
        if (session.Publish(topics.Receipt, payload, out _) == MqttPublishOutcome.Written)
        {
            counters.Sent(payload.Length);
        }
    }

    public void Clear() => _waiting.Clear();
}
