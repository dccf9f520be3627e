using IotProperty.Protocols.InfluxLine;
using IotProperty.Protocols.Uplink;
using Npgsql;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// Lets go of what is kept in <c>telemetry.pending</c> once the time-series server has proven that it is on disk, and writes it again when the server was started anew
/// before it could. Of several hubs one does it at a time.
/// </summary>
/// <param name="proof">The engine's, which is not null.</param>
internal sealed class PendingFlush(ITimeSeriesEngine engine, IFlushProof proof, NpgsqlDataSource source, ILogger logger)
{
    private static readonly long LockKey = PostgresLock.Key("telemetry-pending");

    /// <summary>The life of rows that cannot be read: kept for people, left alone by the program.</summary>
    private const long Quarantined = -2;
    private const long Nobody = -1;

    private long _life;

    /// <summary>The run of the server that <see cref="RoundAsync"/> saw last; 0 when it does not know.</summary>
    public long Life => Volatile.Read(ref _life);

    /// <summary>Writes everything again that is not proven, before anything is read or promised: nobody knows what became of the server meanwhile. Returns how many batches.</summary>
    public async Task<int> RecoverAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _life, await proof.LifeAsync(cancellationToken));
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ScalarAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken);
        (int batches, _) = await WriteAgainAsync(connection, Nobody, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return batches;
    }

    /// <summary>One round. Returns whether nothing is left to be done soon.</summary>
    public async Task<bool> RoundAsync(CancellationToken cancellationToken)
    {
        long life = await proof.LifeAsync(cancellationToken);
        Volatile.Write(ref _life, life);
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (life == 0 || await ScalarAsync(connection, $"SELECT pg_try_advisory_xact_lock({LockKey})", cancellationToken) is not true)
        {
            return life != 0;
        }

        // A row's number is drawn after its batches were written, so whatever bears a number up to this one was written before now.
        if (await ScalarAsync(connection, "SELECT max(id) FROM telemetry.pending", cancellationToken) is not long last)
        {
            return true;
        }

        (int batches, List<long> rows) = await WriteAgainAsync(connection, life, cancellationToken);
        if (batches > 0)
        {
            logger.WrittenAgain(engine.Name, batches);
        }

        await proof.FlushAsync(cancellationToken);
        if (await proof.LifeAsync(cancellationToken) != life)
        {
            // It died between: what it had in memory before the flush may be gone. The next round writes it again.
            return false;
        }

        await using NpgsqlCommand delete = new("DELETE FROM telemetry.pending WHERE (id <= $1 AND life = $2) OR id = ANY($3)", connection)
        {
            Parameters = { new() { Value = last }, new() { Value = life }, new() { Value = rows.ToArray() } },
        };
        await delete.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<(int Batches, List<long> Rows)> WriteAgainAsync(NpgsqlConnection connection, long exceptLife, CancellationToken cancellationToken)
    {
        using InfluxLineWriter writer = new();
        SampleLines lines = new(engine.Dialect, writer);
        List<long> rows = [];
        List<long> damaged = [];
        int batches = 0;
        await using (NpgsqlCommand select = new($"SELECT id, batches FROM telemetry.pending WHERE life <> $1 AND life <> {Quarantined} ORDER BY id", connection)
        {
            Parameters = { new() { Value = exceptLife } },
        })
        {
            await using NpgsqlDataReader reader = await select.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                long id = reader.GetInt64(0);
                if (!PendingBatches.TryRead(reader.GetFieldValue<byte[]>(1), out List<Batch> kept, out string why))
                {
                    logger.DamagedPending(id, why, engine.Name);
                    damaged.Add(id);
                    continue;
                }

                lines.Clear();
                kept.ForEach(lines.Add);
                await LineChunks.WriteAsync(engine, lines.Written, cancellationToken);
                batches += kept.Count;
                rows.Add(id);
            }
        }

        await using NpgsqlCommand quarantine = new($"UPDATE telemetry.pending SET life = {Quarantined} WHERE id = ANY($1)", connection)
        {
            Parameters = { new() { Value = damaged.ToArray() } },
        };
        await quarantine.ExecuteNonQueryAsync(cancellationToken);
        return (batches, rows);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
