using Dapper;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Storage;

/// <summary>Brings a SQLite database to the schema that this program knows. Safe beside other processes that do the same: each step is taken once.</summary>
public static class SqliteSchema
{
    /// <summary>
    /// Applies what is missing, each file in a transaction of its own together with its entry in <c>schema_version</c>. Returns how many were applied.
    /// </summary>
    /// <param name="connection">Open.</param>
    /// <param name="files">In order of number.</param>
    /// <param name="time">For the entries.</param>
    /// <exception cref="SchemaMismatchException">A newer program wrote the database, or a step was changed after it was applied.</exception>
    public static int Apply(SqliteConnection connection, IReadOnlyList<SchemaFile> files, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(connection);
        connection.Execute("PRAGMA journal_mode = WAL");
        connection.Execute(
            """
            CREATE TABLE IF NOT EXISTS schema_version (
                number INTEGER NOT NULL PRIMARY KEY,
                name TEXT NOT NULL,
                checksum TEXT NOT NULL,
                applied_ms INTEGER NOT NULL
            ) STRICT
            """);

        // Immediate: of two programs that start at once, one waits here and then finds the step taken.
        return SchemaSteps.Apply(connection, () => connection.BeginTransaction(deferred: false), connection.DataSource, files, time);
    }
}
