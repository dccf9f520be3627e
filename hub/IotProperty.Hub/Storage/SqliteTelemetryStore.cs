using System.Buffers;
using System.Diagnostics.Metrics;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Telemetry;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Storage;

/// <summary>
/// Samples in one SQLite file. A commit appends its samples, encoded, to a journal and is on disk then; batches that wait together share one transaction and one sync.
/// The newest samples of each point also lie in memory, and once enough have come they are sealed into blocks, one point each, and the journal is emptied. So a sample
/// costs a few bytes instead of a row, twice. A restart reads the journal back. Sites take turns in the queue, so that one that floods waits behind itself. Construct after <see cref="Prepare"/>; safe for callers on any task.
/// </summary>
public sealed class SqliteTelemetryStore : ITelemetryStore, IAsyncDisposable
{
    /// <summary>Where the schema's files are embedded.</summary>
    public const string SchemaFolder = "Schema/SqliteTelemetry";

    private const int WaitingCommits = 16_384;
    private const int WaitingCommitsOfSite = 256;
    private const int GroupBatches = 64;

    // A group that has so many samples takes no further batch: who comes meanwhile waits for no more than this.
    private const int GroupSamples = 16_384;
    private const int MaxBlockSamples = 8192;
    private static readonly TimeSpan SealPause = TimeSpan.FromSeconds(60);

    private readonly string _file;
    private readonly string _connectionString;
    private readonly TelemetryStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SqliteTelemetryStore> _logger;
    private readonly FairQueue<PendingCommit> _waiting = new(new FairQueueLimits(WaitingCommits, WaitingCommitsOfSite));
    private readonly Meter _meter = new("IotProperty.Hub.Telemetry");
    private readonly Counter<long> _committedSamples;
    private readonly Counter<long> _commits;
    private readonly Counter<long> _seals;
    private readonly Task _writing;

    // Guards _memory and everything in it. The writer alone changes it, and holds the lock while it does; the others read it under the lock.
    private readonly Lock _gate = new();
    private readonly List<TelemetrySeries> _touched = [];
    private TelemetryMemory _memory;
    private TelemetryDatabase? _database;
    private long _sealNotBefore;

    public SqliteTelemetryStore(string file, TelemetryStoreOptions options, TimeProvider time, ILogger<SqliteTelemetryStore> logger)
    {
        _file = file;
        _options = options;
        _time = time;
        _logger = logger;
        _connectionString = ConnectionStringTo(file);
        _committedSamples = _meter.CreateCounter<long>("iotp_telemetry_samples_total", description: "Samples committed.");
        _commits = _meter.CreateCounter<long>("iotp_telemetry_commits_total", description: "Transactions that committed samples; batches that wait together share one.");
        _seals = _meter.CreateCounter<long>("iotp_telemetry_seals_total", description: "How often the journal was sealed into blocks.");
        _sealNotBefore = time.GetTimestamp();
        _database = new(WriterConnectionStringTo(file));
        _memory = _database.Load(logger);
        logger.Opened(file, _memory.SeriesById.Count, _memory.Unsealed);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Brings the file to the program's schema, making it when it is not there.</summary>
    /// <exception cref="SchemaMismatchException">The file belongs to another program version.</exception>
    public static void Prepare(string file, TimeProvider time)
    {
        using SqliteConnection connection = new(ConnectionStringTo(file));
        connection.Open();
        SqliteSchema.Apply(connection, SchemaFile.Embedded(SchemaFolder), time);
    }

    /// <inheritdoc/>
    public async ValueTask<CommitOutcome> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Key.Lane != Lane.Telemetry)
        {
            throw new ArgumentException($"a batch of the {batch.Key.Lane} lane does not belong here", nameof(batch));
        }

        PendingCommit commit = new(batch, contentHash.ToArray());
        if (!_waiting.TryAdd(batch.Key.Site, commit))
        {
            throw new IOException($"too many batches wait for the telemetry store, {_waiting.Count} of all sites, or it is closed");
        }

        return await commit.Done.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            IReadOnlyList<LatestSample> latest = !_memory.Sites.TryGetValue(site, out TelemetrySite? known)
                ? []
                : [.. known.Series.Values.Where(series => series.Latest is not null).Select(series => new LatestSample(site, series.Point, series.Latest!.Value))];
            return ValueTask.FromResult(latest);
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(string site, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_memory.Sites.TryGetValue(site, out TelemetrySite? known) ? known.Samples : 0);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredSample>> RangeAsync(
        string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken)
    {
        TelemetryRange range = new(fromMs, toMs, limit);
        if (limit <= 0 || !TryCopyHead(site, point, fromMs, toMs, out long series, out long sealedThrough, out SampleColumns head))
        {
            return [];
        }

        using SqliteConnection connection = new(_connectionString);
        await connection.OpenAsync(cancellationToken);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT id, first_ms, run FROM block
            WHERE series = $series AND first_ms >= $since AND first_ms < $to AND last_ms >= $from AND id <= $sealed
            ORDER BY first_ms, id
            """;
        command.Parameters.AddWithValue("$series", series);
        command.Parameters.AddWithValue("$since", fromMs < long.MinValue + TelemetryDatabase.MaxBlockSpanMs ? long.MinValue : fromMs - TelemetryDatabase.MaxBlockSpanMs);
        command.Parameters.AddWithValue("$from", fromMs);
        command.Parameters.AddWithValue("$to", toMs);
        command.Parameters.AddWithValue("$sealed", sealedThrough);
        using SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        SampleColumns run = new();
        while (reader.Read() && !range.IsFullBefore(reader.GetInt64(1)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            run.Clear();
            ReadBlock(reader.GetInt64(0), reader.GetFieldValue<byte[]>(2), run);
            range.Add(reader.GetInt64(0), run);
        }

        range.Add(long.MaxValue, head);
        return range.Take();
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken)
    {
        using SqliteConnection connection = new(_connectionString);
        await connection.OpenAsync(cancellationToken);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT epoch, batches, min_sequence, max_sequence FROM epoch WHERE site = (SELECT id FROM site WHERE name = $site) ORDER BY epoch";
        command.Parameters.AddWithValue("$site", site);
        using SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<BatchSpan> spans = [];
        while (reader.Read())
        {
            spans.Add(new(reader.GetInt64(0), Lane.Telemetry, reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3)));
        }

        return spans;
    }

    /// <inheritdoc/>
    public async ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        using SqliteConnection connection = new(_connectionString);
        await connection.OpenAsync(cancellationToken);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT epoch, hour_ms, record_count, hash_low, hash_high FROM tally
            WHERE site = (SELECT id FROM site WHERE name = $site) AND hour_ms >= $from AND hour_ms < $to ORDER BY hour_ms, epoch
            """;
        command.Parameters.AddWithValue("$site", site);
        command.Parameters.AddWithValue("$from", fromMs);
        command.Parameters.AddWithValue("$to", toMs);
        List<ReceivedTally> tallies = [];
        using (SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (reader.Read())
            {
                tallies.Add(new(reader.GetInt64(0), Lane.Telemetry, reader.GetInt64(1), reader.GetInt64(2), HashHalves.Join(reader.GetInt64(3), reader.GetInt64(4))));
            }
        }

        command.CommandText = "SELECT since_ms FROM tally_start";
        return new((long)(await command.ExecuteScalarAsync(cancellationToken))!, tallies);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, long epoch, SequenceRange span, CancellationToken cancellationToken)
    {
        using SqliteConnection connection = new(_connectionString);
        await connection.OpenAsync(cancellationToken);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT sequence FROM batch
            WHERE site = (SELECT id FROM site WHERE name = $site) AND epoch = $epoch AND sequence BETWEEN $first AND $last ORDER BY sequence
            """;
        command.Parameters.AddWithValue("$site", site);
        command.Parameters.AddWithValue("$epoch", epoch);
        command.Parameters.AddWithValue("$first", span.First);
        command.Parameters.AddWithValue("$last", span.Last);
        using SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        return SequenceRange.Missing(span.First, span.Last, Sequences(reader), ReceivedTallies.MaxMissing);

        static IEnumerable<long> Sequences(SqliteDataReader reader)
        {
            while (reader.Read())
            {
                yield return reader.GetInt64(0);
            }
        }
    }

    /// <summary>Commits what waits and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Complete();
        await _writing;
        _meter.Dispose();
    }

    private static string ConnectionStringTo(string file) => new SqliteConnectionStringBuilder { DataSource = file, Pooling = true }.ToString();

    // Not pooled: closing it is how a failed write is forgotten.
    private static string WriterConnectionStringTo(string file) => new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString();

    private async Task WriteAsync()
    {
        List<PendingCommit> group = [];
        while (await _waiting.WaitToTakeAsync())
        {
            int samples = 0;
            while (group.Count < GroupBatches && samples < GroupSamples && _waiting.TryTake(out PendingCommit? commit))
            {
                group.Add(commit);
                samples += commit.Batch.Samples.Length;
            }

            CommitGroup(group);
            group.Clear();
            SealWhenDue();
        }

        _database?.Dispose();
    }

    private void CommitGroup(List<PendingCommit> group)
    {
        try
        {
            TelemetryDatabase database = OpenDatabase();
            database.Begin();
            foreach (PendingCommit commit in group)
            {
                Stage(database, commit);
            }

            if (_touched.Count > 0)
            {
                database.InsertJournal(TelemetryJournal.Write(_touched));
            }

            database.Commit();
            TakeStaged(group);
        }
        catch (Exception e)
        {
            _logger.CannotCommit(e, group.Count);
            StartOver();
            foreach (PendingCommit commit in group)
            {
                commit.Done.TrySetException(new IOException("the telemetry store cannot commit", e));
            }

            return;
        }

        foreach (PendingCommit commit in group)
        {
            commit.Done.TrySetResult(commit.Outcome);
        }
    }

    private void Stage(TelemetryDatabase database, PendingCommit commit)
    {
        TelemetrySite site = SiteOf(database, commit.Batch.Key.Site);
        commit.Outcome = database.TakeKey(site, commit.Batch.Key, commit.ContentHash);
        if (commit.Outcome != CommitOutcome.Committed)
        {
            return;
        }

        foreach (BatchTally tally in BatchTally.Of(commit.Batch))
        {
            database.AddTally(site, commit.Batch.Key.Epoch, tally);
        }

        bool corrected = commit.Batch.ClockCorrectionMs != 0;
        TelemetrySeries? series = null;
        foreach (ref readonly Sample sample in commit.Batch.Samples.AsSpan())
        {
            if (series is null || sample.Point != series.Point)
            {
                series = SeriesOf(database, site, sample.Point);
            }

            if (series.Staged.Count == 0)
            {
                _touched.Add(series);
            }

            series.Staged.Add(sample.TimeMs, sample.Value, SampleMark.Of(sample.Quality, sample.ClockTrusted, corrected && !sample.ClockTrusted));
        }
    }

    private TelemetrySite SiteOf(TelemetryDatabase database, string name)
    {
        if (_memory.Sites.TryGetValue(name, out TelemetrySite? site))
        {
            return site;
        }

        long id = database.InsertSite(name);
        lock (_gate)
        {
            return _memory.Add(id, name);
        }
    }

    private TelemetrySeries SeriesOf(TelemetryDatabase database, TelemetrySite site, PointRef point)
    {
        if (site.Series.TryGetValue(point, out TelemetrySeries? series))
        {
            return series;
        }

        long id = database.InsertSeries(site, point);
        lock (_gate)
        {
            return _memory.Add(site, id, point);
        }
    }

    private void TakeStaged(List<PendingCommit> group)
    {
        int samples = 0;
        lock (_gate)
        {
            foreach (TelemetrySeries series in _touched)
            {
                series.TakeStaged();
            }

            foreach (PendingCommit commit in group.Where(commit => commit.Outcome == CommitOutcome.Committed))
            {
                samples += commit.Batch.Samples.Length;
                _memory.Sites[commit.Batch.Key.Site].Samples += commit.Batch.Samples.Length;
            }

            _memory.Unsealed += samples;
        }

        _touched.Clear();
        _committedSamples.Add(samples);
        _commits.Add(1);
    }

    private void SealWhenDue()
    {
        int threshold = Math.Clamp(_memory.SeriesById.Count * _options.SealSamplesPerSeries, _options.SealAtLeast, Math.Max(_options.SealAtLeast, _options.SealAtMost));
        if (_memory.Unsealed < threshold || _database is null || _time.GetTimestamp() < _sealNotBefore)
        {
            return;
        }

        try
        {
            Seal(_database);
            _seals.Add(1);
        }
        catch (Exception e)
        {
            _logger.CannotSeal(e, SealPause.TotalSeconds);
            _sealNotBefore = _time.GetTimestamp() + (long)(SealPause.TotalSeconds * _time.TimestampFrequency);
            StartOver();
        }
    }

    private void Seal(TelemetryDatabase database)
    {
        List<TelemetrySeries> sealing = [.. _memory.SeriesById.Values.Where(series => series.Head.Count > 0)];
        long sealedThrough = _memory.SealedThrough;
        database.Begin();
        foreach (TelemetrySeries series in sealing)
        {
            sealedThrough = SealSeries(database, series);
            database.UpdateSeries(series, series.SealedSamples + series.Head.Count, series.Latest!.Value);
        }

        database.ClearJournal();
        database.Commit();
        lock (_gate)
        {
            foreach (TelemetrySeries series in sealing)
            {
                series.NoteSealed();
            }

            _memory.Unsealed = 0;
            _memory.SealedThrough = sealedThrough;
        }
    }

    private static long SealSeries(TelemetryDatabase database, TelemetrySeries series)
    {
        SampleColumns samples = series.Head.Sorted();
        ReadOnlySpan<long> timesMs = samples.TimesMs;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SampleRun.MaxBytes(Math.Min(MaxBlockSamples, samples.Count)) + RunSeal.Length);
        long block = 0;
        for (int first = 0, end; first < samples.Count; first = end)
        {
            end = first + 1;

            // The times are sorted, so their difference is not negative, however far apart they are.
            while (end < samples.Count && end - first < MaxBlockSamples && unchecked((ulong)(timesMs[end] - timesMs[first])) <= TelemetryDatabase.MaxBlockSpanMs)
            {
                end++;
            }

            int length = SampleRun.Write(timesMs[first..end], samples.Values[first..end], samples.Marks[first..end], buffer);
            byte[] run = buffer.AsSpan(0, length + RunSeal.Length).ToArray();
            RunSeal.Write(run);
            block = database.InsertBlock(series, timesMs[first], timesMs[end - 1], run);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return block;
    }

    /// <summary>After a failed write nobody knows how much of it the file holds: everything is read back before the next one.</summary>
    private void StartOver()
    {
        _touched.Clear();
        _database?.Dispose();
        _database = null;
    }

    private TelemetryDatabase OpenDatabase()
    {
        if (_database is null)
        {
            TelemetryDatabase database = new(WriterConnectionStringTo(_file));
            try
            {
                TelemetryMemory memory = database.Load(_logger);
                lock (_gate)
                {
                    _memory = memory;
                }
            }
            catch
            {
                database.Dispose();
                throw;
            }

            _database = database;
            _logger.Opened(_file, _memory.SeriesById.Count, _memory.Unsealed);
        }

        return _database;
    }

    private bool TryCopyHead(string site, PointRef point, long fromMs, long toMs, out long series, out long sealedThrough, out SampleColumns head)
    {
        head = new();
        lock (_gate)
        {
            sealedThrough = _memory.SealedThrough;
            if (!_memory.Sites.TryGetValue(site, out TelemetrySite? known) || !known.Series.TryGetValue(point, out TelemetrySeries? found))
            {
                series = 0;
                return false;
            }

            series = found.Id;
            for (int i = 0; i < found.Head.Count; i++)
            {
                if (found.Head.TimesMs[i] >= fromMs && found.Head.TimesMs[i] < toMs)
                {
                    head.Add(found.Head.TimesMs[i], found.Head.Values[i], found.Head.Marks[i]);
                }
            }

            return true;
        }
    }

    private void ReadBlock(long id, ReadOnlySpan<byte> bytes, SampleColumns into)
    {
        string why = "its checksum does not hold";
        if (!RunSeal.TryOpen(bytes, out ReadOnlySpan<byte> rest) || !SampleRun.TryRead(ref rest, into, out why))
        {
            _logger.Damaged($"block {id}", why);
        }
    }

    private sealed class PendingCommit(Batch batch, byte[] contentHash)
    {
        public Batch Batch { get; } = batch;

        public byte[] ContentHash { get; } = contentHash;

        public CommitOutcome Outcome { get; set; }

        public TaskCompletionSource<CommitOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
