using Dapper;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Hub.Tests.Backup;

/// <summary>A folder for data folders and backups of one test, and the two commands over it.</summary>
internal sealed class BackupBench : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-backup-");

    public string Data => PathOf("data");

    public string Archive => PathOf("hub.backup");

    public string Restored => PathOf("restored");

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    /// <summary>A small data folder of a hub that does not run: two batches of samples, and a few files.</summary>
    public async Task FillAsync()
    {
        Directory.CreateDirectory(Path.Combine(Data, "keys"));
        new SqliteLedgerDatabase(Path.Combine(Data, "ledger.db"), TimeProvider.System).Prepare();
        string telemetry = Path.Combine(Data, "telemetry.db");
        SqliteTelemetryStore.Prepare(telemetry, TimeProvider.System);
        await using (SqliteTelemetryStore store = new(telemetry, new(), TimeProvider.System, NullLogger<SqliteTelemetryStore>.Instance))
        {
            for (int i = 1; i <= 2; i++)
            {
                Sample sample = new(new PointRef("lift-1", "position"), i * 1000, i, Quality.Good, true);
                await store.CommitAsync(new Batch { Key = new BatchKey("riverside", 7, Lane.Telemetry, i), Samples = [sample] }, new byte[16], default);
            }
        }

        SqliteConnection.ClearAllPools();
        await File.WriteAllTextAsync(Path.Combine(Data, "keys", "key-1.xml"), "<key id=\"1\"/>");
        await File.WriteAllTextAsync(Path.Combine(Data, "people.key"), "c2VjcmV0");
    }

    public async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        using StringWriter said = new();
        int code = await HubCommandLine.RunAsync(arguments, said, said, TimeProvider.System);
        return (code, said.ToString());
    }

    public Task<(int Code, string Said)> BackUpAsync(params string[] more) => RunAsync(["backup", "--data", Data, "--out", Archive, .. more]);

    public Task<(int Code, string Said)> RestoreAsync(string? from = null) => RunAsync("restore", "--from", from ?? Archive, "--data", Restored);

    /// <summary>What this test's folder holds, so that nobody leaves anything behind.</summary>
    public IEnumerable<string> Names() => _folder.EnumerateFileSystemInfos().Select(each => each.Name).Order(StringComparer.Ordinal);

    /// <summary>Every row of every table, as text.</summary>
    public static IReadOnlyDictionary<string, string[]> RowsOf(string database)
    {
        using SqliteConnection connection = new($"Data Source={database};Pooling=false");
        connection.Open();
        return connection.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table'").ToDictionary(
            table => table,
            table => connection.Query($"SELECT * FROM \"{table}\"")
                .Select(row => string.Join('|', ((IDictionary<string, object?>)row).Select(cell => cell.Value is byte[] bytes ? Convert.ToHexString(bytes) : $"{cell.Value}")))
                .Order(StringComparer.Ordinal).ToArray());
    }
}
