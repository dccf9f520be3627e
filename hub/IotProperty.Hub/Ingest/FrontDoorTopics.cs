using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>What one edge may do: publish its own batches and state, subscribe to its own receipts and commands, and nothing else.</summary>
internal sealed class FrontDoorTopics(string site)
{
    public string Receipt { get; } = UplinkTopics.Receipt(site);

    public string State { get; } = UplinkTopics.State(site);

    public string Command { get; } = UplinkTopics.CommandFilter(site);

    /// <summary>Whether the topic is <c>iotp/v1/{own site}/up/{lane}</c>.</summary>
    public bool IsUp(string topic, out Lane lane) =>
        UplinkTopics.TryParseUp(topic, out string? named, out lane) && string.Equals(named, site, StringComparison.Ordinal);

    public bool IsState(string topic) => string.Equals(topic, State, StringComparison.Ordinal);

    public bool MaySubscribe(string filter) =>
        string.Equals(filter, Receipt, StringComparison.Ordinal) || string.Equals(filter, Command, StringComparison.Ordinal);
}
