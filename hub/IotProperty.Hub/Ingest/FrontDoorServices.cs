using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IotProperty.Hub.Ingest;

/// <summary>How a host gets a front door: <c>services.AddFrontDoor()</c> and <c>kestrel.Listen(endpoint, listen =&gt; listen.UseFrontDoor())</c>.</summary>
public static class FrontDoorServices
{
    /// <summary>Registers <see cref="FrontDoor"/> and <see cref="IDownlink"/>; the host brings <see cref="IUplinkIngest"/> and <see cref="IEdgeCredentials"/>.</summary>
    public static IServiceCollection AddFrontDoor(this IServiceCollection services, FrontDoorOptions? options = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options ?? new FrontDoorOptions());
        services.AddSingleton<FrontDoor>();
        services.AddSingleton<IDownlink>(static provider => provider.GetRequiredService<FrontDoor>());
        return services;
    }

    /// <summary>Serves MQTT on this endpoint; call <c>UseHttps</c> before it for TLS, which every endpoint needs that <see cref="FrontDoorOptions.MayBePlain"/> does not excuse.</summary>
    public static ListenOptions UseFrontDoor(this ListenOptions listen)
    {
        listen.UseConnectionHandler<FrontDoor>();
        return listen;
    }
}
