using IotProperty.Hub.Access;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Jobs;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Storage;

/// <summary>Registers the ledger and the rooms that stand on it.</summary>
public static class LedgerServices
{
    /// <summary>Asks for a <see cref="TimeProvider"/> and an <see cref="Live.ILiveFeed"/>; <see cref="LedgerDatabase.Prepare"/> is called before the start.</summary>
    public static IServiceCollection AddLedger(this IServiceCollection services, string file)
    {
        services.AddSingleton(provider => new LedgerDatabase(file, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<Ledger>();
        services.AddSingleton<IEventLedger, EventLedger>();
        services.AddSingleton<EdgeDirectory>();
        services.AddSingleton<IEdgeDirectory>(provider => provider.GetRequiredService<EdgeDirectory>());
        services.AddSingleton<IRegistry, RegistryDesk>();
        services.AddSingleton<IAlarmDesk, AlarmDesk>();
        services.AddSingleton<IWorkOrderDesk, WorkOrderDesk>();
        services.AddSingleton<IBillingDesk, BillingDesk>();
        services.AddSingleton<IAccessLog, AccessLog>();
        return services;
    }

    /// <summary>What is due by time; asks for an <see cref="ITelemetryStore"/> as well.</summary>
    public static IServiceCollection AddLedgerJobs(this IServiceCollection services)
    {
        services.AddSingleton<IJob, WorkOrderJob>();
        services.AddSingleton<IJob, MaintenancePlanJob>();
        services.AddHostedService<JobScheduler>();
        return services;
    }
}
