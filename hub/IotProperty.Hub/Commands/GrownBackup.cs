using IotProperty.Hub.Hosting.Configuration;

namespace IotProperty.Hub.Commands;

/// <summary>
/// A hub on servers is backed up with the servers' own tools, which know their files better than anybody. The order matters: the keys of batches lie in PostgreSQL, so it goes
/// first, and every key that is restored finds its samples in the later copy of the time-series server.
/// </summary>
internal static class GrownBackup
{
    /// <exception cref="UsageException">The hub has servers under it; says with which commands it is backed up, in which order.</exception>
    public static void Refuse(HubConfiguration configuration, string folder)
    {
        if (configuration.Ledger is not { } ledger)
        {
            return;
        }

        string telemetry = configuration.Telemetry switch
        {
            InfluxSettings influx => $"influxd backup -portable -database {influx.Database} DIR",
            VictoriaMetricsSettings victoria => $"vmbackup -snapshot.createURL={new Uri(victoria.WriteUrl, "/snapshot/create")} -storageDataPath=ITS-DATA -dst=fs:///DIR",
            null => $"sqlite3 {Path.Combine(folder, "telemetry.db")} \"VACUUM INTO 'FILE'\"",
            _ => throw new ArgumentException($"there is no way to back up {configuration.Telemetry.Name}", nameof(configuration)),
        };
        throw new UsageException(
            $"""
            The ledger stands in {ledger}: this command backs up embedded hubs alone. Back this one up with the servers' own tools, in this order and while the hub runs:
              1. pg_dump --format=custom --host={ledger.Host} --port={ledger.Port} --username={ledger.User} --file=FILE {ledger.Database}
              2. {telemetry}
              3. the files of {folder}
            Not the other way round: PostgreSQL keeps which batches were taken in, and a batch that it knows must not be missing in the later copy. deploy/README.md has the way back.
            """);
    }
}
