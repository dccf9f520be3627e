using System.Security.Cryptography;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>Registers the subscription at a broker, where the configuration names one.</summary>
public static class BrokerServices
{
    /// <summary>After <see cref="FrontDoorServices.AddFrontDoor"/>: commands then go by the front door or by the broker.</summary>
    /// <param name="services">Brings <see cref="IUplinkIngest"/> and <see cref="IEdgeRegister"/>.</param>
    /// <param name="broker">Null: edges come to the hub's own front door only.</param>
    /// <param name="options">Null: the defaults.</param>
    public static IServiceCollection AddBroker(this IServiceCollection services, BrokerSettings? broker, BrokerOptions? options = null)
    {
        if (broker is null)
        {
            return services;
        }

        services.AddSingleton(provider => new BrokerSubscription(
            broker,
            options ?? new BrokerOptions(),
            provider.GetRequiredService<IUplinkIngest>(),
            provider.GetRequiredService<IEdgeRegister>(),
            new Random(RandomNumberGenerator.GetInt32(int.MaxValue)),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<BrokerSubscription>>()));
        services.AddSingleton<BrokerMeter>();
        services.AddSingleton<IHealthProbe, BrokerProbe>();
        services.AddSingleton<IDownlink, BrokerDownlink>();
        services.AddHostedService(provider =>
        {
            // Who listens late has missed what was counted before.
            _ = provider.GetRequiredService<BrokerMeter>();
            return provider.GetRequiredService<BrokerSubscription>();
        });
        return services;
    }
}
