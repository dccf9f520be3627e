namespace IotProperty.Hub.Ingest.Broker;

/// <summary>What the subscription has seen since the start of the hub; all but <see cref="Subscribed"/> and <see cref="Held"/> only grow.</summary>
/// <param name="Subscribed">Whether the subscriptions stand now.</param>
/// <param name="Held">Batches in work or waiting.</param>
/// <param name="Connections">Subscriptions that were granted; all but the first are reconnects.</param>
/// <param name="FailedConnects">Tries that failed.</param>
/// <param name="Batches">Batches that arrived.</param>
/// <param name="Bytes">Their payloads.</param>
/// <param name="Shed">Batches beyond a share or limit, acknowledged without a receipt.</param>
/// <param name="Unknown">Messages of sites that have no edge.</param>
/// <param name="Unanswered">Batches that the stores could not take when they came.</param>
/// <param name="States">States that were taken.</param>
/// <param name="StatesPassedOver">States that found no room.</param>
/// <param name="Receipts">Receipts that the broker took.</param>
/// <param name="ReceiptMessages">The messages that held them.</param>
/// <param name="ReceiptsDropped">Receipts that found no room, or that the broker refused.</param>
/// <param name="Stray">Messages on topics that were not asked for.</param>
public sealed record BrokerSnapshot(
    bool Subscribed,
    long Held,
    long Connections,
    long FailedConnects,
    long Batches,
    long Bytes,
    long Shed,
    long Unknown,
    long Unanswered,
    long States,
    long StatesPassedOver,
    long Receipts,
    long ReceiptMessages,
    long ReceiptsDropped,
    long Stray);

/// <summary>Safe on any task.</summary>
internal sealed class BrokerCounters
{
    private int _subscribed;
    private long _held;
    private long _connections;
    private long _failedConnects;
    private long _batches;
    private long _bytes;
    private long _shed;
    private long _unknown;
    private long _unanswered;
    private long _states;
    private long _statesPassedOver;
    private long _receipts;
    private long _receiptMessages;
    private long _receiptsDropped;
    private long _stray;

    public void Subscribed(bool subscribed)
    {
        Volatile.Write(ref _subscribed, subscribed ? 1 : 0);
        if (subscribed)
        {
            Interlocked.Increment(ref _connections);
        }
    }

    public void FailedConnect() => Interlocked.Increment(ref _failedConnects);

    public void Batch(int bytes)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _bytes, bytes);
    }

    public void Held(int change) => Interlocked.Add(ref _held, change);

    public long Shed() => Interlocked.Increment(ref _shed);

    public void Unknown() => Interlocked.Increment(ref _unknown);

    public void Unanswered() => Interlocked.Increment(ref _unanswered);

    public void State() => Interlocked.Increment(ref _states);

    public long StatePassedOver() => Interlocked.Increment(ref _statesPassedOver);

    public void Receipts(int count)
    {
        Interlocked.Add(ref _receipts, count);
        Interlocked.Increment(ref _receiptMessages);
    }

    public void ReceiptsDropped(int count) => Interlocked.Add(ref _receiptsDropped, count);

    public void Stray() => Interlocked.Increment(ref _stray);

    public BrokerSnapshot Snapshot() => new(
        Volatile.Read(ref _subscribed) != 0,
        Interlocked.Read(ref _held),
        Interlocked.Read(ref _connections),
        Interlocked.Read(ref _failedConnects),
        Interlocked.Read(ref _batches),
        Interlocked.Read(ref _bytes),
        Interlocked.Read(ref _shed),
        Interlocked.Read(ref _unknown),
        Interlocked.Read(ref _unanswered),
        Interlocked.Read(ref _states),
        Interlocked.Read(ref _statesPassedOver),
        Interlocked.Read(ref _receipts),
        Interlocked.Read(ref _receiptMessages),
        Interlocked.Read(ref _receiptsDropped),
        Interlocked.Read(ref _stray));
}
