using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace IotProperty.Hub.Storage;

/// <summary>The file <c>ledger.db</c>: SQLite with a write-ahead log, synced at every commit.</summary>
public sealed class SqliteLedgerDatabase : LedgerDatabase
{
    /// <summary>Where the schema's files are embedded.</summary>
    public const string SchemaFolder = "Schema/Sqlite";

    private readonly TimeProvider _time;
    private readonly string _file;

    public SqliteLedgerDatabase(string file, TimeProvider time)
    {
        _file = file;
        _time = time;
        ConnectionString = new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, Pooling = true }.ToString();
    }

    public override string Name => _file;

    public override bool IsShared => false;

    /// <summary>For another model on the same file.</summary>
    public string ConnectionString { get; }

    public override void Prepare()
    {
        using SqliteConnection connection = new(ConnectionString);
        connection.Open();
        SqliteSchema.Apply(connection, SchemaFile.Embedded(SchemaFolder), _time);
    }

    public override DbContextOptionsBuilder<TContext> Configure<TContext>(DbContextOptionsBuilder<TContext> builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return (DbContextOptionsBuilder<TContext>)builder.UseSqlite(ConnectionString).AddInterceptors(SyncEveryCommit.Instance);
    }

    internal override async Task ScrubAsync(string table, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = new(ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandTimeout = 0;
        command.CommandText = "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)";
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Deferred: the others of SQLite's transactions take the place of the one writer.</summary>
    internal override async Task<IDbContextTransaction> BeginSnapshotAsync(DbContext context, CancellationToken cancellationToken)
    {
        await context.Database.OpenConnectionAsync(cancellationToken);
        SqliteTransaction transaction = ((SqliteConnection)context.Database.GetDbConnection()).BeginTransaction(deferred: true);
        return (await context.Database.UseTransactionAsync(transaction, cancellationToken))!;
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
