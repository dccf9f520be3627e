using IotProperty.Hub.Access;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Jobs;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Registry.Personal;

namespace IotProperty.Hub.Storage;

/// <summary>Registers the ledger and the rooms that stand on it.</summary>
public static class LedgerServices
{
    /// <summary>Asks for a <see cref="TimeProvider"/> and an <see cref="Live.ILiveFeed"/>; <see cref="LedgerDatabase.Prepare"/> is called before the start.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="postgres">Null: SQLite in the data folder.</param>
    /// <param name="folder">For the embedded ledger.</param>
    /// <param name="personalKeyFile">See <see cref="AddPersonalData"/>.</param>
    public static IServiceCollection AddLedger(this IServiceCollection services, PostgresSettings? postgres, DataFolder folder, string? personalKeyFile = null)
    {
        services.AddLedgerDatabase(postgres, folder);
        services.AddPersonalData(personalKeyFile, folder);
        services.AddSingleton<Ledger>();
        services.AddSingleton<IEventLedger, EventLedger>();
        services.AddSingleton<EdgeDirectory>();
        services.AddSingleton<IEdgeDirectory>(provider => provider.GetRequiredService<EdgeDirectory>());
        services.AddSingleton<IRegistry, RegistryDesk>();
        services.AddSingleton<IAlarmDesk, AlarmDesk>();
        services.AddSingleton<IWorkOrderDesk, WorkOrderDesk>();
        services.AddSingleton<IBillingDesk, BillingDesk>();
        services.AddSingleton<IAccessLog, AccessLog>();
        services.AddSingleton<AuditDesk>();
        services.AddSingleton<RefusalBook>();
        services.AddHostedService<RefusalBookkeeper>();
        services.AddSingleton<IHealthProbe, LedgerProbe>();
        return services;
    }

    /// <summary>What encrypts personal data; its start, which checks the keys, is the caller's where no host starts it.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="file">Null: in the data folder.</param>
    /// <param name="folder">The hub's.</param>
    public static IServiceCollection AddPersonalData(this IServiceCollection services, string? file, DataFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return services.AddSingleton(new PersonalKeys(file ?? folder.PersonalKeyFile)).AddSingleton<PersonalVault>();
    }

    /// <summary>The database alone, for commands.</summary>
    public static IServiceCollection AddLedgerDatabase(this IServiceCollection services, PostgresSettings? postgres, DataFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (postgres is null)
        {
            return services.AddSingleton<LedgerDatabase>(provider => new SqliteLedgerDatabase(folder.LedgerFile, provider.GetRequiredService<TimeProvider>()));
        }

        services.AddSingleton(provider => new PostgresLedgerDatabase(postgres, provider.GetRequiredService<TimeProvider>()));
        return services.AddSingleton<LedgerDatabase>(provider => provider.GetRequiredService<PostgresLedgerDatabase>());
    }

    /// <summary>What is due by time; asks for an <see cref="ITelemetryStore"/> as well.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="shared">Whether other hubs on the same ledger take turns with this one.</param>
    public static IServiceCollection AddLedgerJobs(this IServiceCollection services, bool shared)
    {
        if (shared)
        {
            services.AddSingleton<IJobTurns, PostgresJobTurns>();
            services.AddHostedService<EdgeHeardWriter>();
        }
        else
        {
            services.AddSingleton<IJobTurns, OwnJobTurns>();
        }

        services.AddSingleton<IJob, WorkOrderJob>();
        services.AddSingleton<IJob, MaintenancePlanJob>();
        services.AddSingleton<IJob, ReconciliationJob>();
        services.AddHostedService<JobScheduler>();
        return services;
    }
}
