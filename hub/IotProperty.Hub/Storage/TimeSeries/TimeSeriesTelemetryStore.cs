using System.Diagnostics.Metrics;
using System.Threading.Channels;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Storage.Migration;
using IotProperty.Protocols.InfluxLine;
using IotProperty.Protocols.Uplink;
using Npgsql;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// Samples in a time-series server, keys and tallies of their batches in PostgreSQL. A commit takes the keys in an open transaction, writes the samples, and ends the
/// transaction: whatever breaks between, the repeat of the batch writes the same samples over themselves. Batches that wait, of all sites in turn, share one write and
/// one transaction. Where the server answers before it syncs, the batches stay in PostgreSQL until it has proven that they are on disk (<see cref="PendingFlush"/>).
/// Needs neither server at its start; safe for callers on any task, and for several hubs on the same servers.
/// </summary>
public sealed class TimeSeriesTelemetryStore : ITelemetryStore, IAsyncDisposable
{
    /// <summary>Where the schema's files are embedded.</summary>
    public const string SchemaFolder = "Schema/PostgresTelemetry";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly ITimeSeriesEngine _engine;
    private readonly NpgsqlDataSource _source;
    private readonly TimeSeriesOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<TimeSeriesTelemetryStore> _logger;
    private readonly PendingFlush? _flush;
    private readonly FairQueue<PendingCommit> _waiting;
    private readonly Channel<Writer> _idle = Channel.CreateUnbounded<Writer>();
    private readonly Meter _meter = new("IotProperty.Hub.Telemetry");
    private readonly Counter<long> _committedSamples;
    private readonly Counter<long> _commits;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _preparing = new(1);
    private readonly Task _writing;
    private readonly Task _flushing;

    // Whether the servers are prepared and hold what was promised; false again after any trouble.
    private volatile bool _ready;

    /// <param name="engine">Owned: disposed of with the store.</param>
    /// <param name="source">Of a database with the schema <see cref="SchemaFolder"/>. Not owned.</param>
    public TimeSeriesTelemetryStore(
        ITimeSeriesEngine engine, NpgsqlDataSource source, TimeSeriesOptions options, TimeProvider time, ILogger<TimeSeriesTelemetryStore> logger)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);
        _engine = engine;
        _source = source;
        _options = options;
        _time = time;
        _logger = logger;
        _flush = engine.Flush is { } proof ? new(engine, proof, source, logger) : null;
        _waiting = new(new FairQueueLimits(options.Waiting, options.WaitingPerSite));
        _committedSamples = _meter.CreateCounter<long>("iotp_telemetry_samples_total", description: "Samples committed.");
        _commits = _meter.CreateCounter<long>("iotp_telemetry_commits_total", description: "Transactions that committed samples; batches that wait together share one.");
        for (int i = 0; i < options.Writers; i++)
        {
            _idle.Writer.TryWrite(new Writer(engine.Dialect));
        }

        _writing = Task.Run(WriteAsync);
        _flushing = _flush is null ? Task.CompletedTask : Task.Run(FlushAsync);
    }

    /// <summary>Brings the database to the program's schema, beside what the ledger keeps there: in a schema of its own, with steps of its own.</summary>
    /// <exception cref="SchemaMismatchException">The schema belongs to another program version.</exception>
    /// <exception cref="IOException">An embedded hub's telemetry is being moved here.</exception>
    public static void Prepare(NpgsqlDataSource source, TimeProvider time)
    {
        ApplySchema(source, time);
        using NpgsqlConnection connection = source.OpenConnection();
        MigrationMarks.RefuseUnfinished(connection, MigrationPart.Telemetry, $"{connection.Host}:{connection.Port}/{connection.Database}");
    }

    /// <summary>The schema alone, for a move that fills it.</summary>
    internal static void ApplySchema(NpgsqlDataSource source, TimeProvider time) => PostgresSchema.ApplyIn("telemetry", source, SchemaFolder, time);

    /// <summary>For log lines and errors.</summary>
    public string ServerName => _engine.Name;

    /// <inheritdoc cref="ITimeSeriesEngine.CheckAsync"/>
    public Task CheckAsync(CancellationToken cancellationToken) => _engine.CheckAsync(cancellationToken);

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
    public async ValueTask<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken) =>
        await AskAsync(() => _engine.LatestAsync(site, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredSample>> RangeAsync(
        string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken) =>
        await AskAsync(() => _engine.RangeAsync(site, point, fromMs, toMs, limit, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<long> CountAsync(string site, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = _source.CreateCommand(
            """
            SELECT (coalesce(sum(untallied), 0) + coalesce((SELECT sum(records) FROM telemetry.tally t JOIN telemetry.site s ON s.id = t.site WHERE s.name = $1), 0))::bigint
            FROM telemetry.site WHERE name = $1
            """);
        command.Parameters.Add(new() { Value = site });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = _source.CreateCommand(
            """
            SELECT epoch, batches, min_sequence, max_sequence FROM telemetry.epoch
            WHERE site = (SELECT id FROM telemetry.site WHERE name = $1) ORDER BY epoch
            """);
        command.Parameters.Add(new() { Value = site });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<BatchSpan> spans = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            spans.Add(new(reader.GetInt64(0), Lane.Telemetry, reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3)));
        }

        return spans;
    }

    /// <inheritdoc/>
    public async ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = _source.CreateCommand(
            """
            SELECT epoch, hour_ms, records, hash FROM telemetry.tally
            WHERE site = (SELECT id FROM telemetry.site WHERE name = $1) AND hour_ms >= $2 AND hour_ms < $3 ORDER BY hour_ms, epoch
            """);
        command.Parameters.Add(new() { Value = site });
        command.Parameters.Add(new() { Value = fromMs });
        command.Parameters.Add(new() { Value = toMs });
        List<ReceivedTally> tallies = [];
        await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                tallies.Add(new(reader.GetInt64(0), Lane.Telemetry, reader.GetInt64(1), reader.GetInt64(2), (ulong)reader.GetDecimal(3)));
            }
        }

        // This store has kept tallies since its first step of the schema; what was moved into it may have none of its first time.
        await using NpgsqlCommand since = _source.CreateCommand("SELECT max(since_ms) FROM telemetry.tally_start");
        return new((long)(await since.ExecuteScalarAsync(cancellationToken))!, tallies);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, long epoch, SequenceRange span, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = _source.CreateCommand(
            """
            SELECT sequence FROM telemetry.batch
            WHERE site = (SELECT id FROM telemetry.site WHERE name = $1) AND epoch = $2 AND sequence BETWEEN $3 AND $4 ORDER BY sequence
            """);
        command.Parameters.Add(new() { Value = site });
        command.Parameters.Add(new() { Value = epoch });
        command.Parameters.Add(new() { Value = span.First });
        command.Parameters.Add(new() { Value = span.Last });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<long> known = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            known.Add(reader.GetInt64(0));
        }

        return SequenceRange.Missing(span.First, span.Last, known, ReceivedTallies.MaxMissing);
    }

    /// <summary>Commits what waits, and lets go of the servers.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Complete();
        await _writing;
        await _stopping.CancelAsync();
        await _flushing;
        _meter.Dispose();
        _stopping.Dispose();
        _preparing.Dispose();
        _engine.Dispose();
    }

    /// <summary>Gathers a group only when a writer is free for it: the longer the servers take, the larger the groups.</summary>
    private async Task WriteAsync()
    {
        while (await _waiting.WaitToTakeAsync())
        {
            Writer writer = await _idle.Reader.ReadAsync();
            List<PendingCommit> group = [];
            int samples = 0;
            while (group.Count < _options.GroupBatches && samples < _options.GroupSamples && _waiting.TryTake(out PendingCommit? commit))
            {
                group.Add(commit);
                samples += commit.Batch.Samples.Length;
            }

            // The writer comes back to the idle ones whatever happens, and every commit of the group gets its answer there.
            _ = Task.Run(async () =>
            {
                try
                {
                    await CommitGroupAsync(writer, group);
                }
                finally
                {
                    _idle.Writer.TryWrite(writer);
                }
            });
        }

        for (int i = 0; i < _options.Writers; i++)
        {
            Writer writer = await _idle.Reader.ReadAsync();
            await writer.CloseAsync();
            writer.Dispose();
        }
    }

    private async Task CommitGroupAsync(Writer writer, List<PendingCommit> group)
    {
        try
        {
            await TryCommitAsync(writer, group);
        }
        catch (TimeSeriesRefusedException refused) when (group.Count > 1)
        {
            _logger.RefusedGroup(_engine.Name, group.Count, refused.Message);
            await writer.CloseAsync();
            foreach (PendingCommit alone in group.Where(commit => !commit.Done.Task.IsCompleted))
            {
                await CommitGroupAsync(writer, [alone]);
            }
        }
        catch (TimeSeriesRefusedException refused) when (refused.IsForGood)
        {
            await writer.CloseAsync();
            group[0].Done.TrySetException(new UnstorableBatchException(refused.Message, refused));
        }
        catch (Exception e)
        {
            // Whatever it is: nothing was promised, the edges send again, and both servers are looked at anew before anything else is done with them.
            _ready = false;
            _logger.CannotCommit(e, group.Count);
            foreach (PendingCommit commit in group)
            {
                commit.Done.TrySetException(new IOException("the telemetry store cannot commit", e));
            }

            await writer.CloseAsync();
        }
    }

    private async Task TryCommitAsync(Writer writer, List<PendingCommit> all)
    {
        await ReadyAsync(default);
        List<PendingCommit> group = Storable(all);
        if (group.Count == 0)
        {
            return;
        }

        TelemetryKeys keys = writer.Keys ??= await TelemetryKeys.OpenAsync(_source, default);

        // The run of the server is asked before anything is written to it, so that a later run is never taken for the one that took the samples.
        long life = _flush?.Life ?? 0;
        await keys.BeginAsync(group, default);
        PendingCommit[] committed = [.. group.Where(commit => commit.Outcome == CommitOutcome.Committed)];
        if (committed.Length == 0)
        {
            await keys.RollBackAsync(default);
        }
        else
        {
            writer.Lines.Clear();
            foreach (PendingCommit commit in committed)
            {
                writer.Lines.Add(commit.Batch);
            }

            await LineChunks.WriteAsync(_engine, writer.Lines.Written, default);
            byte[]? pending = _flush is null ? null : PendingBatches.Write(committed.Select(commit => commit.Batch));
            await keys.CommitAsync(committed, pending, life, default);
            _committedSamples.Add(committed.Sum(commit => commit.Batch.Samples.Length));
            _commits.Add(1);
        }

        foreach (PendingCommit commit in group)
        {
            commit.Done.TrySetResult(commit.Outcome);
        }
    }

    /// <summary>Refuses what no such server can ever hold.</summary>
    private List<PendingCommit> Storable(List<PendingCommit> all)
    {
        List<PendingCommit> storable = new(all.Count);
        (long, long) holds = _engine.Holds;
        foreach (PendingCommit commit in all)
        {
            if (SampleLimits.WhyNot(commit.Batch, holds, _engine.Name) is { } why)
            {
                commit.Done.TrySetException(new UnstorableBatchException(why));
            }
            else
            {
                storable.Add(commit);
            }
        }

        return storable;
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        await ReadyAsync(cancellationToken);
        try
        {
            return await ask();
        }
        catch (IOException e) when (e is not TimeSeriesRefusedException)
        {
            _ready = false;
            throw;
        }
    }

    private async ValueTask ReadyAsync(CancellationToken cancellationToken)
    {
        if (_ready)
        {
            return;
        }

        await _preparing.WaitAsync(cancellationToken);
        try
        {
            if (!_ready)
            {
                await _engine.PrepareAsync(cancellationToken);
                int batches = _flush is null ? 0 : await _flush.RecoverAsync(cancellationToken);
                _logger.Ready(_engine.Name, batches);
                _ready = true;
            }
        }
        finally
        {
            _preparing.Release();
        }
    }

    private async Task FlushAsync()
    {
        bool failing = false;
        while (!_stopping.IsCancellationRequested)
        {
            bool done = false;
            try
            {
                done = await _flush!.RoundAsync(_stopping.Token);
                failing = false;
            }
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                if (!failing)
                {
                    _logger.CannotFlush(e, _engine.Name);
                }

                failing = true;
                _ready = false;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await Task.Delay(done ? _options.FlushEvery : RetryAfter, _time, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>What one group at a time is written with.</summary>
    private sealed class Writer : IDisposable
    {
        private readonly InfluxLineWriter _buffer = new();

        public Writer(SampleDialect dialect) => Lines = new(dialect, _buffer);

        public SampleLines Lines { get; }

        /// <summary>Null until the first commit and after any failure.</summary>
        public TelemetryKeys? Keys { get; set; }

        public async ValueTask CloseAsync()
        {
            if (Keys is { } keys)
            {
                Keys = null;
                await keys.DisposeAsync();
            }
        }

        public void Dispose() => _buffer.Dispose();
    }
}
