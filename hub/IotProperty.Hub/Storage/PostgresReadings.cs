using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Uplink;
using Npgsql;

namespace IotProperty.Hub.Storage;

/// <summary>
/// Readings into PostgreSQL: batches that wait are committed together, their keys and readings set-wise. They decide nothing by what is stored, so they need no
/// serializable transaction: each key and each reading is held by its own unique index. A task that runs out of batches ends; the next batch starts one.
/// </summary>
internal sealed class PostgresReadings(PostgresLedgerDatabase database, TimeProvider time) : IReadingIntake
{
    // One group is written by the server while the next is encoded here.
    private const int MaxAtWork = 2;
    private const int MaxGroupBatches = 512;
    private const int MaxGroupReadings = 65_536;

    // Edges keep a bounded window in flight; whatever exceeds this is sent again.
    private const int MaxWaiting = 8192;
    private const int MaxAttempts = 8;

    private readonly Lock _lock = new();
    private readonly Queue<WaitingReadings> _waiting = new();
    private readonly Random _spread = new(Environment.ProcessId);
    private int _atWork;

    public Task<LedgerCommit> CommitAsync(Batch batch, byte[] contentHash, CancellationToken cancellationToken)
    {
        WaitingReadings mine = new(batch, contentHash);
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting)
            {
                throw new IOException($"{MaxWaiting} batches of readings wait for {database.Name} already");
            }

            _waiting.Enqueue(mine);
            if (_atWork < MaxAtWork)
            {
                _atWork++;
                _ = Task.Run(WorkAsync, CancellationToken.None);
            }
        }

        return mine.Done.WaitAsync(cancellationToken);
    }

    private async Task WorkAsync()
    {
        while (TakeGroup() is { } group)
        {
            await CommitGroupAsync(group);
        }
    }

    private List<WaitingReadings>? TakeGroup()
    {
        lock (_lock)
        {
            List<WaitingReadings> group = [];
            int readings = 0;
            while (group.Count < MaxGroupBatches && _waiting.TryPeek(out WaitingReadings? next) && (group.Count == 0 || readings + next.Batch.Readings.Length <= MaxGroupReadings))
            {
                readings += next.Batch.Readings.Length;
                group.Add(_waiting.Dequeue());
            }

            if (group.Count > 0)
            {
                return group;
            }

            _atWork--;
            return null;
        }
    }

    private async Task CommitGroupAsync(List<WaitingReadings> group)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                (await ReadingGroup.CommitAsync(database, group, time.GetUtcNow().ToUnixTimeMilliseconds()))();
                return;
            }
            catch (Exception met) when (attempt < MaxAttempts && database.IsWorthAnotherAttempt(met))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(NextPauseMs(attempt)), time, CancellationToken.None);
            }
            catch (PostgresException) when (group.Count > 1)
            {
                // The server refuses something that one batch holds; its neighbours shall not suffer.
                foreach (WaitingReadings alone in group)
                {
                    await CommitGroupAsync([alone]);
                }

                return;
            }
#pragma warning disable CA1031 // Whatever it is, it is the callers' failure, and no batch may wait for ever.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                group.ForEach(waiting => waiting.Fail(failure));
                return;
            }
        }
    }

    private int NextPauseMs(int attempt)
    {
        lock (_lock)
        {
            return _spread.Next(1, 10 * attempt);
        }
    }
}

/// <summary>A batch on its way, and its caller who waits.</summary>
internal sealed class WaitingReadings(Batch batch, byte[] contentHash)
{
    private readonly TaskCompletionSource<LedgerCommit> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Batch Batch => batch;

    public byte[] ContentHash => contentHash;

    public Task<LedgerCommit> Done => _done.Task;

    public void Complete(LedgerCommit commit) => _done.TrySetResult(commit);

    public void Fail(Exception failure) => _done.TrySetException(failure);
}
