using IotProperty.Protocols.Uplink;
using Npgsql;
using NpgsqlTypes;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// Keys and tallies of one group of batches in PostgreSQL, on a connection of its own. <see cref="BeginAsync"/> takes the keys in an open transaction, which makes any
/// other hub that brings the same key wait; then the samples are written; <see cref="CommitAsync"/> adds the tallies, last, so that their rows are locked but for a
/// moment. Rows are touched in order of their keys, so that no two hubs wait for each other. One user at a time; after a failure it is disposed of.
/// </summary>
internal sealed class TelemetryKeys : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly Dictionary<string, int> _sites = new(StringComparer.Ordinal);

    private TelemetryKeys(NpgsqlConnection connection) => _connection = connection;

    public static async Task<TelemetryKeys> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            // A receipt promises that the key is on disk, whatever the server's default is.
            await using NpgsqlCommand command = new("SET synchronous_commit = on", connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new TelemetryKeys(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes the keys of a group and sets the outcome of each commit. The transaction stays open.</summary>
    public async Task BeginAsync(List<PendingCommit> group, CancellationToken cancellationToken)
    {
        await LearnSitesAsync(group, cancellationToken);
        Dictionary<BatchKey, PendingCommit> first = [];
        foreach (PendingCommit commit in group)
        {
            first.TryAdd(commit.Batch.Key, commit);
        }

        PendingCommit[] taking = [.. first.Values.OrderBy(c => _sites[c.Batch.Key.Site]).ThenBy(c => c.Batch.Key.Epoch).ThenBy(c => c.Batch.Key.Sequence)];
        HashSet<(int, long, long)> taken = await TakeKeysAsync(taking, cancellationToken);
        Dictionary<(int, long, long), byte[]> known = taken.Count == taking.Length
            ? []
            : await KnownHashesAsync([.. taking.Where(c => !taken.Contains(IdOf(c)))], cancellationToken);
        foreach (PendingCommit commit in group)
        {
            PendingCommit taker = first[commit.Batch.Key];
            byte[] hash = known.GetValueOrDefault(IdOf(commit), taker.ContentHash);
            commit.Outcome =
                commit == taker && taken.Contains(IdOf(commit)) ? CommitOutcome.Committed
                : hash.AsSpan().SequenceEqual(commit.ContentHash) ? CommitOutcome.Duplicate
                : CommitOutcome.KeyCollision;
        }
    }

    /// <summary>Adds what the committed ones of the group count for, and ends the transaction; returns when it is on disk.</summary>
    /// <param name="pending">Null, or what must be kept until the time-series server has proven that it is on disk.</param>
    /// <param name="life">Which run of that server took it.</param>
    public async Task CommitAsync(IReadOnlyList<PendingCommit> committed, byte[]? pending, long life, CancellationToken cancellationToken)
    {
        await using NpgsqlBatch batch = new(_connection);
        if (committed.Count > 0)
        {
            batch.BatchCommands.Add(CountEpochs(committed));
            batch.BatchCommands.Add(CountHours(committed));
        }

        if (pending is not null)
        {
            batch.BatchCommands.Add(new("INSERT INTO telemetry.pending (life, batches) VALUES ($1, $2)")
            {
                Parameters = { new() { Value = life }, new() { Value = pending } },
            });
        }

        batch.BatchCommands.Add(new("COMMIT"));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Ends the transaction as if it had not begun.</summary>
    public async Task RollBackAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("ROLLBACK", _connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task LearnSitesAsync(List<PendingCommit> group, CancellationToken cancellationToken)
    {
        string[] unknown = [.. group.Select(c => c.Batch.Key.Site).Where(site => !_sites.ContainsKey(site)).Distinct().Order(StringComparer.Ordinal)];
        if (unknown.Length == 0)
        {
            return;
        }

        await using NpgsqlBatch batch = new(_connection)
        {
            BatchCommands =
            {
                new("INSERT INTO telemetry.site (name) SELECT unnest($1) ON CONFLICT (name) DO NOTHING") { Parameters = { Array(unknown, NpgsqlDbType.Text) } },
                new("SELECT id, name FROM telemetry.site WHERE name = ANY($1)") { Parameters = { Array(unknown, NpgsqlDbType.Text) } },
            },
        };
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            _sites[reader.GetString(1)] = reader.GetInt32(0);
        }
    }

    private async Task<HashSet<(int, long, long)>> TakeKeysAsync(PendingCommit[] taking, CancellationToken cancellationToken)
    {
        await using NpgsqlBatch batch = new(_connection)
        {
            BatchCommands =
            {
                new("BEGIN"),
                new(
                    """
                    INSERT INTO telemetry.batch (site, epoch, sequence, content_hash)
                    SELECT * FROM unnest($1, $2, $3, $4)
                    ON CONFLICT DO NOTHING
                    RETURNING site, epoch, sequence
                    """)
                {
                    Parameters =
                    {
                        Array(taking.Select(c => _sites[c.Batch.Key.Site]).ToArray(), NpgsqlDbType.Integer),
                        Array(taking.Select(c => c.Batch.Key.Epoch).ToArray(), NpgsqlDbType.Bigint),
                        Array(taking.Select(c => c.Batch.Key.Sequence).ToArray(), NpgsqlDbType.Bigint),
                        Array(taking.Select(c => c.ContentHash).ToArray(), NpgsqlDbType.Bytea),
                    },
                },
            },
        };
        HashSet<(int, long, long)> taken = [];
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            taken.Add((reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2)));
        }

        return taken;
    }

    private async Task<Dictionary<(int, long, long), byte[]>> KnownHashesAsync(PendingCommit[] repeats, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            """
            SELECT b.site, b.epoch, b.sequence, b.content_hash
            FROM telemetry.batch b JOIN unnest($1, $2, $3) AS asked (site, epoch, sequence) USING (site, epoch, sequence)
            """,
            _connection)
        {
            Parameters =
            {
                Array(repeats.Select(c => _sites[c.Batch.Key.Site]).ToArray(), NpgsqlDbType.Integer),
                Array(repeats.Select(c => c.Batch.Key.Epoch).ToArray(), NpgsqlDbType.Bigint),
                Array(repeats.Select(c => c.Batch.Key.Sequence).ToArray(), NpgsqlDbType.Bigint),
            },
        };
        Dictionary<(int, long, long), byte[]> known = [];
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            known[(reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2))] = reader.GetFieldValue<byte[]>(3);
        }

        return known;
    }

    private NpgsqlBatchCommand CountEpochs(IReadOnlyList<PendingCommit> committed)
    {
        (int Site, long Epoch, long Batches, long Min, long Max)[] rows = [.. committed
            .GroupBy(c => (Site: _sites[c.Batch.Key.Site], c.Batch.Key.Epoch))
            .Select(g => (g.Key.Site, g.Key.Epoch, (long)g.Count(), g.Min(c => c.Batch.Key.Sequence), g.Max(c => c.Batch.Key.Sequence)))
            .Order()];
        return new(
            """
            INSERT INTO telemetry.epoch AS known (site, epoch, batches, min_sequence, max_sequence)
            SELECT * FROM unnest($1, $2, $3, $4, $5)
            ON CONFLICT (site, epoch) DO UPDATE SET
                batches = known.batches + excluded.batches,
                min_sequence = least(known.min_sequence, excluded.min_sequence),
                max_sequence = greatest(known.max_sequence, excluded.max_sequence)
            """)
        {
            Parameters =
            {
                Array(rows.Select(r => r.Site).ToArray(), NpgsqlDbType.Integer),
                Array(rows.Select(r => r.Epoch).ToArray(), NpgsqlDbType.Bigint),
                Array(rows.Select(r => r.Batches).ToArray(), NpgsqlDbType.Bigint),
                Array(rows.Select(r => r.Min).ToArray(), NpgsqlDbType.Bigint),
                Array(rows.Select(r => r.Max).ToArray(), NpgsqlDbType.Bigint),
            },
        };
    }

    private NpgsqlBatchCommand CountHours(IReadOnlyList<PendingCommit> committed)
    {
        (int Site, long Epoch, long HourMs, long Records, decimal Hash)[] rows = [.. committed
            .SelectMany(c => BatchTally.Of(c.Batch), (c, tally) => (Site: _sites[c.Batch.Key.Site], c.Batch.Key.Epoch, Tally: tally))
            .GroupBy(one => (one.Site, one.Epoch, one.Tally.HourMs))
            .Select(g => (g.Key.Site, g.Key.Epoch, g.Key.HourMs, g.Sum(one => one.Tally.Records), (decimal)g.Aggregate(0UL, (sum, one) => unchecked(sum + one.Tally.Hash))))
            .Order()];
        return new(
            """
            INSERT INTO telemetry.tally AS known (site, epoch, hour_ms, records, hash)
            SELECT * FROM unnest($1, $2, $3, $4, $5)
            ON CONFLICT (site, epoch, hour_ms) DO UPDATE SET
                records = known.records + excluded.records,
                hash = mod(known.hash + excluded.hash, 18446744073709551616)
            """)
        {
            Parameters =
            {
                Array(rows.Select(r => r.Site).ToArray(), NpgsqlDbType.Integer),
                Array(rows.Select(r => r.Epoch).ToArray(), NpgsqlDbType.Bigint),
                Array(rows.Select(r => r.HourMs).ToArray(), NpgsqlDbType.Bigint),
                Array(rows.Select(r => r.Records).ToArray(), NpgsqlDbType.Bigint),
                Array(rows.Select(r => r.Hash).ToArray(), NpgsqlDbType.Numeric),
            },
        };
    }

    private (int, long, long) IdOf(PendingCommit commit) => (_sites[commit.Batch.Key.Site], commit.Batch.Key.Epoch, commit.Batch.Key.Sequence);

    private static NpgsqlParameter Array(object values, NpgsqlDbType type) => new() { Value = values, NpgsqlDbType = NpgsqlDbType.Array | type };
}
