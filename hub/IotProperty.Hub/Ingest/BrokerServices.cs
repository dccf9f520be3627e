using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting.Configuration;

namespace IotProperty.Hub.Ingest;

/// <summary>Registers the subscription at a broker, where the configuration names one.</summary>
public static class BrokerServices
{
    /// <param name="services">Brings <see cref="IUplinkIngest"/>.</param>
    /// <param name="broker">Null: edges come to the hub's own front door only.</param>
    public static IServiceCollection AddBroker(this IServiceCollection services, BrokerSettings? broker) => broker is null
        ? services
        : throw new UsageException($"hub.yaml: broker {broker.Host}:{broker.Port} cannot be used by this version — leave broker out and let edges come to --mqtt");
}
