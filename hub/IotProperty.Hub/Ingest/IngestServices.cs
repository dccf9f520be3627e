using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Ingest;

/// <summary>How a host gets ingest and the embedded telemetry store.</summary>
public static class IngestServices
{
    /// <summary>Registers <see cref="IUplinkIngest"/> and <see cref="BatchOverview"/>; the host brings the stores, <see cref="IEventLedger"/>, <see cref="IEdgeDirectory"/> and the live feed.</summary>
    public static IServiceCollection AddUplinkIngest(this IServiceCollection services) => services
        .AddSingleton<IngestMeter>()
        .AddSingleton<BatchOverview>()
        .AddSingleton<Reconciliation.ReconciliationDesk>()
        .AddSingleton<UplinkIngest>()
        .AddSingleton<IUplinkIngest>(provider => provider.GetRequiredService<UplinkIngest>());

    /// <summary>Registers <see cref="ITelemetryStore"/> on a SQLite file, which is made or brought up to date when the store is first asked for.</summary>
    public static IServiceCollection AddSqliteTelemetry(this IServiceCollection services, string file) => services.AddSingleton<ITelemetryStore>(provider =>
    {
        TimeProvider time = provider.GetRequiredService<TimeProvider>();
        SqliteTelemetryStore.Prepare(file, time);
        return new SqliteTelemetryStore(file, new(), time, provider.GetRequiredService<ILogger<SqliteTelemetryStore>>());
    });
}
