using System.Data;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Live;
using IotProperty.Hub.Storage.Migration;
using IotProperty.Hub.Tracing;
using IotProperty.Tracing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace IotProperty.Hub.Storage;

/// <summary>
/// PostgreSQL, which several hubs may share. Writes run serializable and begin anew when another hub came in between, so that what a write read still holds
/// when it commits. A hub that stops in the middle of one loses its transaction after <see cref="IdleInTransaction"/>, and so holds nobody up for longer.
/// </summary>
public sealed class PostgresLedgerDatabase : LedgerDatabase, IDisposable, IAsyncDisposable
{
    /// <summary>Where the schema's files are embedded.</summary>
    public const string SchemaFolder = "Schema/Postgres";

    public static readonly TimeSpan IdleInTransaction = TimeSpan.FromSeconds(15);

    private const int CommandTimeoutSeconds = 20;
    private const int MaxConnections = 40;

    private readonly TimeProvider _time;

    public PostgresLedgerDatabase(PostgresSettings settings, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _time = time;
        Settings = settings;
        Source = NpgsqlDataSource.Create(ConnectionString(settings));
        Readings = new PostgresReadings(this, time);
    }

    public PostgresSettings Settings { get; }

    public override string Name => Settings.ToString();

    public override bool IsShared => true;

    /// <summary>Tells this hub's own news from those of others.</summary>
    public string ReplicaId { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Pooled connections, each with durable commits.</summary>
    internal NpgsqlDataSource Source { get; }

    internal override IReadingIntake Readings { get; }

    internal override IsolationLevel WriteIsolation => IsolationLevel.Serializable;

    internal override int MaxWriteAttempts => 12;

    public override void Prepare()
    {
        ApplySchema();
        using NpgsqlConnection connection = Source.OpenConnection();
        MigrationMarks.RefuseUnfinished(connection, MigrationPart.Ledger, Name);
    }

    /// <summary>The schema alone, for a move that fills it.</summary>
    internal void ApplySchema()
    {
        try
        {
            using NpgsqlConnection connection = Source.OpenConnection();
            PostgresSchema.Apply(connection, SchemaFile.Embedded(SchemaFolder), _time);
        }
        catch (NpgsqlException failure) when (failure is not PostgresException { SqlState: not ['2' or '3' or '5', ..] })
        {
            throw new IOException(
                $"{Name}: {failure.Message}{(failure.InnerException is { } inner ? $" ({inner.Message})" : "")} — "
                + "check that the server runs and that ledger.postgres in hub.yaml names its address, database, user and password file",
                failure);
        }
    }

    public override DbContextOptionsBuilder<TContext> Configure<TContext>(DbContextOptionsBuilder<TContext> builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return (DbContextOptionsBuilder<TContext>)builder.UseNpgsql(Source);
    }

    public void Dispose() => Source.Dispose();

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    // Serializable transactions keep the ledger right; these locks only see to it that a write which met others again and again comes to its end. A lock on a
    // table, unlike an advisory one, is taken before the transaction's snapshot and ends with the transaction, however that ends. Whoever reads or changes the
    // schema is not disturbed.
    internal override Task TakeTurnAsync(DbContext inTransaction, bool alone, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inTransaction);
        return inTransaction.Database.ExecuteSqlRawAsync(
            alone ? "LOCK TABLE schema_version IN EXCLUSIVE MODE" : "LOCK TABLE schema_version IN ROW SHARE MODE", cancellationToken);
    }

    internal override bool IsWorthAnotherAttempt(Exception failure)
    {
        for (Exception? at = failure; at is not null; at = at.InnerException)
        {
            if (at is PostgresException { SqlState: var state })
            {
                // A unique violation after the body looked for the row is another writer's row that it could not see; begun anew, it sees it.
                return state is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation;
            }
        }

        return false;
    }

    /// <summary>
    /// Data exceptions (class 22), a value that a column forbids, and a row too large for its index say something of the data; all else says something of the server or of
    /// what stands in it, and may pass (PostgreSQL 15, appendix A).
    /// </summary>
    internal override string? WhyNeverStorable(Exception failure)
    {
        for (Exception? at = failure; at is not null; at = at.InnerException)
        {
            if (at is PostgresException refused)
            {
                return refused.SqlState is ['2', '2', ..] or PostgresErrorCodes.NotNullViolation or PostgresErrorCodes.CheckViolation or PostgresErrorCodes.ProgramLimitExceeded
                    ? $"PostgreSQL refuses it ({refused.SqlState}): {refused.MessageText}"
                    : null;
            }
        }

        return null;
    }

    internal override Task TellOthersAsync(LedgerChange change) => change.Announced.Count == 0
        ? Task.CompletedTask
        : change.ExecuteAsync("SELECT pg_notify(@Channel, @News)", new { LiveNews.Channel, News = LiveNews.Write(ReplicaId, CausedHere(change.Announced)) });

    /// <summary>One of them tells the others of the trace: a page that fetches several at once is one push.</summary>
    private static IReadOnlyList<LiveEvent> CausedHere(IReadOnlyList<LiveEvent> announced) =>
        HubTraces.Source.Here() is var here && here.IsRecorded() ? [announced[0] with { Cause = here }, .. announced.Skip(1)] : announced;

    internal override async Task ScrubAsync(string table, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = Source.CreateCommand($"VACUUM FULL {table}");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    internal override Task LockAsync(DbContext inTransaction, string name, CancellationToken cancellationToken) =>
        inTransaction.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({PostgresLock.Key(name)})", cancellationToken);

    /// <summary>A connection of one's own that outlives its use by nobody: for what waits or holds locks.</summary>
    /// <param name="idle">The server ends the session when nothing came for so long, whoever holds it up.</param>
    internal async Task<NpgsqlConnection> OpenOwnAsync(TimeSpan? idle, CancellationToken cancellationToken)
    {
        NpgsqlConnectionStringBuilder own = new(ConnectionString(Settings)) { Pooling = false, KeepAlive = 10 };
        if (idle is { } limit)
        {
            own.Options = $"{own.Options} -c idle_session_timeout={(long)limit.TotalMilliseconds}";
        }

        NpgsqlConnection connection = new(own.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static string ConnectionString(PostgresSettings settings) => new NpgsqlConnectionStringBuilder
    {
        Host = settings.Host,
        Port = settings.Port,
        Database = settings.Database,
        Username = settings.User,
        Password = settings.Password?.Reveal(),
        SslMode = settings.Tls ? SslMode.VerifyFull : SslMode.Prefer,
        RootCertificate = settings.CaFile,
        ApplicationName = "iotp-hub",
        MaxPoolSize = MaxConnections,
        Timeout = CommandTimeoutSeconds,
        CommandTimeout = CommandTimeoutSeconds,

        // A receipt promises that the commit is on disk, whatever the server's default is; and neither a hub that stands still nor one whose machine is gone
        // may hold rows for long.
        Options = "-c synchronous_commit=on -c lock_timeout=10000 "
            + $"-c idle_in_transaction_session_timeout={(long)IdleInTransaction.TotalMilliseconds} "
            + "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
    }.ToString();
}
