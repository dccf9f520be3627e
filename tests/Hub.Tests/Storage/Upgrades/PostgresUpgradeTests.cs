using System.Data.Common;
using Dapper;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.Migration;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Hub.Tests.Migration;
using IotProperty.Hub.Tests.Support;
using Npgsql;

namespace IotProperty.Hub.Tests.Storage.Upgrades;

[NeedsPeers("postgres")]
public sealed class PostgresLedgerUpgradeTests(EmbeddedEstate estate) : SchemaUpgradeSuite(estate)
{
    protected override string Folder => PostgresLedgerDatabase.SchemaFolder;

    private protected override async Task<IUpgradedDatabase> CreateAsync() => await PostgresUpgrade.CreateAsync(
        Estate,
        "public",
        (database, connection) =>
        {
            database.Prepare();
            ReadThroughModels(database, connection);
        });
}

[NeedsPeers("postgres")]
public sealed class PostgresTelemetryUpgradeTests(EmbeddedEstate estate) : SchemaUpgradeSuite(estate)
{
    protected override string Folder => TimeSeriesTelemetryStore.SchemaFolder;

    private protected override async Task<IUpgradedDatabase> CreateAsync() =>
        await PostgresUpgrade.CreateAsync(Estate, "telemetry", (database, _) => TimeSeriesTelemetryStore.Prepare(database.Source, TimeProvider.System));
}

/// <summary>One schema of a database of its own. The estate's ledger is moved into another one, whose rows are copied as PostgreSQL itself does.</summary>
internal sealed class PostgresUpgrade : IUpgradedDatabase
{
    private readonly EmbeddedEstate _estate;
    private readonly string _schema;
    private readonly PostgresLedgerDatabase _database;
    private readonly Action<PostgresLedgerDatabase, DbConnection> _prepare;

    private PostgresUpgrade(EmbeddedEstate estate, string schema, PostgresLedgerDatabase database, Action<PostgresLedgerDatabase, DbConnection> prepare) =>
        (_estate, _schema, _database, _prepare) = (estate, schema, database, prepare);

    public static async Task<PostgresUpgrade> CreateAsync(EmbeddedEstate estate, string schema, Action<PostgresLedgerDatabase, DbConnection> prepare) =>
        new(estate, schema, new PostgresLedgerDatabase(await PostgresLedgers.CreateEmptyAsync(), TimeProvider.System), prepare);

    public void Apply(IReadOnlyList<SchemaFile> files)
    {
        using NpgsqlConnection connection = Open();
        connection.Execute($"CREATE SCHEMA IF NOT EXISTS {_schema}");
        PostgresSchema.Apply(connection, files, TimeProvider.System);
    }

    public async Task FillAsync()
    {
        await using NpgsqlConnection into = Open();

        // Rows come in whatever order the tables have.
        await into.ExecuteAsync("SET session_replication_role = replica");
        if (_schema == "public")
        {
            await CopyEstateAsync(into);
        }

        foreach ((string table, IReadOnlyList<string> columns) in Columns(into))
        {
            if (await into.ExecuteScalarAsync<long>($"SELECT count(*) FROM \"{table}\"") == 0)
            {
                string values = string.Join(", ", columns.Select(column => ByType(into, table, column)));
                await into.ExecuteAsync($"INSERT INTO \"{table}\" ({List(columns)}) OVERRIDING SYSTEM VALUE SELECT {values} FROM generate_series(1, 3) i");
            }
        }
    }

    public Task UpgradeAsync()
    {
        using NpgsqlConnection connection = Open();
        _prepare(_database, connection);
        return Task.CompletedTask;
    }

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Columns()
    {
        using NpgsqlConnection connection = Open();
        return Columns(connection);
    }

    public string[] Rows(string table, IReadOnlyList<string> columns)
    {
        using NpgsqlConnection connection = Open();
        return [.. connection.Query<string>($"SELECT row({List(columns)})::text FROM \"{table}\" ORDER BY 1")];
    }

    public IReadOnlyList<string> Describe()
    {
        using NpgsqlConnection connection = Open();
        string[] lines =
        [
            .. connection.Query<string>(
                """
                SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || a.attidentity::text || a.attstorage::text
                    || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '') || ' ' || coalesce(l.collname, '')
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum LEFT JOIN pg_collation l ON l.oid = a.attcollation
                WHERE c.relnamespace = @Schema::regnamespace AND c.relkind IN ('r', 'v', 'p')
                """,
                new { Schema = _schema }),
            .. connection.Query<string>("SELECT indexdef FROM pg_indexes WHERE schemaname = @Schema", new { Schema = _schema }),
            .. connection.Query<string>(
                "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = @Schema::regnamespace AND conrelid <> 0", new { Schema = _schema }),
        ];
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    /// <summary>A second start finds nothing to do, and no foreign key is broken.</summary>
    public async Task ServesAsync()
    {
        await using NpgsqlConnection connection = Open();
        _prepare(_database, connection);
        foreach ((string table, string name, string definition) in connection.Query<(string, string, string)>(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND connamespace = @Schema::regnamespace", new { Schema = _schema }))
        {
            await connection.ExecuteAsync($"ALTER TABLE {table} DROP CONSTRAINT \"{name}\", ADD CONSTRAINT \"{name}\" {definition}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _database.DisposeAsync();
        await PostgresLedgers.DropAsync(_database.Settings);
    }

    private async Task CopyEstateAsync(NpgsqlConnection into)
    {
        PostgresSettings moved = await PostgresLedgers.CreateEmptyAsync();
        DirectoryInfo copy = _estate.Copy();
        try
        {
            HubConfiguration configuration = new() { Ledger = moved };
            StoreMigration migration = new(
                configuration, DataFolder.Open(copy.FullName), new MigrationOptions(), new MigrationRecord(), TimeProvider.System, _ => throw new InvalidOperationException("no telemetry is moved"));
            Assert.Equal(0, await migration.RunAsync(default));
            await using PostgresLedgerDatabase source = new(moved, TimeProvider.System);
            await using NpgsqlConnection from = await source.Source.OpenConnectionAsync();
            HashSet<string> tables = [.. from.Query<string>("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")];
            foreach ((string table, IReadOnlyList<string> columns) in Columns(into).Where(table => tables.Contains(table.Key)))
            {
                HashSet<string> there = [.. Columns(from)[table]];
                string both = List([.. columns.Where(there.Contains)]);
                await into.ExecuteAsync($"DELETE FROM \"{table}\"");
                await using NpgsqlRawCopyStream read = await from.BeginRawBinaryCopyAsync($"COPY \"{table}\" ({both}) TO STDOUT (FORMAT binary)");
                await using NpgsqlRawCopyStream write = await into.BeginRawBinaryCopyAsync($"COPY \"{table}\" ({both}) FROM STDIN (FORMAT binary)");
                await read.CopyToAsync(write);
            }
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            NpgsqlConnection.ClearAllPools();
            copy.Delete(recursive: true);
            await PostgresLedgers.DropAsync(moved);
        }
    }

    private static Dictionary<string, IReadOnlyList<string>> Columns(NpgsqlConnection connection) => connection
        .Query<(string Table, string Column)>(
            """
            SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
            WHERE table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND table_name <> 'schema_version' ORDER BY c.ordinal_position
            """)
        .GroupBy(each => each.Table)
        .ToDictionary(table => table.Key, table => (IReadOnlyList<string>)[.. table.Select(each => each.Column)]);

    /// <summary>An expression over <c>i</c> for a column that the estate has no value for.</summary>
    private static string ByType(NpgsqlConnection connection, string table, string column)
    {
        string type = connection.ExecuteScalar<string>(
            "SELECT data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = @Table AND column_name = @Column", new { Table = table, Column = column })!;
        return type switch
        {
            "smallint" or "integer" or "bigint" or "numeric" => "i",
            "double precision" => "i + 0.5",
            "boolean" => "i % 2 = 0",
            "bytea" => "convert_to('filled ' || i, 'UTF8')",
            "text" => "'filled ' || i",
            "date" => "DATE '2026-03-01' + i",
            "timestamp with time zone" => "TIMESTAMPTZ '2026-03-01 08:00:00Z' + i * INTERVAL '1 hour'",
            _ => throw new InvalidOperationException($"{table}.{column} has the type {type}, which nobody can fill yet"),
        };
    }

    private static string List(IEnumerable<string> columns) => string.Join(", ", columns.Select(column => $"\"{column}\""));

    private NpgsqlConnection Open()
    {
        NpgsqlConnection connection = _database.Source.OpenConnection();
        connection.Execute($"SET search_path = {_schema}");
        return connection;
    }
}
