namespace IotProperty.Hub.Live;

/// <summary>Registers the feed from those who commit to those who watch.</summary>
internal static class LiveServices
{
    /// <param name="services">Brings the PostgreSQL ledger where it is shared.</param>
    /// <param name="shared">Whether other hubs commit to the same ledger.</param>
    public static IServiceCollection AddLive(this IServiceCollection services, bool shared)
    {
        services.AddSingleton<LiveSeats>().AddSingleton<LiveFeed>();
        if (!shared)
        {
            return services.AddSingleton<ILiveFeed>(provider => provider.GetRequiredService<LiveFeed>());
        }

        services.AddSingleton<SharedLiveFeed>();
        services.AddSingleton<ILiveFeed>(provider => provider.GetRequiredService<SharedLiveFeed>());
        return services.AddHostedService(provider => provider.GetRequiredService<SharedLiveFeed>());
    }
}
