using IotProperty.Hub.Audit;
using IotProperty.Hub.Live;
using IotProperty.Hub.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IotProperty.Hub.Storage;

/// <summary>
/// The one way to the ledger. Reads see what is committed and wait for nobody. A write is one transaction: it takes its turn in this process, is on disk when
/// its task completes, and only then tells those who watch. Its body may run several times, each time from scratch, when another hub wrote what it had read.
/// Safe for callers on any task; a body must not call the ledger again, nor do what a transaction cannot take back.
/// </summary>
public sealed class Ledger(LedgerDatabase database, ILiveFeed live, TimeProvider time) : IDisposable
{
    // Two hubs that keep meeting would each wait long for luck.
    private const int AttemptsBesideOthers = 3;

    // SQLite has one writer. Waiting here is fair and prompt; waiting in SQLite is polling. On PostgreSQL it spares the writes of one hub from each other.
    private readonly SemaphoreSlim _writer = new(1, 1);

    // Spreads the new attempts of hubs that met; guarded by the turn.
    private readonly Random _spread = new(Environment.ProcessId);

    private readonly AuditBook _audit = new(database, time);

    internal IReadingIntake? Readings => database.Readings;

    internal string? WhyNeverStorable(Exception failure) => database.WhyNeverStorable(failure);

    public async ValueTask<T> ReadAsync<T>(Func<LedgerContext, Task<T>> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LedgerContext context = NewContext();
        await using (context.ConfigureAwait(false))
        {
            return await read(context);
        }
    }

    /// <summary>As <see cref="ReadAsync"/>, but all queries of the body see the same moment.</summary>
    internal ValueTask<T> ReadSnapshotAsync<T>(Func<LedgerContext, Task<T>> read, CancellationToken cancellationToken) => ReadAsync(
        async context =>
        {
            IDbContextTransaction snapshot = await database.BeginSnapshotAsync(context, cancellationToken);
            await using (snapshot.ConfigureAwait(false))
            {
                return await read(context);
            }
        },
        cancellationToken);

    /// <summary>Commits what the body did and publishes what it announced.</summary>
    public async ValueTask<T> WriteAsync<T>(Func<LedgerChange, Task<T>> write, CancellationToken cancellationToken)
    {
        (T result, IReadOnlyList<LiveEvent> changes) = await CommitAsync(write, cancellationToken);
        foreach (LiveEvent change in changes)
        {
            live.Publish(change);
        }

        return result;
    }

    /// <summary>Commits what the body did; the caller publishes.</summary>
    internal async ValueTask<(T Result, IReadOnlyList<LiveEvent> Changes)> CommitAsync<T>(
        Func<LedgerChange, Task<T>> write, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    return await AttemptAsync(write, alone: attempt > AttemptsBesideOthers, cancellationToken);
                }
                catch (Exception met) when (attempt < database.MaxWriteAttempts && database.IsWorthAnotherAttempt(met))
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(_spread.Next(1, 10 * attempt)), time, cancellationToken);
                }
            }
        }
        finally
        {
            _writer.Release();
        }
    }

    public void Dispose() => _writer.Dispose();

    private LedgerContext NewContext() => SiteScope.Current.Sites is { } sites ? new ScopedLedgerContext(database.Options, sites) : new LedgerContext(database.Options);

    private async Task<(T Result, IReadOnlyList<LiveEvent> Changes)> AttemptAsync<T>(
        Func<LedgerChange, Task<T>> write, bool alone, CancellationToken cancellationToken)
    {
        LedgerContext context = NewContext();
        await using (context.ConfigureAwait(false))
        {
            IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(database.WriteIsolation, cancellationToken);
            await using (transaction.ConfigureAwait(false))
            {
                await database.TakeTurnAsync(context, alone, cancellationToken);
                LedgerChange change = new(context, time.GetUtcNow(), cancellationToken);
                T result = await write(change);
                await _audit.AppendAsync(context, change.Notes, cancellationToken);
                await database.TellOthersAsync(change);
                await transaction.CommitAsync(CancellationToken.None);
                return (result, change.Announced);
            }
        }
    }
}
