using Dapper;
using IotProperty.Hub.Storage;
using Npgsql;

namespace IotProperty.Hub.Jobs;

/// <summary>
/// Of several hubs on one PostgreSQL exactly one runs a due job: it holds the job's advisory lock on a connection of its own, and <c>job_run</c> says when the
/// job is due next. The lock ends with the connection: when the holder dies at once, and when it stands still once the server has heard nothing for
/// <see cref="Silence"/>; a holder that finds its connection gone stops the run.
/// </summary>
public sealed class PostgresJobTurns : IJobTurns
{
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    // While another hub is at it, or may have died at it.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(10);

    private readonly PostgresLedgerDatabase _database;
    private readonly TimeProvider _time;
    private readonly TimeSpan _silence;

    public PostgresJobTurns(PostgresLedgerDatabase database, TimeProvider time)
        : this(database, time, Silence)
    {
    }

    /// <param name="database">Shared by the hubs.</param>
    /// <param name="time">For dates and beats. The silence is measured by the server.</param>
    /// <param name="silence">Instead of <see cref="Silence"/>. A holder says a word four times within it.</param>
    internal PostgresJobTurns(PostgresLedgerDatabase database, TimeProvider time, TimeSpan silence) =>
        (_database, _time, _silence) = (database, time, silence);

    public async Task<TimeSpan> RunAsync(IJob job, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(job);
        await using NpgsqlConnection own = await _database.OpenOwnAsync(_silence, cancellationToken);
        TimeSpan again = job.Every < AskAgain ? job.Every : AskAgain;
        if (!await own.ExecuteScalarAsync<bool>("SELECT pg_try_advisory_lock(@Key)", new { Key = PostgresLock.Key("job:" + job.Name) }))
        {
            return again;
        }

        long beganMs = NowMs();
        long? dueMs = await own.QuerySingleOrDefaultAsync<long?>("SELECT due_ms FROM job_run WHERE job = @Name", new { job.Name });

        // A date further away than one pause was written by a clock that ran ahead.
        if (dueMs is { } due && due > beganMs && due - beganMs <= (long)job.Every.TotalMilliseconds)
        {
            return TimeSpan.FromMilliseconds(due - beganMs);
        }

        await RunHeldAsync(job, own, cancellationToken);
        long endedMs = NowMs();
        await own.ExecuteAsync(
            """
            INSERT INTO job_run (job, due_ms, started_ms, ended_ms, holder) VALUES (@Name, @DueMs, @BeganMs, @EndedMs, @ReplicaId)
            ON CONFLICT (job) DO UPDATE
            SET due_ms = excluded.due_ms, started_ms = excluded.started_ms, ended_ms = excluded.ended_ms, holder = excluded.holder
            """,
            new { job.Name, DueMs = endedMs + (long)job.Every.TotalMilliseconds, BeganMs = beganMs, EndedMs = endedMs, _database.ReplicaId });
        return job.Every;
    }

    private async Task RunHeldAsync(IJob job, NpgsqlConnection own, CancellationToken cancellationToken)
    {
        using CancellationTokenSource run = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using CancellationTokenSource ended = new();
        Task<Exception?> beating = BeatAsync(own, run, ended.Token);
        Task work = BeginAsync(job, run.Token);
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended.CancelAsync();
        if (await beating is { } lost && !cancellationToken.IsCancellationRequested)
        {
            // Said instead of the cancellation that it caused.
            throw new IOException($"job {job.Name}: the connection that held its turn is gone, so another hub may run it", lost);
        }

        await work;
    }

    // A job that fails before its first await fails its task, too.
    private static async Task BeginAsync(IJob job, CancellationToken cancellationToken) => await job.RunAsync(cancellationToken);

    /// <summary>Keeps the session alive until the run ends; stops the run when the session is gone, and says why.</summary>
    private async Task<Exception?> BeatAsync(NpgsqlConnection own, CancellationTokenSource run, CancellationToken ended)
    {
        using PeriodicTimer timer = new(_silence / 4, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                await own.ExecuteAsync("SELECT 1");
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (Exception lost) when (lost is NpgsqlException or InvalidOperationException or IOException)
        {
            await run.CancelAsync();
            return lost;
        }

        return null;
    }

    private long NowMs() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}
