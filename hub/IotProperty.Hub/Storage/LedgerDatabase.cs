using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace IotProperty.Hub.Storage;

/// <summary>
/// The file <c>ledger.db</c>: SQLite with a write-ahead log, synced at every commit. <see cref="Prepare"/> comes before anything else; after that, safe
/// for callers on any task and beside other processes.
/// </summary>
public sealed class LedgerDatabase
{
    /// <summary>Where the schema's files are embedded.</summary>
    public const string SchemaFolder = "Schema/Sqlite";

    private readonly TimeProvider _time;

    public LedgerDatabase(string file, TimeProvider time)
    {
        _time = time;
        ConnectionString = new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, Pooling = true }.ToString();
        Options = Configure(new DbContextOptionsBuilder<LedgerContext>()).Options;
    }

    /// <summary>For another model on the same file.</summary>
    public string ConnectionString { get; }

    internal DbContextOptions<LedgerContext> Options { get; }

    /// <summary>Brings the file to the program's schema, making it when it is not there.</summary>
    /// <exception cref="SchemaMismatchException">The file belongs to another program version.</exception>
    public void Prepare()
    {
        using SqliteConnection connection = new(ConnectionString);
        connection.Open();
        SqliteSchema.Apply(connection, SchemaFile.Embedded(SchemaFolder), _time);
    }

    /// <summary>Points a context's options at this database, durable commits included.</summary>
    public DbContextOptionsBuilder<TContext> Configure<TContext>(DbContextOptionsBuilder<TContext> builder)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        return (DbContextOptionsBuilder<TContext>)builder.UseSqlite(ConnectionString).AddInterceptors(SyncEveryCommit.Instance);
    }

    /// <summary>With a write-ahead log SQLite may be built to sync only at checkpoints; a receipt promises more than that.</summary>
    private sealed class SyncEveryCommit : DbConnectionInterceptor
    {
        public static SyncEveryCommit Instance { get; } = new();

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Set(connection);

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Set(connection);
            return Task.CompletedTask;
        }

        private static void Set(DbConnection connection)
        {
            using DbCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA synchronous = FULL";
            command.ExecuteNonQuery();
        }
    }
}
