using System.Data.Common;
using Dapper;
using IotProperty.Hub.People;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Tests;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace IotProperty.Hub.Tests.Storage;

public sealed class SqliteSchemaTests() : SchemaTests(LedgerEngine.Sqlite)
{
    [Fact]
    public void Step_that_fails_leaves_nothing_behind()
    {
        using SqliteConnection connection = new("Data Source=:memory:");
        connection.Open();
        SchemaFile good = new(1, "0001_a.sql", "CREATE TABLE a (x INTEGER);");
        SchemaFile bad = new(2, "0002_b.sql", "CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER);");
        Assert.Throws<SqliteException>(() => SqliteSchema.Apply(connection, [good, bad], Fixture.Clock));
        Assert.Equal(["a", "schema_version"], connection.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"));
        Assert.Equal(1, connection.ExecuteScalar<int>("SELECT max(number) FROM schema_version"));
    }

    [Fact]
    public async Task Commits_are_synced_and_logged_ahead()
    {
        (string journal, long synchronous) = await Fixture.Ledger.ReadAsync(
            async db => (
                (await db.Database.SqlQueryRaw<string>("PRAGMA journal_mode").ToListAsync())[0],
                (await db.Database.SqlQueryRaw<long>("PRAGMA synchronous").ToListAsync())[0]),
            CancellationToken.None);
        Assert.Equal("wal", journal);
        Assert.Equal(2, synchronous);
    }

    protected override int Apply(DbConnection connection) =>
        SqliteSchema.Apply((SqliteConnection)connection, SchemaFile.Embedded(SqliteLedgerDatabase.SchemaFolder), Fixture.Clock);

    protected override IEnumerable<string> Tables(DbConnection connection) =>
        connection.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");

    // Types are the file's own affair: STRICT holds what SQLite knows of them.
    protected override IReadOnlyList<Column> Columns(DbConnection connection, string table) =>
        [.. connection.Query<Column>($"SELECT name, \"notnull\" AS Required, pk, '' AS Type FROM pragma_table_info('{table}')")];
}

[NeedsPeers("postgres")]
public sealed class PostgresSchemaTests() : SchemaTests(LedgerEngine.Postgres)
{
    [PeerFact("postgres")]
    public async Task Step_that_fails_leaves_nothing_behind()
    {
        await using PostgresLedgerDatabase empty = new(await PostgresLedgers.CreateEmptyAsync(), Fixture.Clock);
        await using (NpgsqlConnection connection = await empty.Source.OpenConnectionAsync())
        {
            SchemaFile good = new(1, "0001_a.sql", "CREATE TABLE a (x integer);");
            SchemaFile bad = new(2, "0002_b.sql", "CREATE TABLE b (x integer); CREATE TABLE a (x integer);");
            Assert.Throws<PostgresException>(() => PostgresSchema.Apply(connection, [good, bad], Fixture.Clock));
            Assert.Equal(["a", "schema_version"], Tables(connection).Order());
            Assert.Equal(1, connection.ExecuteScalar<int>("SELECT max(number) FROM schema_version"));
        }

        await empty.DisposeAsync();
        await PostgresLedgers.DropAsync(empty.Settings);
    }

    [PeerFact("postgres")]
    public async Task Hubs_that_start_at_once_take_each_step_once()
    {
        await using PostgresLedgerDatabase empty = new(await PostgresLedgers.CreateEmptyAsync(), Fixture.Clock);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(empty.Prepare)));
        await using (NpgsqlConnection connection = await empty.Source.OpenConnectionAsync())
        {
            Assert.Equal(
                SchemaFile.Embedded(PostgresLedgerDatabase.SchemaFolder).Select(file => file.Checksum),
                connection.Query<string>("SELECT checksum FROM schema_version ORDER BY number"));
        }

        await empty.DisposeAsync();
        await PostgresLedgers.DropAsync(empty.Settings);
    }

    [PeerFact("postgres")]
    public async Task Commits_are_synced_and_nobody_holds_rows_for_long()
    {
        await using NpgsqlConnection connection = await ((PostgresLedgerDatabase)Fixture.Database).Source.OpenConnectionAsync();
        Assert.Equal("on", connection.ExecuteScalar<string>("SHOW synchronous_commit"));
        Assert.Equal("15s", connection.ExecuteScalar<string>("SHOW idle_in_transaction_session_timeout"));
        Assert.Equal("10s", connection.ExecuteScalar<string>("SHOW lock_timeout"));
    }

    [PeerFact("postgres")]
    public async Task Server_that_does_not_answer_is_named_with_the_mend_and_without_the_password()
    {
        await using PostgresLedgerDatabase away = new(
            new() { Host = "127.0.0.1", Port = FreePort.Next(), Database = "iotp", User = "iotp", Password = new("open sesame") }, Fixture.Clock);
        IOException told = Assert.Throws<IOException>(away.Prepare);
        Assert.Contains($"PostgreSQL iotp@127.0.0.1:{away.Settings.Port}/iotp", told.Message, StringComparison.Ordinal);
        Assert.Contains("hub.yaml", told.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", told + away.Settings.ToString(), StringComparison.Ordinal);
    }

    protected override int Apply(DbConnection connection) =>
        PostgresSchema.Apply((NpgsqlConnection)connection, SchemaFile.Embedded(PostgresLedgerDatabase.SchemaFolder), Fixture.Clock);

    protected override IEnumerable<string> Tables(DbConnection connection) =>
        connection.Query<string>("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'");

    protected override IReadOnlyList<Column> Columns(DbConnection connection, string table) =>
        [.. connection.Query<Column>(
            """
            SELECT a.attname::text AS Name, a.attnotnull::int::bigint AS Required, format_type(a.atttypid, a.atttypmod) AS Type,
                   coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)::bigint AS Pk
            FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
            WHERE a.attrelid = @Table::regclass AND a.attnum > 0 AND NOT a.attisdropped
            """,
            new { Table = table })];
}

public abstract class SchemaTests : IDisposable
{
    protected SchemaTests(LedgerEngine engine) => Fixture = new LedgerFixture(engine);

    protected LedgerFixture Fixture { get; }

    public void Dispose()
    {
        Fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public void Models_and_schema_name_the_same_columns_keys_and_nulls()
    {
        using LedgerContext ledger = new(Fixture.Database.Options);
        using PeopleContext people = People();
        using DbConnection connection = Fixture.Open();
        IEntityType[] entities = [.. ledger.Model.GetEntityTypes(), .. people.Model.GetEntityTypes()];
        Assert.NotEmpty(entities);
        foreach (IEntityType entity in entities)
        {
            string table = entity.GetTableName()!;
            IReadOnlyList<Column> columns = Columns(connection, table);
            IProperty[] properties = [.. entity.GetFlattenedProperties()];
            Assert.Equal(
                columns.Select(c => $"{table}.{c.Name} {c.Type} {(c.Required != 0 ? "not null" : "null")}").Order(),
                properties.Select(p => $"{table}.{p.GetColumnName()} {TypeOf(p)} {(p.IsNullable ? "null" : "not null")}").Order());
            Assert.Equal(
                columns.Where(c => c.Pk > 0).OrderBy(c => c.Pk).Select(c => c.Name),
                entity.FindPrimaryKey()!.Properties.Select(p => p.GetColumnName()));
        }
    }

    [ConformanceFact]
    public void Every_table_is_in_a_model()
    {
        using LedgerContext ledger = new(Fixture.Database.Options);
        using PeopleContext people = People();
        using DbConnection connection = Fixture.Open();
        string[] apart = ["schema_version", "job_run", "protection_key"];
        Assert.Equal(
            Tables(connection).Except(apart).Order(StringComparer.Ordinal),
            ledger.Model.GetEntityTypes().Concat(people.Model.GetEntityTypes()).Select(e => e.GetTableName()!).Order(StringComparer.Ordinal));
    }

    [ConformanceFact]
    public void Second_start_applies_nothing()
    {
        using DbConnection connection = Fixture.Open();
        Assert.Equal(0, Apply(connection));
    }

    [ConformanceFact]
    public void Database_of_a_newer_program_is_refused_with_the_mend()
    {
        using DbConnection connection = Fixture.Open();
        connection.Execute("INSERT INTO schema_version (number, name, checksum, applied_ms) VALUES (9999, '9999_future.sql', '00', 0)");
        SchemaMismatchException refused = Assert.Throws<SchemaMismatchException>(Fixture.Database.Prepare);
        Assert.Contains("written by a newer program (schema 9999", refused.Message, StringComparison.Ordinal);
        Assert.Contains("run that program", refused.Message, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public void Step_that_was_changed_after_it_was_applied_is_refused_by_name()
    {
        using DbConnection connection = Fixture.Open();
        connection.Execute("UPDATE schema_version SET checksum = 'ff' WHERE number = 1");
        SchemaMismatchException refused = Assert.Throws<SchemaMismatchException>(Fixture.Database.Prepare);
        Assert.Contains("0001_ledger.sql", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Applies the program's schema; how many steps were taken.</summary>
    protected abstract int Apply(DbConnection connection);

    protected abstract IEnumerable<string> Tables(DbConnection connection);

    protected abstract IReadOnlyList<Column> Columns(DbConnection connection, string table);

    private string TypeOf(IProperty property) => Fixture.Database is PostgresLedgerDatabase ? property.GetColumnType() : "";

    private PeopleContext People() => new(Fixture.Database.Configure(new DbContextOptionsBuilder<PeopleContext>()).Options);

    protected sealed record Column
    {
        public string Name { get; init; } = "";

        /// <summary>Empty where the engine's types are not compared.</summary>
        public string Type { get; init; } = "";

        public long Required { get; init; }

        /// <summary>The place in the primary key from 1; 0: not in it.</summary>
        public long Pk { get; init; }
    }
}
