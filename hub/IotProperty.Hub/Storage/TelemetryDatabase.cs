using IotProperty.Hub.Telemetry;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Storage;

/// <summary>
/// The writer's connection to <c>telemetry.db</c> and every statement that changes it. One task uses it. A receipt promises that a batch is on disk, so each commit
/// is synced (<c>synchronous=FULL</c>; with a write-ahead log that is one sync of one file); the store groups batches so that they share it.
/// </summary>
internal sealed class TelemetryDatabase : IDisposable
{
    /// <summary>No block spans more time, so that a range of time bounds which blocks can touch it.</summary>
    public const long MaxBlockSpanMs = 86_400_000;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _insertSite;
    private readonly SqliteCommand _insertSeries;
    private readonly SqliteCommand _insertBatch;
    private readonly SqliteCommand _readHash;
    private readonly SqliteCommand _countBatch;
    private readonly SqliteCommand _addTally;
    private readonly SqliteCommand _insertJournal;
    private readonly SqliteCommand _insertBlock;
    private readonly SqliteCommand _updateSeries;
    private readonly SqliteCommand _clearJournal;

    public TelemetryDatabase(string connectionString)
    {
        _connection = new(connectionString);
        try
        {
            _connection.Open();
            Execute("PRAGMA synchronous = FULL");
            _begin = Prepare("BEGIN IMMEDIATE");
            _commit = Prepare("COMMIT");
            _insertSite = Prepare("INSERT INTO site (name) VALUES ($1) RETURNING id", 1);
            _insertSeries = Prepare("INSERT INTO series (site, device, point) VALUES ($1, $2, $3) RETURNING id", 3);
            _insertBatch = Prepare("INSERT INTO batch (site, epoch, sequence, content_hash) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", 4);
            _readHash = Prepare("SELECT content_hash FROM batch WHERE site = $1 AND epoch = $2 AND sequence = $3", 3);
            _countBatch = Prepare(
                """
                INSERT INTO epoch (site, epoch, batches, min_sequence, max_sequence) VALUES ($1, $2, 1, $3, $3)
                ON CONFLICT DO UPDATE SET batches = batches + 1, min_sequence = min(min_sequence, $3), max_sequence = max(max_sequence, $3)
                """,
                3);
            _addTally = Prepare(
                """
                INSERT INTO tally (site, epoch, hour_ms, record_count, hash_low, hash_high) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT DO UPDATE SET record_count = record_count + $4, hash_low = hash_low + $5, hash_high = hash_high + $6
                """,
                6);
            _insertJournal = Prepare("INSERT INTO journal (runs) VALUES ($1)", 1);
            _insertBlock = Prepare("INSERT INTO block (series, first_ms, last_ms, run) VALUES ($1, $2, $3, $4) RETURNING id", 4);
            _updateSeries = Prepare("UPDATE series SET samples = $2, latest_ms = $3, latest_bits = $4, latest_mark = $5 WHERE id = $1", 5);
            _clearJournal = Prepare("DELETE FROM journal");
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    public void Begin() => _begin.ExecuteNonQuery();

    /// <summary>Returns when what was done since <see cref="Begin"/> is on disk. A database that is closed instead forgets it.</summary>
    public void Commit() => _commit.ExecuteNonQuery();

    public long InsertSite(string name) => (long)Bind(_insertSite, name).ExecuteScalar()!;

    public long InsertSeries(TelemetrySite site, PointRef point) => (long)Bind(_insertSeries, site.Id, point.Device, point.Point).ExecuteScalar()!;

    /// <summary>Takes the key, or says why not.</summary>
    public CommitOutcome TakeKey(TelemetrySite site, BatchKey key, byte[] contentHash)
    {
        if (Bind(_insertBatch, site.Id, key.Epoch, key.Sequence, contentHash).ExecuteNonQuery() > 0)
        {
            Bind(_countBatch, site.Id, key.Epoch, key.Sequence).ExecuteNonQuery();
            return CommitOutcome.Committed;
        }

        byte[] known = (byte[])Bind(_readHash, site.Id, key.Epoch, key.Sequence).ExecuteScalar()!;
        return known.AsSpan().SequenceEqual(contentHash) ? CommitOutcome.Duplicate : CommitOutcome.KeyCollision;
    }

    /// <summary>Adds what a batch brought to the tally of an hour.</summary>
    public void AddTally(TelemetrySite site, long epoch, in BatchTally tally)
    {
        (long low, long high) = HashHalves.Of(tally.Hash);
        Bind(_addTally, site.Id, epoch, tally.HourMs, tally.Records, low, high).ExecuteNonQuery();
    }

    public void InsertJournal(byte[] runs) => Bind(_insertJournal, runs).ExecuteNonQuery();

    /// <summary>Returns the block's id.</summary>
    public long InsertBlock(TelemetrySeries series, long firstMs, long lastMs, byte[] run) =>
        (long)Bind(_insertBlock, series.Id, firstMs, lastMs, run).ExecuteScalar()!;

    public void UpdateSeries(TelemetrySeries series, long samples, StoredSample latest) => Bind(
        _updateSeries,
        series.Id,
        samples,
        latest.TimeMs,
        BitConverter.DoubleToInt64Bits(latest.Value),
        (long)SampleMark.Of(latest.Quality, latest.ClockTrusted, latest.ClockCorrected)).ExecuteNonQuery();

    public void ClearJournal() => _clearJournal.ExecuteNonQuery();

    /// <summary>Reads back all that the store keeps in memory.</summary>
    public TelemetryMemory Load(ILogger logger) => Load(_connection, logger.Damaged);

    /// <summary>The same over any connection, and each damaged place with what is wrong there goes to <paramref name="damaged"/>.</summary>
    public static TelemetryMemory Load(SqliteConnection connection, Action<string, string> damaged)
    {
        TelemetryMemory memory = new();
        Dictionary<long, TelemetrySite> sites = [];
        ForEach(connection, "SELECT id, name FROM site", row => sites.Add(row.GetInt64(0), memory.Add(row.GetInt64(0), row.GetString(1))));
        ForEach(
            connection,
            "SELECT id, site, device, point, samples, latest_ms, latest_bits, latest_mark FROM series ORDER BY id",
            row =>
            {
                TelemetrySite site = sites[row.GetInt64(1)];
                TelemetrySeries series = memory.Add(site, row.GetInt64(0), new(row.GetString(2), row.GetString(3)));
                byte mark = row.IsDBNull(7) ? (byte)0 : row.GetByte(7);
                StoredSample? latest = row.IsDBNull(5)
                    ? null
                    : new(row.GetInt64(5), BitConverter.Int64BitsToDouble(row.GetInt64(6)), SampleMark.QualityOf(mark), SampleMark.IsTrusted(mark), SampleMark.IsCorrected(mark));
                series.Restore(row.GetInt64(4), latest);
                site.Samples += series.SealedSamples;
            });
        ForEach(connection, "SELECT coalesce(max(id), 0) FROM block", row => memory.SealedThrough = row.GetInt64(0));
        ForEach(connection, "SELECT id, runs FROM journal ORDER BY id", row => Replay(row.GetInt64(0), row.GetFieldValue<byte[]>(1), memory, damaged));
        foreach (TelemetrySite site in memory.Sites.Values)
        {
            site.Samples += site.Series.Values.Sum(series => (long)series.Head.Count);
        }

        memory.Unsealed = memory.SeriesById.Values.Sum(series => series.Head.Count);
        return memory;
    }

    public void Dispose()
    {
        SqliteCommand[] commands =
        [
            _begin, _commit, _insertSite, _insertSeries, _insertBatch, _readHash, _countBatch, _addTally, _insertJournal, _insertBlock, _updateSeries, _clearJournal,
        ];
        foreach (SqliteCommand command in commands)
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private static void Replay(long id, byte[] runs, TelemetryMemory memory, Action<string, string> damaged)
    {
        if (!TelemetryJournal.TryRead(runs, memory, out string why))
        {
            damaged($"row {id} of the journal", why);
        }
    }

    private SqliteCommand Prepare(string sql, int parameters = 0)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 1; i <= parameters; i++)
        {
            command.Parameters.Add(new SqliteParameter($"${i}", null));
        }

        if (parameters > 0)
        {
            command.Prepare();
        }

        return command;
    }

    private static SqliteCommand Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        return command;
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void ForEach(SqliteConnection connection, string sql, Action<SqliteDataReader> take)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            take(reader);
        }
    }
}
