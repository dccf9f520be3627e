using Dapper;
using Npgsql;

namespace IotProperty.Hub.Storage;

/// <summary>Brings a PostgreSQL database to the schema that this program knows. Safe beside other hubs that start at the same moment: each step is taken once.</summary>
public static class PostgresSchema
{
    /// <summary>Brings one schema of a database up to date, making it when it is not there, beside what others keep in other schemas.</summary>
    /// <param name="schema">Its name, which needs no quotes.</param>
    /// <param name="source">Of the database.</param>
    /// <param name="folder">Where its files are embedded.</param>
    /// <param name="time">For the entries.</param>
    /// <exception cref="SchemaMismatchException">The schema belongs to another program version.</exception>
    public static void ApplyIn(string schema, NpgsqlDataSource source, string folder, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(source);
        using NpgsqlConnection connection = source.OpenConnection();
        connection.Execute("SELECT pg_advisory_lock(@Key)", new { Key = PostgresLock.Key(folder) });
        connection.Execute($"SET client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path = {schema}");
        Apply(connection, SchemaFile.Embedded(folder), time);
        connection.Execute("SELECT pg_advisory_unlock(@Key); RESET search_path", new { Key = PostgresLock.Key(folder) });
    }

    /// <summary>
    /// Applies what is missing, each file in a transaction of its own together with its entry in <c>schema_version</c>. Returns how many were applied.
    /// </summary>
    /// <param name="connection">Open, and of nobody else meanwhile.</param>
    /// <param name="files">In order of number.</param>
    /// <param name="time">For the entries.</param>
    /// <exception cref="SchemaMismatchException">A newer program wrote the database, or a step was changed after it was applied.</exception>
    public static int Apply(NpgsqlConnection connection, IReadOnlyList<SchemaFile> files, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(connection);

        // Of two hubs that start at once, one waits here, a minute at most, and then finds all steps taken.
        connection.Execute("SET lock_timeout = '60s'; SET client_min_messages = warning");
        connection.Execute("SELECT pg_advisory_lock(@Key)", new { Key = PostgresLock.Key("schema") }, commandTimeout: 70);
        try
        {
            connection.Execute(
                """
                CREATE TABLE IF NOT EXISTS schema_version (
                    number integer NOT NULL PRIMARY KEY,
                    name text NOT NULL,
                    checksum text NOT NULL,
                    applied_ms bigint NOT NULL
                )
                """);
            return SchemaSteps.Apply(connection, connection.BeginTransaction, $"{connection.Host}:{connection.Port}/{connection.Database}", files, time);
        }
        finally
        {
            if (connection.State == System.Data.ConnectionState.Open)
            {
                connection.Execute("SELECT pg_advisory_unlock(@Key); RESET lock_timeout; RESET client_min_messages", new { Key = PostgresLock.Key("schema") });
            }
        }
    }
}
