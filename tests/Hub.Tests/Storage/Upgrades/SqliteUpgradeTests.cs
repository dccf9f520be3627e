using System.Globalization;
using Dapper;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Backup;
using IotProperty.Hub.Tests.Migration;
using IotProperty.Hub.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Storage.Upgrades;

public sealed class SqliteLedgerUpgradeTests(EmbeddedEstate estate) : SchemaUpgradeSuite(estate)
{
    protected override string Folder => SqliteLedgerDatabase.SchemaFolder;

    private protected override Task<IUpgradedDatabase> CreateAsync() => Task.FromResult<IUpgradedDatabase>(new SqliteUpgrade(
        Estate,
        "ledger.db",
        file =>
        {
            SqliteLedgerDatabase database = new(file, TimeProvider.System);
            database.Prepare();
            using SqliteConnection connection = new(database.ConnectionString);
            connection.Open();
            ReadThroughModels(database, connection);
        }));
}

public sealed class SqliteTelemetryUpgradeTests(EmbeddedEstate estate) : SchemaUpgradeSuite(estate)
{
    protected override string Folder => SqliteTelemetryStore.SchemaFolder;

    private protected override Task<IUpgradedDatabase> CreateAsync() =>
        Task.FromResult<IUpgradedDatabase>(new SqliteUpgrade(Estate, "telemetry.db", file => SqliteTelemetryStore.Prepare(file, TimeProvider.System)));
}

/// <summary>One file of the estate in a copy of its folder; the other file is of this program's version.</summary>
internal sealed class SqliteUpgrade : IUpgradedDatabase
{
    private readonly EmbeddedEstate _estate;
    private readonly DirectoryInfo _folder;
    private readonly string _name;
    private readonly Action<string> _prepare;

    public SqliteUpgrade(EmbeddedEstate estate, string name, Action<string> prepare)
    {
        (_estate, _name, _prepare) = (estate, name, prepare);
        _folder = estate.Copy();
        foreach (string end in new[] { "", "-wal", "-shm" })
        {
            System.IO.File.Delete(File + end);
        }
    }

    private string File => Path.Combine(_folder.FullName, _name);

    public void Apply(IReadOnlyList<SchemaFile> files)
    {
        using SqliteConnection connection = Open();
        SqliteSchema.Apply(connection, files, TimeProvider.System);
    }

    public Task FillAsync()
    {
        using SqliteConnection connection = Open();
        connection.Execute("PRAGMA foreign_keys = OFF; ATTACH $source AS source", new { source = Path.Combine(_estate.Folder, _name) });
        using SqliteTransaction transaction = connection.BeginTransaction();
        foreach ((string table, IReadOnlyList<string> columns) in Columns(connection))
        {
            HashSet<string> there = [.. connection.Query<string>("SELECT name FROM pragma_table_info($table, 'source')", new { table })];

            // What an early step put there, such as examples to start from, stands in the estate as well.
            connection.Execute($"DELETE FROM main.\"{table}\"");
            if (there.Count > 0)
            {
                string both = string.Join(", ", columns.Where(there.Contains).Select(Quoted));
                string values = string.Join(", ", columns.Where(column => !there.Contains(column)).Select(column => $", {ByType(connection, table, column)}"));
                string more = string.Join(", ", columns.Where(column => !there.Contains(column)).Select(column => $", {Quoted(column)}"));
                connection.Execute($"INSERT INTO main.\"{table}\" ({both}{more}) SELECT {both}{values} FROM source.\"{table}\"");
            }

            if (connection.ExecuteScalar<long>($"SELECT count(*) FROM main.\"{table}\"") == 0)
            {
                string values = string.Join(", ", columns.Select(column => ByType(connection, table, column)));
                connection.Execute($"INSERT INTO main.\"{table}\" ({string.Join(", ", columns.Select(Quoted))}) WITH n (i) AS (VALUES (1), (2), (3)) SELECT {values} FROM n");
            }
        }

        transaction.Commit();
        return Task.CompletedTask;
    }

    public Task UpgradeAsync()
    {
        _prepare(File);
        return Task.CompletedTask;
    }

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Columns()
    {
        using SqliteConnection connection = Open();
        return Columns(connection);
    }

    public string[] Rows(string table, IReadOnlyList<string> columns)
    {
        using SqliteConnection connection = Open();
        return [.. connection.Query<string>($"SELECT {string.Join(" || '|' || ", columns.Select(column => $"quote({Quoted(column)})"))} FROM \"{table}\" ORDER BY 1")];
    }

    public IReadOnlyList<string> Describe()
    {
        using SqliteConnection connection = Open();
        List<string> lines = [];
        foreach (string table in Columns(connection).Keys)
        {
            lines.AddRange(connection.Query<string>(
                "SELECT $table || '.' || name || ' ' || type || ' ' || \"notnull\" || ' ' || pk || ' ' || hidden || ' ' || ifnull(dflt_value, '') FROM pragma_table_xinfo($table)", new { table }));
            lines.AddRange(connection.Query<string>(
                "SELECT $table || ' -> ' || \"table\" || '.' || ifnull(\"to\", '') || ' from ' || \"from\" || ' ' || on_delete FROM pragma_foreign_key_list($table)", new { table }));
            lines.AddRange(connection.Query<string>(
                """
                SELECT $table || ' index ' || ifnull(s.sql, l.origin || ' ' || (SELECT group_concat(name) FROM pragma_index_info(l.name)))
                FROM pragma_index_list($table) l LEFT JOIN sqlite_master s ON s.name = l.name
                """,
                new { table }));
            lines.Add($"{table} {connection.ExecuteScalar<string>("SELECT ncol || ' columns, rowid ' || (1 - wr) || ', strict ' || strict FROM pragma_table_list WHERE schema = 'main' AND name = $table", new { table })}");
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }

    /// <summary>A whole hub starts on it, is well, and has the samples.</summary>
    public async Task ServesAsync()
    {
        await using RunningHub hub = await RunningHub.StartAsync(_folder.FullName);
        string?[] wrong = await Task.WhenAll(hub.Services.GetServices<IHealthProbe>().Select(probe => probe.WhyNotAsync(default)));
        Assert.Empty(wrong.OfType<string>());
        Assert.True(await hub.Services.GetRequiredService<ITelemetryStore>().CountAsync(SeededHub.Site, default) > 1000);
    }

    public ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private static Dictionary<string, IReadOnlyList<string>> Columns(SqliteConnection connection) => connection
        .Query<string>("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'schema_version'")
        .ToDictionary(table => table, table => (IReadOnlyList<string>)[.. connection.Query<string>("SELECT name FROM pragma_table_info($table, 'main')", new { table })]);

    /// <summary>An expression over <c>i</c> for a column that the estate has no value for.</summary>
    private static string ByType(SqliteConnection connection, string table, string column)
    {
        string type = connection.ExecuteScalar<string>("SELECT type FROM pragma_table_info($table, 'main') WHERE name = $column", new { table, column })!;
        string row = connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM pragma_table_info($table, 'source'))", new { table }) ? "1" : "i";
        return type switch
        {
            "INTEGER" => row,
            "REAL" => $"{row} + 0.5",
            "BLOB" => $"CAST('filled ' || {row} AS BLOB)",
            "TEXT" => $"'filled ' || {row}",
            _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{table}.{column} has the type {type}, which nobody can fill yet")),
        };
    }

    private static string Quoted(string column) => $"\"{column}\"";

    private SqliteConnection Open()
    {
        SqliteConnection connection = new($"Data Source={File};Pooling=false");
        connection.Open();
        return connection;
    }
}
