namespace IotProperty.Hub.Ingest.Broker;

/// <summary>What every connection to the broker works with.</summary>
internal sealed record BrokerRoom(
    IUplinkIngest Ingest, BrokerSites Sites, BrokerOptions Options, BrokerCounters Counters, TimeProvider Time, ILogger Logger);
