using Dapper;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Protocols.Uplink;
using Npgsql;
using NpgsqlTypes;

namespace IotProperty.Hub.Storage;

/// <summary>
/// One transaction of several batches of readings. Keys first: what they say decides which batches are new. The readings of new batches are copied straight into
/// their table; only when one of them is there already (an edge packed it anew) is the group inserted row by row with what is known left alone.
/// </summary>
internal sealed class ReadingGroup
{
    // Below this a copy's extra round trips cost more than they spare.
    private const int CopyAtLeast = 100;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly Dictionary<BatchKey, byte[]> _stored = [];

    private ReadingGroup(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        _connection = connection;
        _transaction = transaction;
    }

    /// <summary>Commits the group; the result tells each caller, and is called once the commit is on disk.</summary>
    public static async Task<Action> CommitAsync(PostgresLedgerDatabase database, List<WaitingReadings> waiting, long nowMs)
    {
        await using NpgsqlConnection connection = await database.Source.OpenConnectionAsync();
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
        ReadingGroup group = new(connection, transaction);

        // In order of key, so that two hubs that take the same batches wait for each other instead of deadlocking; the first of equal keys stands for them.
        WaitingReadings[] first = [.. waiting
            .DistinctBy(w => w.Batch.Key)
            .OrderBy(w => w.Batch.Key.Site, StringComparer.Ordinal).ThenBy(w => w.Batch.Key.Epoch).ThenBy(w => w.Batch.Key.Sequence)];
        HashSet<BatchKey> taken = await group.TakeKeysAsync(first, nowMs);
        WaitingReadings[] fresh = [.. first.Where(w => taken.Contains(w.Batch.Key))];
        bool any = await group.InsertAsync(fresh) > 0;
        LiveEvent[] changes = any
            ? [.. fresh.Where(w => w.Batch.Readings.Length > 0).Select(w => w.Batch.Key.Site).Distinct().Select(site => new LiveEvent(LiveKind.Reading, site, ""))]
            : [];
        await group.AddTalliesAsync(fresh);
        if (changes.Length > 0)
        {
            await connection.ExecuteAsync(
                "SELECT pg_notify(@Channel, @News)", new { LiveNews.Channel, News = LiveNews.Write(database.ReplicaId, changes) }, transaction);
        }

        await transaction.CommitAsync();
        return () => group.Tell(waiting, [.. fresh], changes);
    }

    private void Tell(List<WaitingReadings> waiting, HashSet<WaitingReadings> fresh, LiveEvent[] changes)
    {
        foreach (WaitingReadings one in waiting)
        {
            string site = one.Batch.Key.Site;
            one.Complete(
                fresh.Contains(one) ? new LedgerCommit(CommitOutcome.Committed, [.. changes.Where(c => c.Site == site && one.Batch.Readings.Length > 0)])
                : _stored[one.Batch.Key].AsSpan().SequenceEqual(one.ContentHash) ? LedgerCommit.Duplicate
                : LedgerCommit.KeyCollision);
        }
    }

    /// <summary>Returns the keys that were free, and remembers the stored hash of every key.</summary>
    private async Task<HashSet<BatchKey>> TakeKeysAsync(WaitingReadings[] batches, long nowMs)
    {
        var keys = new
        {
            Sites = batches.Select(w => w.Batch.Key.Site).ToArray(),
            Epochs = batches.Select(w => w.Batch.Key.Epoch).ToArray(),
            Sequences = batches.Select(w => w.Batch.Key.Sequence).ToArray(),
            Hashes = batches.Select(w => w.ContentHash).ToArray(),
            Counts = batches.Select(w => w.Batch.RecordCount).ToArray(),
            Lane = (short)Lane.Reading,
            NowMs = nowMs,
        };
        IEnumerable<KeyRow> inserted = await _connection.QueryAsync<KeyRow>(
            """
            INSERT INTO batch (site, epoch, lane, sequence, content_hash, record_count, received_ms)
            SELECT k.site, k.epoch, @Lane, k.sequence, k.hash, k.records, @NowMs
            FROM unnest(@Sites, @Epochs, @Sequences, @Hashes, @Counts) AS k (site, epoch, sequence, hash, records)
            ON CONFLICT DO NOTHING
            RETURNING site, epoch, sequence, content_hash AS hash
            """,
            keys,
            _transaction);
        HashSet<BatchKey> taken = [.. inserted.Select(Remember)];
        if (taken.Count < batches.Length)
        {
            // A new statement sees what was committed while the first one waited for it.
            IEnumerable<KeyRow> known = await _connection.QueryAsync<KeyRow>(
                """
                SELECT b.site, b.epoch, b.sequence, b.content_hash AS hash
                FROM unnest(@Sites, @Epochs, @Sequences) AS k (site, epoch, sequence)
                JOIN batch b ON b.site = k.site AND b.epoch = k.epoch AND b.lane = @Lane AND b.sequence = k.sequence
                """,
                keys,
                _transaction);
            foreach (KeyRow row in known)
            {
                Remember(row);
            }
        }

        return taken;
    }

    private BatchKey Remember(KeyRow row)
    {
        BatchKey key = new(row.Site, row.Epoch, Lane.Reading, row.Sequence);
        _stored[key] = row.Hash;
        return key;
    }

    /// <summary>Returns how many readings were new.</summary>
    private async Task<int> InsertAsync(WaitingReadings[] fresh)
    {
        int count = fresh.Sum(w => w.Batch.Readings.Length);
        if (count == 0)
        {
            return 0;
        }

        if (count < CopyAtLeast)
        {
            return await MergeAsync(fresh, count);
        }

        await _transaction.SaveAsync("readings");
        try
        {
            await CopyAsync(fresh);
            return count;
        }
        catch (PostgresException known) when (known.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            await _transaction.RollbackAsync("readings");
            return await MergeAsync(fresh, count);
        }
    }

    private async Task CopyAsync(WaitingReadings[] fresh)
    {
        await using NpgsqlBinaryImporter copy = await _connection.BeginBinaryImportAsync(
            "COPY reading (site, device, register, time_ms, value, unit, digits, quality, clock_trusted, clock_correction_ms) FROM STDIN (FORMAT BINARY)");
        foreach (WaitingReadings batch in fresh)
        {
            foreach (MeterReading reading in batch.Batch.Readings)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(batch.Batch.Key.Site, NpgsqlDbType.Text);
                await copy.WriteAsync(reading.Device, NpgsqlDbType.Text);
                await copy.WriteAsync(reading.Register, NpgsqlDbType.Text);
                await copy.WriteAsync(reading.TimeMs, NpgsqlDbType.Bigint);
                await copy.WriteAsync(LedgerContext.ExactText(reading.Value), NpgsqlDbType.Text);
                await copy.WriteAsync(reading.Unit, NpgsqlDbType.Text);
                await copy.WriteAsync(reading.Digits, NpgsqlDbType.Integer);
                await copy.WriteAsync((short)reading.Quality, NpgsqlDbType.Smallint);
                await copy.WriteAsync(reading.ClockTrusted, NpgsqlDbType.Boolean);
                await copy.WriteAsync(CorrectionOf(batch.Batch, reading), NpgsqlDbType.Bigint);
            }
        }

        await copy.CompleteAsync();
    }

    private Task<int> MergeAsync(WaitingReadings[] fresh, int count)
    {
        string[] sites = new string[count];
        MeterReading[] readings = new MeterReading[count];
        long[] correctionsMs = new long[count];
        int at = 0;
        foreach (WaitingReadings batch in fresh)
        {
            foreach (MeterReading reading in batch.Batch.Readings)
            {
                (sites[at], readings[at], correctionsMs[at]) = (batch.Batch.Key.Site, reading, CorrectionOf(batch.Batch, reading));
                at++;
            }
        }

        return _connection.ExecuteAsync(
            """
            INSERT INTO reading (site, device, register, time_ms, value, unit, digits, quality, clock_trusted, clock_correction_ms)
            SELECT * FROM unnest(@Sites, @Devices, @Registers, @TimesMs, @Values, @Units, @Digits, @Qualities, @Trusted, @CorrectionsMs)
            ON CONFLICT DO NOTHING
            """,
            new
            {
                Sites = sites,
                Devices = Array.ConvertAll(readings, r => r.Device),
                Registers = Array.ConvertAll(readings, r => r.Register),
                TimesMs = Array.ConvertAll(readings, r => r.TimeMs),
                Values = Array.ConvertAll(readings, r => LedgerContext.ExactText(r.Value)),
                Units = Array.ConvertAll(readings, r => r.Unit),
                Digits = Array.ConvertAll(readings, r => r.Digits),
                Qualities = Array.ConvertAll(readings, r => (short)r.Quality),
                Trusted = Array.ConvertAll(readings, r => r.ClockTrusted),
                CorrectionsMs = correctionsMs,
            },
            _transaction);
    }

    private static long CorrectionOf(Batch batch, MeterReading reading) => reading.ClockTrusted ? 0 : batch.ClockCorrectionMs;

    /// <summary>What the new batches bring to the tallies of their hours. Last before the commit, because hubs that take readings of one hour wait for each other here.</summary>
    private async Task AddTalliesAsync(WaitingReadings[] fresh)
    {
        (string Site, long Epoch, long HourMs, long Records, long Low, long High)[] sums =
        [
            .. fresh
                .SelectMany(w => BatchTally.Of(w.Batch), (w, tally) => (w.Batch.Key.Site, w.Batch.Key.Epoch, tally.HourMs, tally.Records, Halves: HashHalves.Of(tally.Hash)))
                .GroupBy(one => (one.Site, one.Epoch, one.HourMs))
                .OrderBy(hour => hour.Key.Site, StringComparer.Ordinal).ThenBy(hour => hour.Key.Epoch).ThenBy(hour => hour.Key.HourMs)
                .Select(hour => (hour.Key.Site, hour.Key.Epoch, hour.Key.HourMs, hour.Sum(one => one.Records), hour.Sum(one => one.Halves.Low), hour.Sum(one => one.Halves.High))),
        ];
        if (sums.Length == 0)
        {
            return;
        }

        await _connection.ExecuteAsync(
            """
            INSERT INTO received_tally (site, epoch, lane, hour_ms, record_count, hash_low, hash_high)
            SELECT t.site, t.epoch, @Lane, t.hour_ms, t.records, t.low, t.high
            FROM unnest(@Sites, @Epochs, @HoursMs, @Records, @Lows, @Highs) WITH ORDINALITY AS t (site, epoch, hour_ms, records, low, high, position)
            ORDER BY t.position
            ON CONFLICT (site, epoch, lane, hour_ms) DO UPDATE SET
                record_count = received_tally.record_count + excluded.record_count,
                hash_low = received_tally.hash_low + excluded.hash_low,
                hash_high = received_tally.hash_high + excluded.hash_high
            """,
            new
            {
                Lane = (short)Lane.Reading,
                Sites = Array.ConvertAll(sums, s => s.Site),
                Epochs = Array.ConvertAll(sums, s => s.Epoch),
                HoursMs = Array.ConvertAll(sums, s => s.HourMs),
                Records = Array.ConvertAll(sums, s => s.Records),
                Lows = Array.ConvertAll(sums, s => s.Low),
                Highs = Array.ConvertAll(sums, s => s.High),
            },
            _transaction);
    }

    private sealed record KeyRow
    {
        public string Site { get; init; } = "";

        public long Epoch { get; init; }

        public long Sequence { get; init; }

        public byte[] Hash { get; init; } = [];
    }
}
