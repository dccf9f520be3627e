using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.TimeSeries;
using Npgsql;

namespace IotProperty.Hub.Ingest;

/// <summary>Registers the telemetry store that the configuration names.</summary>
public static class TelemetryServices
{
    /// <param name="services">Brings the ledger as well: stores outside keep the keys of batches there.</param>
    /// <param name="telemetry">Null: SQLite in the data folder.</param>
    /// <param name="folder">For the embedded store.</param>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, TelemetrySettings? telemetry, DataFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (telemetry is null)
        {
            return services.AddSqliteTelemetry(folder.TelemetryFile);
        }

        services.AddSingleton<IHealthProbe, TimeSeriesProbe>();
        return services.AddSingleton<ITelemetryStore>(provider =>
        {
            TimeProvider time = provider.GetRequiredService<TimeProvider>();
            NpgsqlDataSource source = provider.GetRequiredService<PostgresLedgerDatabase>().Source;
            TimeSeriesTelemetryStore.Prepare(source, time);
            return new TimeSeriesTelemetryStore(EngineOf(telemetry, time), source, new(), time, provider.GetRequiredService<ILogger<TimeSeriesTelemetryStore>>());
        });
    }

    /// <summary>Speaks to the server that the settings name; nothing is asked of it yet.</summary>
    public static ITimeSeriesEngine EngineOf(TelemetrySettings telemetry, TimeProvider time) => telemetry switch
    {
        InfluxSettings influx => new InfluxEngine(influx.Url, influx.Database, influx.User, influx.Password?.Reveal()),
        VictoriaMetricsSettings victoria => new VictoriaEngine(victoria.WriteUrl, victoria.ReadUrl, time),
        _ => throw new ArgumentException($"there is no store for {telemetry.Name}", nameof(telemetry)),
    };
}
