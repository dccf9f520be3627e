using System.Globalization;
using Dapper;
using IotProperty.Hub.Commands;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>One SQLite file of an embedded hub that does not run, as the source of a move: read only, and of this program's schema.</summary>
/// <param name="File">Its path.</param>
/// <param name="ConnectionString">Read only.</param>
/// <param name="Id">Tells it from every other hub's; its copies share it.</param>
/// <param name="State">Changes whenever somebody writes to it.</param>
internal sealed record EmbeddedStore(string File, string ConnectionString, string Id, string State)
{
    /// <summary>Null when there is no such file.</summary>
    /// <param name="file">The database.</param>
    /// <param name="schemaFolder">Where its schema's files are embedded.</param>
    /// <param name="upgrade">Whether missing steps of the schema may be applied.</param>
    /// <param name="time">For those.</param>
    /// <exception cref="UsageException">Its schema is an older one and may not be upgraded.</exception>
    /// <exception cref="SchemaMismatchException">Its schema is of another program.</exception>
    public static EmbeddedStore? Find(string file, string schemaFolder, bool upgrade, TimeProvider time)
    {
        if (!System.IO.File.Exists(file))
        {
            return null;
        }

        string readOnly = new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly }.ToString();
        IReadOnlyList<SchemaFile> files = SchemaFile.Embedded(schemaFolder);
        if (StepsOf(file, readOnly) < files.Count)
        {
            if (!upgrade)
            {
                throw new UsageException(
                    $"{file}: was written by an older program, whose schema has {StepsOf(file, readOnly)} of {files.Count} steps — run the command with --upgrade-source, which takes the missing steps as the hub's start would");
            }

            using SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
            connection.Open();
            SqliteSchema.Apply(connection, files, time);
        }

        using SqliteConnection source = new(readOnly);
        source.Open();
        SchemaSteps.RefuseOther(source, file, files);
        long made = source.ExecuteScalar<long>("SELECT applied_ms FROM schema_version WHERE number = 1");
        return new EmbeddedStore(file, readOnly, made.ToString(CultureInfo.InvariantCulture), StateOf(file));
    }

    /// <summary>A connection that nobody else will get: its owner may leave a transaction open in it.</summary>
    public SqliteConnection Open()
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder(ConnectionString) { Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static int StepsOf(string file, string connectionString)
    {
        try
        {
            using SqliteConnection connection = new(connectionString);
            connection.Open();
            return connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'schema_version')")
                ? connection.ExecuteScalar<int>("SELECT coalesce(max(number), 0) FROM schema_version")
                : 0;
        }
        catch (SqliteException unreadable)
        {
            throw new UsageException($"{file}: {unreadable.Message} — this is no readable database of an embedded hub; restore it from a backup, or give the right folder with --data");
        }
    }

    // A reader may make an empty log beside the file.
    private static string StateOf(string file) => string.Join(' ', new[] { file, file + "-wal" }
        .Select(each => new FileInfo(each))
        .Where(each => each is { Exists: true, Length: > 0 })
        .Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Length}@{each.LastWriteTimeUtc.Ticks}")));
}
