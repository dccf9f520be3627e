using System.Diagnostics;
using System.Reflection;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Tracing;

namespace IotProperty.Hub.Tracing;

/// <summary>Lets the hub's traces go where <c>hub.yaml</c> says. Without it nobody listens, and no span is made.</summary>
internal static class TraceServices
{
    /// <param name="settings">Null: no traces.</param>
    public static IServiceCollection AddTraces(this IServiceCollection services, TracingSettings? settings)
    {
        if (settings is null)
        {
            return services;
        }

        string version = typeof(TraceServices).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
        TraceTarget target = new(settings.Endpoint, settings.Ratio, settings.Headers);
        TraceExportOptions options = new(target, "iotp-hub", version, Guid.NewGuid().ToString(), [HubTraces.SourceName, HubTraces.RequestSourceName]);
        return services
            .AddSingleton<DistributedContextPropagator, OwnTraces>()
            .AddSingleton(options)
            .AddHostedService<TraceService>();
    }
}
