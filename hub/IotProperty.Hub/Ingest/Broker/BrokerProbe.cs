using IotProperty.Hub.Hosting;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>Whether the subscriptions at the broker stand: without them this hub takes nothing of the edges there.</summary>
internal sealed class BrokerProbe(BrokerSubscription subscription) : IHealthProbe
{
    public Task<string?> WhyNotAsync(CancellationToken cancellationToken) =>
        Task.FromResult(subscription.WhyNot is { } why ? $"not subscribed at the broker: {why}" : null);
}
