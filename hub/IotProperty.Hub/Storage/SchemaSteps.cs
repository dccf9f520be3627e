using System.Data.Common;
using Dapper;

namespace IotProperty.Hub.Storage;

/// <summary>Takes the steps of a schema that are missing, each in a transaction of its own together with its entry in <c>schema_version</c>.</summary>
internal static class SchemaSteps
{
    /// <summary>Returns how many were applied.</summary>
    /// <param name="connection">Open; <c>schema_version</c> is there.</param>
    /// <param name="begin">Begins a transaction in which nobody else takes the same step.</param>
    /// <param name="database">For messages.</param>
    /// <param name="files">In order of number.</param>
    /// <param name="time">For the entries.</param>
    /// <exception cref="SchemaMismatchException">A newer program wrote the database, or a step was changed after it was applied.</exception>
    public static int Apply(DbConnection connection, Func<DbTransaction> begin, string database, IReadOnlyList<SchemaFile> files, TimeProvider time)
    {
        int applied = 0;
        foreach (SchemaFile file in files)
        {
            using DbTransaction transaction = begin();
            if (file.Number == 1)
            {
                RefuseNewer(connection, transaction, database, files);
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
                throw Changed(database, file);
            }

            transaction.Commit();
        }

        return applied;
    }

    /// <summary>Refuses a database whose steps are not exactly those of this program.</summary>
    /// <exception cref="SchemaMismatchException">A newer program wrote the database, or a step was changed after it was applied.</exception>
    public static void RefuseOther(DbConnection connection, string database, IReadOnlyList<SchemaFile> files)
    {
        RefuseNewer(connection, null, database, files);
        foreach (SchemaFile file in files)
        {
            if (connection.QuerySingleOrDefault<string>("SELECT checksum FROM schema_version WHERE number = @Number", new { file.Number }) != file.Checksum)
            {
                throw Changed(database, file);
            }
        }
    }

    /// <summary>Refuses a database with steps that this program does not know, or knows otherwise. Steps that are missing are no matter.</summary>
    /// <exception cref="SchemaMismatchException">A newer program wrote the database, or a step was changed after it was applied.</exception>
    public static void RefuseUnknown(DbConnection connection, string database, IReadOnlyList<SchemaFile> files)
    {
        RefuseNewer(connection, null, database, files);
        foreach (SchemaFile file in files)
        {
            string? checksum = connection.QuerySingleOrDefault<string>("SELECT checksum FROM schema_version WHERE number = @Number", new { file.Number });
            if (checksum is not null && checksum != file.Checksum)
            {
                throw Changed(database, file);
            }
        }
    }

    private static SchemaMismatchException Changed(string database, SchemaFile file) => new(
        $"{database}: schema step {file.Name} was applied with other content than this program knows — run the program that wrote the database, or restore a backup");

    private static void RefuseNewer(DbConnection connection, DbTransaction? transaction, string database, IReadOnlyList<SchemaFile> files)
    {
        int newest = connection.ExecuteScalar<int>("SELECT coalesce(max(number), 0) FROM schema_version", transaction: transaction);
        if (newest > files.Count)
        {
            throw new SchemaMismatchException(
                $"{database}: was written by a newer program (schema {newest}; this program knows {files.Count}) — run that program, or restore a backup made before its first start");
        }
    }
}
