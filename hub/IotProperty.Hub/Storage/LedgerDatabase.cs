using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IotProperty.Hub.Storage;

/// <summary>
/// The database under the ledger: SQLite in the hub's own folder, or PostgreSQL that several hubs share. <see cref="Prepare"/> comes before anything else; after
/// that, safe for callers on any task and beside other processes.
/// </summary>
public abstract class LedgerDatabase
{
    private readonly Lazy<DbContextOptions<LedgerContext>> _options;

    protected LedgerDatabase() => _options = new(() => Configure(new DbContextOptionsBuilder<LedgerContext>()).Options);

    /// <summary>For people: which database, without any secret.</summary>
    public abstract string Name { get; }

    /// <summary>Whether other hubs may write to it as well.</summary>
    public abstract bool IsShared { get; }

    internal DbContextOptions<LedgerContext> Options => _options.Value;

    /// <summary>How a write is kept apart from those of other processes.</summary>
    internal virtual IsolationLevel WriteIsolation => IsolationLevel.Unspecified;

    /// <summary>How often a write is begun anew before its failure counts.</summary>
    internal virtual int MaxWriteAttempts => 1;

    /// <summary>A shorter way for batches of readings; null: they go the way of all others.</summary>
    internal virtual IReadingIntake? Readings => null;

    /// <summary>Brings the database to the program's schema, making what is not there.</summary>
    /// <exception cref="SchemaMismatchException">The database belongs to another program version.</exception>
    public abstract void Prepare();

    /// <summary>Points a context's options at this database, durable commits included.</summary>
    public abstract DbContextOptionsBuilder<TContext> Configure<TContext>(DbContextOptionsBuilder<TContext> builder)
        where TContext : DbContext;

    /// <summary>Begins a read that sees one moment of the database and holds no writer up.</summary>
    internal virtual Task<IDbContextTransaction> BeginSnapshotAsync(DbContext context, CancellationToken cancellationToken) =>
        context.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);

    /// <summary>Overwrites what updated rows of the table left behind in the database's files.</summary>
    internal abstract Task ScrubAsync(string table, CancellationToken cancellationToken);

    /// <summary>The first thing in a write's transaction. With <paramref name="alone"/> no other hub writes until it ends: the way of a write that others got ahead of.</summary>
    internal virtual Task TakeTurnAsync(DbContext inTransaction, bool alone, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whether a write failed only because another one came in between, so that it may succeed when it is begun anew.</summary>
    internal virtual bool IsWorthAnotherAttempt(Exception failure) => false;

    /// <summary>What a write holds that the database can never take, however often it is begun anew; null when it may succeed another time.</summary>
    internal virtual string? WhyNeverStorable(Exception failure) => null;

    /// <summary>Tells the other hubs, inside the transaction, what will have changed when it is committed.</summary>
    internal virtual Task TellOthersAsync(LedgerChange change) => Task.CompletedTask;

    /// <summary>Waits until nobody else, in whatever process, holds the lock of this name; it is given back with the context's open transaction.</summary>
    internal virtual Task LockAsync(DbContext inTransaction, string name, CancellationToken cancellationToken) => Task.CompletedTask;
}
