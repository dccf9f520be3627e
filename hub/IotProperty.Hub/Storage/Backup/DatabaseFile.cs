using Dapper;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Storage.Backup;

/// <summary>What a backup does with one SQLite file: take a snapshot while others write, count it, prove that it is whole.</summary>
internal static class DatabaseFile
{
    /// <summary>Writes what is committed now into a new file, in one read transaction: writers go on. What is committed later is not in it.</summary>
    public static void Snapshot(string source, string target)
    {
        using SqliteConnection connection = Open(source, SqliteOpenMode.ReadWrite);
        connection.Execute("VACUUM INTO $target", new { target });
    }

    public static IReadOnlyDictionary<string, long> CountRows(string file)
    {
        using SqliteConnection connection = Open(file, SqliteOpenMode.ReadOnly);
        return Tables(connection).ToDictionary(table => table, table => connection.ExecuteScalar<long>($"SELECT count(*) FROM \"{table}\""));
    }

    /// <summary>How many numbered steps its schema has; null when it has none.</summary>
    public static int? SchemaOf(string file)
    {
        using SqliteConnection connection = Open(file, SqliteOpenMode.ReadOnly);
        return Tables(connection).Contains("schema_version") ? connection.ExecuteScalar<int>("SELECT coalesce(max(number), 0) FROM schema_version") : null;
    }

    /// <summary>Every page, index and row count.</summary>
    /// <exception cref="InvalidDataException">Says what is wrong, without the file's name.</exception>
    public static void Check(string file, BackupPart part)
    {
        try
        {
            using SqliteConnection connection = Open(file, SqliteOpenMode.ReadOnly);
            string[] wrong = [.. connection.Query<string>("PRAGMA integrity_check(5)")];
            if (wrong is not ["ok"])
            {
                throw new InvalidDataException($"SQLite finds it damaged: {string.Join("; ", wrong)}");
            }
        }
        catch (SqliteException broken)
        {
            throw new InvalidDataException($"SQLite cannot read it: {broken.Message}", broken);
        }

        IReadOnlyDictionary<string, long> rows = CountRows(file);
        foreach ((string table, long count) in part.Rows ?? new Dictionary<string, long>())
        {
            if (rows.GetValueOrDefault(table, -1) != count)
            {
                throw new InvalidDataException($"table {table} has {rows.GetValueOrDefault(table)} rows, the manifest says {count}");
            }
        }
    }

    /// <summary>Refuses steps that this program does not know, or knows otherwise; fewer steps are an older program's, which the hub's start makes up for.</summary>
    /// <exception cref="SchemaMismatchException">Says how they differ and what to do.</exception>
    public static void RefuseUnknownSchema(string file, string shownAs, IReadOnlyList<SchemaFile> files)
    {
        using SqliteConnection connection = Open(file, SqliteOpenMode.ReadOnly);
        SchemaSteps.RefuseUnknown(connection, shownAs, files);
    }

    private static IReadOnlyList<string> Tables(SqliteConnection connection) =>
        [.. connection.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")];

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
