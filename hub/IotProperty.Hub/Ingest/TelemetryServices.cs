using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;

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
        return telemetry is null
            ? services.AddSqliteTelemetry(folder.TelemetryFile)
            : throw new UsageException($"hub.yaml: {telemetry.Name} cannot be used by this version — leave telemetry out, so that samples stay in the data folder");
    }
}
