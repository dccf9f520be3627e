namespace IotProperty.Hub.Ingest.Broker;

/// <summary>The way to an edge where there is a broker: by this hub's own front door when the edge is connected there, else by the broker.</summary>
internal sealed class BrokerDownlink(FrontDoor door, BrokerSubscription broker) : IDownlink
{
    public ValueTask<DownlinkResult> PublishAsync(string site, string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        door.IsConnected(site) ? door.PublishAsync(site, topic, payload, cancellationToken) : broker.PublishAsync(topic, payload, cancellationToken);
}
