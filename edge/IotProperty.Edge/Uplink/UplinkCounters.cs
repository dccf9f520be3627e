namespace IotProperty.Edge.Uplink;

/// <summary>What the uplink counts. Written by several tasks, read by any.</summary>
internal sealed class UplinkCounters
{
    private long _connections;
    private long _failedConnects;
    private long _published;
    private long _publishesRejected;
    private long _committed;
    private long _refused;
    private long _malformedMessages;

    public long Connections => Volatile.Read(ref _connections);

    public long FailedConnects => Volatile.Read(ref _failedConnects);

    public long Published => Volatile.Read(ref _published);

    public long PublishesRejected => Volatile.Read(ref _publishesRejected);

    public long Committed => Volatile.Read(ref _committed);

    public long Refused => Volatile.Read(ref _refused);

    public long MalformedMessages => Volatile.Read(ref _malformedMessages);

    public void Connection() => Interlocked.Increment(ref _connections);

    public void FailedConnect() => Interlocked.Increment(ref _failedConnects);

    public void Publish() => Interlocked.Increment(ref _published);

    public void PublishRejected() => Interlocked.Increment(ref _publishesRejected);

    public void Receipt(bool committed) => Interlocked.Increment(ref committed ? ref _committed : ref _refused);

    public void MalformedMessage() => Interlocked.Increment(ref _malformedMessages);
}
