using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest.Broker;

internal static partial class BrokerLog
{
    [LoggerMessage(2020, LogLevel.Information, "Subscribed to the uplinks at broker {Broker}, in the group {Group}")]
    public static partial void Subscribed(ILogger logger, string broker, string group);

    [LoggerMessage(2021, LogLevel.Warning, "The subscription at broker {Broker} has ended: {Reason}; it is opened again, edges keep what has no receipt")]
    public static partial void Lost(ILogger logger, string broker, string reason);

    [LoggerMessage(2022, LogLevel.Warning, "Cannot subscribe at broker {Broker}: {Reason}; tried again with growing pauses")]
    public static partial void CannotSubscribe(ILogger logger, string broker, string reason);

    [LoggerMessage(2023, LogLevel.Warning, "The broker brings messages of the site {Site}, which has no edge here: they are not taken. If it is one of yours, add it with 'iotp-hub edge add'")]
    public static partial void UnknownSite(ILogger logger, string site);

    [LoggerMessage(2024, LogLevel.Warning, "The broker has brought messages of more than {Sites} sites; check that its access list ties each edge to its own topics")]
    public static partial void TooManySites(ILogger logger, int sites);

    [LoggerMessage(2025, LogLevel.Warning, "Site {Site} sends more on the {Lane} lane than its share, or the hub is full: {Shed} batches so far got no receipt and will be sent again by their edges")]
    public static partial void Shedding(ILogger logger, string site, string lane, long shed);

    [LoggerMessage(2026, LogLevel.Error, "A message of site {Site} on {Topic} could not be taken over")]
    public static partial void IngestFailed(ILogger logger, Exception error, string site, string topic);

    [LoggerMessage(2027, LogLevel.Error, "The subscription at broker {Broker} ended by an error of the hub")]
    public static partial void Failed(ILogger logger, Exception error, string broker);

    [LoggerMessage(2028, LogLevel.Warning, "The state of site {Site} is passed over: {Waiting} states wait already; it comes again when its edge connects")]
    public static partial void StatePassedOver(ILogger logger, string site, int waiting);

    [LoggerMessage(2029, LogLevel.Warning, "The broker takes no receipts for site {Site}: {Reason} ({Code}); check its access list")]
    public static partial void ReceiptRefused(ILogger logger, string site, string reason, MqttReasonCode code);
}
