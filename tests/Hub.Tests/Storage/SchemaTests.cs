using Dapper;
using IotProperty.Hub.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace IotProperty.Hub.Tests.Storage;

public sealed class SchemaTests : IDisposable
{
    private readonly LedgerFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Model_and_schema_name_the_same_columns_keys_and_nulls()
    {
        using LedgerContext context = new(_fixture.Database.Options);
        using SqliteConnection connection = Open();
        Assert.NotEmpty(context.Model.GetEntityTypes());
        foreach (IEntityType entity in context.Model.GetEntityTypes())
        {
            string table = entity.GetTableName()!;
            Column[] columns = [.. connection.Query<Column>($"SELECT name, \"notnull\" AS Required, pk FROM pragma_table_info('{table}')")];
            IProperty[] properties = [.. entity.GetFlattenedProperties()];
            Assert.Equal(
                columns.Select(c => $"{table}.{c.Name} {(c.Required != 0 ? "not null" : "null")}").Order(),
                properties.Select(p => $"{table}.{p.GetColumnName()} {(p.IsNullable ? "null" : "not null")}").Order());
            Assert.Equal(
                columns.Where(c => c.Pk > 0).OrderBy(c => c.Pk).Select(c => c.Name),
                entity.FindPrimaryKey()!.Properties.Select(p => p.GetColumnName()));
        }
    }

    [Fact]
    public void Every_table_of_the_ledger_is_in_the_model()
    {
        using LedgerContext context = new(_fixture.Database.Options);
        using SqliteConnection connection = new("Data Source=:memory:");
        connection.Open();
        connection.Execute(SchemaFile.Embedded(LedgerDatabase.SchemaFolder)[0].Sql);
        Assert.Equal(
            connection.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"),
            context.Model.GetEntityTypes().Select(e => e.GetTableName()!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Second_start_applies_nothing()
    {
        using SqliteConnection connection = Open();
        Assert.Equal(0, SqliteSchema.Apply(connection, SchemaFile.Embedded(LedgerDatabase.SchemaFolder), _fixture.Clock));
    }

    [Fact]
    public void Database_of_a_newer_program_is_refused_with_the_mend()
    {
        using SqliteConnection connection = Open();
        connection.Execute("INSERT INTO schema_version (number, name, checksum, applied_ms) VALUES (9999, '9999_future.sql', '00', 0)");
        SchemaMismatchException refused = Assert.Throws<SchemaMismatchException>(_fixture.Database.Prepare);
        Assert.Contains("written by a newer program (schema 9999", refused.Message, StringComparison.Ordinal);
        Assert.Contains("run that program", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_that_was_changed_after_it_was_applied_is_refused_by_name()
    {
        using SqliteConnection connection = Open();
        connection.Execute("UPDATE schema_version SET checksum = 'ff' WHERE number = 1");
        SchemaMismatchException refused = Assert.Throws<SchemaMismatchException>(_fixture.Database.Prepare);
        Assert.Contains("0001_ledger.sql", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_that_fails_leaves_nothing_behind()
    {
        using SqliteConnection connection = new("Data Source=:memory:");
        connection.Open();
        SchemaFile good = new(1, "0001_a.sql", "CREATE TABLE a (x INTEGER);");
        SchemaFile bad = new(2, "0002_b.sql", "CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER);");
        Assert.Throws<SqliteException>(() => SqliteSchema.Apply(connection, [good, bad], _fixture.Clock));
        Assert.Equal(["a", "schema_version"], connection.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"));
        Assert.Equal(1, connection.ExecuteScalar<int>("SELECT max(number) FROM schema_version"));
    }

    [Fact]
    public async Task Commits_are_synced_and_logged_ahead()
    {
        (string journal, long synchronous) = await _fixture.Ledger.ReadAsync(
            async db => (
                (await db.Database.SqlQueryRaw<string>("PRAGMA journal_mode").ToListAsync())[0],
                (await db.Database.SqlQueryRaw<long>("PRAGMA synchronous").ToListAsync())[0]),
            CancellationToken.None);
        Assert.Equal("wal", journal);
        Assert.Equal(2, synchronous);
    }

    private SqliteConnection Open()
    {
        SqliteConnection connection = new(_fixture.Database.ConnectionString);
        connection.Open();
        return connection;
    }

    private sealed record Column
    {
        public string Name { get; init; } = "";

        public long Required { get; init; }

        public long Pk { get; init; }
    }
}
