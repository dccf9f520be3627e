using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

/// <summary>What the front door has seen since its start; all counts but <see cref="Connections"/> only grow.</summary>
/// <param name="Connections">Open now, strangers included.</param>
/// <param name="Strangers">Open now and not let in yet.</param>
/// <param name="Accepted">CONNECTs that were let in.</param>
/// <param name="Publishes">Messages that edges sent, refused ones included.</param>
/// <param name="PublishedBytes">Their payloads.</param>
/// <param name="Sent">Messages that were sent to edges.</param>
/// <param name="SentBytes">Their payloads.</param>
/// <param name="Dropped">Messages at QoS 0 that found all work places taken.</param>
/// <param name="Paced">Batches that waited because their site sent faster than its share.</param>
/// <param name="Refused">Refusals of connections, publishes and subscriptions by reason code.</param>
public sealed record FrontDoorSnapshot(
    long Connections,
    long Strangers,
    long Accepted,
    long Publishes,
    long PublishedBytes,
    long Sent,
    long SentBytes,
    long Dropped,
    long Paced,
    IReadOnlyDictionary<MqttReasonCode, long> Refused);

/// <summary>Safe on any task.</summary>
internal sealed class FrontDoorCounters
{
    private readonly long[] _refused = new long[256];
    private long _connections;
    private long _strangers;
    private long _accepted;
    private long _publishes;
    private long _publishedBytes;
    private long _sent;
    private long _sentBytes;
    private long _dropped;
    private long _paced;

    public long ConnectionOpened() => Interlocked.Increment(ref _connections);

    public void ConnectionClosed() => Interlocked.Decrement(ref _connections);

    public long StrangerCame() => Interlocked.Increment(ref _strangers);

    public void StrangerLeft() => Interlocked.Decrement(ref _strangers);

    public void Accepted() => Interlocked.Increment(ref _accepted);

    public void Published(int bytes)
    {
        Interlocked.Increment(ref _publishes);
        Interlocked.Add(ref _publishedBytes, bytes);
    }

    public void Sent(int bytes)
    {
        Interlocked.Increment(ref _sent);
        Interlocked.Add(ref _sentBytes, bytes);
    }

    public void Dropped() => Interlocked.Increment(ref _dropped);

    public void Paced() => Interlocked.Increment(ref _paced);

    public void Refused(MqttReasonCode code) => Interlocked.Increment(ref _refused[(byte)code]);

    public FrontDoorSnapshot Snapshot()
    {
        Dictionary<MqttReasonCode, long> refused = [];
        for (int code = 0; code < _refused.Length; code++)
        {
            long count = Interlocked.Read(ref _refused[code]);
            if (count > 0)
            {
                refused.Add((MqttReasonCode)code, count);
            }
        }

        return new FrontDoorSnapshot(
            Interlocked.Read(ref _connections),
            Interlocked.Read(ref _strangers),
            Interlocked.Read(ref _accepted),
            Interlocked.Read(ref _publishes),
            Interlocked.Read(ref _publishedBytes),
            Interlocked.Read(ref _sent),
            Interlocked.Read(ref _sentBytes),
            Interlocked.Read(ref _dropped),
            Interlocked.Read(ref _paced),
            refused);
    }
}
