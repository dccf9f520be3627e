using Dapper;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.Migration;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Tests;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IotProperty.Hub.Tests.Migration;

/// <summary>No table or column of the embedded stores is forgotten, whatever later steps of the schemas add.</summary>
public sealed class MovePlanTests(EmbeddedEstate estate) : IClassFixture<EmbeddedEstate>
{
    [PeerFact("postgres")]
    public async Task Every_table_and_column_of_the_ledger_is_in_the_plan_and_has_rows_in_these_tests()
    {
        using SqliteConnection source = Open("ledger.db");
        using LedgerFixture target = new(LedgerEngine.Postgres);
        await using NpgsqlConnection connection = (NpgsqlConnection)target.Open();
        TableMove[] plan = [.. MovePlan.Ledger(source, connection)];
        string[] tables = TablesOf(source);
        Assert.Equal([.. tables.Append("protection_key").Order(StringComparer.Ordinal)], plan.Select(move => move.Source).Order(StringComparer.Ordinal));
        foreach (string table in tables)
        {
            Assert.True(source.ExecuteScalar<long>($"SELECT count(*) FROM {table}") > 0, $"{table} has no row in the estate of these tests, so that nobody sees whether it is moved");
            Assert.Equal(
                source.Query<string>($"SELECT name FROM pragma_table_info('{table}')").Order(StringComparer.Ordinal),
                plan.Single(move => move.Source == table).Columns.Select(column => column.Name).Order(StringComparer.Ordinal));
        }

        Assert.NotEmpty(Directory.GetFiles(Path.Combine(estate.Folder, "keys"), "*.xml"));
    }

    [PeerFact("postgres")]
    public async Task Every_table_of_telemetry_is_in_the_plan_or_holds_samples()
    {
        using SqliteConnection source = Open("telemetry.db");
        using LedgerFixture target = new(LedgerEngine.Postgres);
        await using NpgsqlConnection connection = (NpgsqlConnection)target.Open();
        TimeSeriesTelemetryStore.Prepare(((PostgresLedgerDatabase)target.Database).Source, TimeProvider.System);
        IEnumerable<string> moved = MovePlan.Telemetry(source, connection).Select(move => move.Source).Concat(MovePlan.SampleTables);
        Assert.Equal(TablesOf(source), moved.Order(StringComparer.Ordinal));
        Assert.All(TablesOf(source), table => Assert.True(source.ExecuteScalar<long>($"SELECT count(*) FROM {table}") > 0, $"{table} is empty in these tests"));
    }

    [PeerFact("postgres")]
    public async Task A_table_or_column_without_counterpart_ends_the_plan_by_name()
    {
        DirectoryInfo copy = estate.Copy();
        using (SqliteConnection source = new($"Data Source={Path.Combine(copy.FullName, "ledger.db")};Pooling=false"))
        {
            source.Open();
            using LedgerFixture target = new(LedgerEngine.Postgres);
            await using NpgsqlConnection connection = (NpgsqlConnection)target.Open();
            source.Execute("ALTER TABLE site ADD COLUMN height_m TEXT");
            Assert.Contains("site: ", Assert.Throws<InvalidOperationException>(() => MovePlan.Ledger(source, connection)).Message, StringComparison.Ordinal);
            source.Execute("ALTER TABLE site DROP COLUMN height_m");
            source.Execute("CREATE TABLE lift_ride (id TEXT NOT NULL PRIMARY KEY) STRICT");
            Assert.Contains("lift_ride", Assert.Throws<InvalidOperationException>(() => MovePlan.Ledger(source, connection)).Message, StringComparison.Ordinal);
        }

        copy.Delete(recursive: true);
    }

    // Read from the schema, not from the plan; the plan's own list is what is in question.
    private static string[] TablesOf(SqliteConnection source) =>
        [.. source.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table'").Where(name => name is not ("schema_version" or "sqlite_sequence" or "sqlite_stat1")).Order(StringComparer.Ordinal)];

    private SqliteConnection Open(string file)
    {
        SqliteConnection connection = new($"Data Source={Path.Combine(estate.Folder, file)};Mode=ReadOnly;Pooling=false");
        connection.Open();
        return connection;
    }
}
