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
        int applied = 0;
        foreach (SchemaFile file in files)
        {
            // Immediate: of two programs that start at once, one waits here and then finds the step taken.
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            if (file.Number == 1)
            {
                RefuseNewer(connection, transaction, files);
            }

            string? checksum = connection.QuerySingleOrDefault<string>("SELECT checksum FROM schema_version WHERE number = @Number", new { file.Number }, transaction);
            if (checksum is null)
            {
                connection.Execute(file.Sql, transaction: transaction);
                connection.Execute(
                    "INSERT INTO schema_version (number, name, checksum, applied_ms) VALUES (@Number, @Name, @Checksum, @AppliedMs)",
                    new { file.Number, file.Name, file.Checksum, AppliedMs = time.GetUtcNow().ToUnixTimeMilliseconds() },
                    transaction);
                applied++;
            }
            else if (!string.Equals(checksum, file.Checksum, StringComparison.Ordinal))
            {
                throw new SchemaMismatchException(
                    $"{connection.DataSource}: schema step {file.Name} was applied with other content than this program knows — run the program that wrote the database, or restore a backup");
            }

            transaction.Commit();
        }

        return applied;
    }

    private static void RefuseNewer(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyList<SchemaFile> files)
    {
        int newest = connection.ExecuteScalar<int>("SELECT coalesce(max(number), 0) FROM schema_version", transaction: transaction);
        if (newest > files.Count)
        {
            throw new SchemaMismatchException(
                $"{connection.DataSource}: was written by a newer program (schema {newest}; this program knows {files.Count}) — run that program, or restore a backup made before its first start");
        }
    }
}
