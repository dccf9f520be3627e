using System.Collections.Immutable;
using System.Runtime.InteropServices;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Works off requests in rounds: one round, one transaction. Owned by one task, which calls <see cref="Work"/>, makes the returned state visible and then
/// <see cref="Complete"/>s the round. When the disk fails, the round's callers are told, nothing of the round stays, and the store is opened anew.
/// </summary>
internal sealed class OutboxWriter : IDisposable
{
    private const int RecoveryPauseMs = 1_000;
    private const int MaxGapsInBatch = 1_000;

    private readonly string _path;
    private readonly string _site;
    private readonly OutboxSettings _settings;
    private readonly EdgeClock _clock;
    private readonly SampleBuffer _samples;
    private readonly Func<string> _newId;
    private readonly ILogger _logger;
    private readonly long[] _lastSequence = new long[(int)Lane.Telemetry + 1];

    // Receipted rows are deleted along with the next commit that is needed anyway; a kill before it sends them once more.
    private readonly HashSet<long> _receipted = [];
    private readonly List<StateWrite> _stateWrites = [];
    private readonly OutboundFeed _outbound = new();
    private readonly Queue<Gap> _gaps = [];
    private readonly Queue<OutboxEffect> _effects = [];
    private readonly Dictionary<long, byte[]> _fresh = [];
    private readonly Dictionary<StoreRequest, Exception> _refused = new(ReferenceEqualityComparer.Instance);

    private OutboxDatabase? _database;
    private bool _running;
    private OutboxQueue _queue;
    private long _lastRowId;
    private OpenTelemetry? _open;
    private long? _deletesDueMs;
    private long? _recoverAtMs;
    private long _droppedBefore;
    private long _repeatsBefore;
    private long _setAside;
    private long _commits;
    private long _failures;

    public OutboxWriter(string path, string site, OutboxSettings settings, EdgeClock clock, SampleBuffer samples, Func<string> newId, ILogger logger)
    {
        (_path, _site, _settings, _clock, _samples, _newId, _logger) = (path, site, settings, clock, samples, newId, logger);
        _database = OutboxDatabase.Open(path);
        try
        {
            Epoch = _database.TakeEpoch(clock.Now().UtcMs);
            State = _database.ReadState();
            _queue = ReadQueue(_database);
        }
        catch
        {
            _database.Dispose();
            throw;
        }

        Snapshot = TakeSnapshot();
        StorageLog.Opened(_logger, path, Epoch, _queue.Rows, _queue.Bytes);
    }

    public long Epoch { get; }

    /// <summary>The state as it was when the store was opened.</summary>
    public IReadOnlyDictionary<string, byte[]> State { get; }

    /// <summary>Replaced after every round; safe to read on any task.</summary>
    public OutboxSnapshot Snapshot { get; private set => Volatile.Write(ref field, value); }

    /// <summary>Whether telemetry was stored in this run.</summary>
    public bool Flushed { get; private set; }

    /// <summary>When telemetry in memory must be stored; null when there is none.</summary>
    public long? FlushDueMs => _samples.Waiting is { Count: > 0 } waiting ? Math.Max(waiting.DueMs, _recoverAtMs ?? 0) : null;

    /// <summary>When there is something else to do; null when only requests can change anything.</summary>
    public long? NextDueMs => _recoverAtMs ?? Earlier(_queue.NextDueMs, _deletesDueMs);

    /// <summary>Works off a round, and the telemetry when it is due. Returns the state that was stored.</summary>
    public IReadOnlyList<StateWrite> Work(List<StoreRequest> round, bool last)
    {
        Moment now = _clock.Now();
        Clear();
        _refused.Clear();
        long[] sequencesBefore = [.. _lastSequence];
        (List<Sample> Samples, LostSamples Lost) taken = ([], default);
        try
        {
            Recover(now);
            foreach (StoreRequest request in round)
            {
                Apply(request, now);
            }

            if (_database is not null && (last || _samples.Waiting.Count >= _settings.MaxBatchSamples || FlushDueMs <= now.MonotonicMs))
            {
                taken = _samples.Take();
                Flush(taken.Samples, taken.Lost, now);
                Flushed = Flushed || taken.Samples.Count > 0;
            }

            Run(_queue.Step(now, new OutboxEvent.Tick()), now);
            Commit(now, last);
            if (taken.Samples.Count > 0)
            {
                _samples.GiveBack(taken.Samples);
            }
        }
        catch (SqliteException broken)
        {
            sequencesBefore.CopyTo(_lastSequence, 0);
            _samples.PutBack(taken.Samples, taken.Lost, now.MonotonicMs + _settings.FlushMs);
            Fail(round, broken, now);
        }

        Snapshot = TakeSnapshot();
        return _stateWrites;
    }

    /// <summary>Tells the callers of the round, and hands out what is to be published.</summary>
    public void Complete(List<StoreRequest> round)
    {
        _outbound.HandOut();
        foreach (StoreRequest request in round)
        {
            if (request is StoreRequest.Tick)
            {
                continue;
            }

            if (_refused.TryGetValue(request, out Exception? reason))
            {
                request.Stored.TrySetException(reason);
            }
            else
            {
                request.Stored.TrySetResult();
            }
        }
    }

    public void Dispose()
    {
        _outbound.Disconnect();
        _database?.Dispose();
    }

    private static long? Earlier(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);

    private static OutboxRow Describe(long id, Batch batch, int bytes)
    {
        (long from, long to) = EventBatches.Span(batch);
        bool onlyGaps = batch.Gaps.Length == batch.RecordCount;
        return new OutboxRow(id, new BatchNumber(batch.Key.Epoch, batch.Key.Lane, batch.Key.Sequence), bytes, batch.RecordCount, from, to, onlyGaps);
    }

    /// <summary>Forgets what a round, finished or failed, has left.</summary>
    private void Clear()
    {
        _stateWrites.Clear();
        _outbound.Clear();
        _gaps.Clear();
        _effects.Clear();
        _fresh.Clear();
        _running = false;
    }

    private void Apply(StoreRequest request, Moment now)
    {
        switch (request)
        {
            case StoreRequest.Add add:
                Store(add, now);
                break;
            case StoreRequest.Connect connect:
                _outbound.Connect(connect.Outbound);
                Run(_queue.Step(now, new OutboxEvent.Disconnected()), now);
                Run(_queue.Step(now, new OutboxEvent.Connected()), now);
                break;
            case StoreRequest.Disconnect:
                _outbound.Disconnect();
                Run(_queue.Step(now, new OutboxEvent.Disconnected()), now);
                break;
            case StoreRequest.Receipts receipts:
                foreach (Receipt receipt in receipts.All.Where(receipt => receipt.Key.Site == _site))
                {
                    BatchNumber number = new(receipt.Key.Epoch, receipt.Key.Lane, receipt.Key.Sequence);
                    Run(_queue.Step(now, new OutboxEvent.Receipted(number, receipt.Status, receipt.Reason)), now);
                }

                break;
            case StoreRequest.Tick:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(request), request, "not a request to the store");
        }
    }

    private void Store(StoreRequest.Add add, Moment now)
    {
        if (_database is null)
        {
            _refused.Add(add, new OutboxUnavailableException($"{_path} cannot be written just now"));
            return;
        }

        List<(Batch Batch, byte[] Payload)> encoded = [];
        try
        {
            foreach (Batch batch in add.Batches)
            {
                Batch keyed = batch with { Key = new BatchKey(_site, Epoch, add.Lane, _lastSequence[(int)add.Lane] + encoded.Count + 1) };
                encoded.Add((keyed, BatchCodec.Encode(keyed)));
            }
        }
        catch (ArgumentException misuse)
        {
            // The caller's records cannot be encoded: its mistake, which must not touch the other callers of the round.
            _refused.Add(add, misuse);
            return;
        }

        foreach ((Batch batch, byte[] payload) in encoded)
        {
            Insert(batch, payload, now);
        }

        foreach (StateWrite write in add.State)
        {
            _database.Write(write);
            _stateWrites.Add(write);
        }
    }

    private OutboxRow Insert(Batch batch, byte[] payload, Moment now)
    {
        _lastSequence[(int)batch.Key.Lane] = batch.Key.Sequence;
        OutboxRow row = Describe(++_lastRowId, batch, payload.Length);
        _database!.Insert(row, payload);
        _fresh[row.Id] = payload;
        Run(_queue.Step(now, new OutboxEvent.Stored(row)), now);
        return row;
    }

    private void Flush(List<Sample> samples, in LostSamples lost, Moment now)
    {
        if (lost.Records > 0)
        {
            long sequence = ++_lastSequence[(int)Lane.Telemetry];
            _gaps.Enqueue(new Gap(Lane.Telemetry, Epoch, sequence, sequence, lost.FromMs, lost.ToMs, lost.Records, "store too slow"));
            StorageLog.SamplesLost(_logger, lost.Records);
        }

        int at = 0;
        if (_open is not null && _queue.MayGrow(_open.Row.Id) && _open.Samples.Length < _settings.MaxBatchSamples)
        {
            at = Math.Min(samples.Count, _settings.MaxBatchSamples - _open.Samples.Length);
            Grow(_open, CollectionsMarshal.AsSpan(samples)[..at], now);
        }

        while (at < samples.Count)
        {
            ImmutableArray<Sample> part = [.. CollectionsMarshal.AsSpan(samples).Slice(at, Math.Min(_settings.MaxBatchSamples, samples.Count - at))];
            Batch batch = new() { Key = new BatchKey(_site, Epoch, Lane.Telemetry, _lastSequence[(int)Lane.Telemetry] + 1), Samples = part };
            _open = new OpenTelemetry(Insert(batch, BatchCodec.Encode(batch), now), part);
            at += part.Length;
        }
    }

    /// <summary>While a batch waits (the hub is away or slow) it gathers what follows: a backlog is few large batches, not many small ones.</summary>
    private void Grow(OpenTelemetry open, ReadOnlySpan<Sample> more, Moment now)
    {
        if (more.IsEmpty)
        {
            return;
        }

        open.Samples = [.. open.Samples, .. more];
        Batch batch = new()
        {
            Key = new BatchKey(_site, open.Row.Number.Epoch, Lane.Telemetry, open.Row.Number.Sequence),
            Samples = open.Samples,
        };
        byte[] payload = BatchCodec.Encode(batch);
        open.Row = Describe(open.Row.Id, batch, payload.Length);
        _database!.Replace(open.Row, payload);
        _fresh[open.Row.Id] = payload;
        Run(_queue.Step(now, new OutboxEvent.Grew(open.Row)), now);
    }

    /// <summary>Carries effects out in the order in which they were decided: those that follow from an effect come after those that were decided with it.</summary>
    private void Run(IReadOnlyList<OutboxEffect> decided, Moment now)
    {
        foreach (OutboxEffect effect in decided)
        {
            _effects.Enqueue(effect);
        }

        if (_running)
        {
            return;
        }

        _running = true;
        while (_effects.TryDequeue(out OutboxEffect? effect) || DeclareGaps(now))
        {
            if (effect is not null)
            {
                Run(effect, now);
            }
        }

        _running = false;
    }

    private bool DeclareGaps(Moment now)
    {
        if (_database is null || _gaps.Count == 0)
        {
            return false;
        }

        List<GapRecord> records = [];
        while (records.Count < MaxGapsInBatch && _gaps.TryDequeue(out Gap? gap))
        {
            records.Add(gap.ToRecord(_newId()));
            StorageLog.Gap(_logger, gap.Records, gap.Lane, gap.Epoch, gap.FirstSequence, gap.LastSequence, gap.Reason);
        }

        Batch batch = new() { Key = new BatchKey(_site, Epoch, Lane.Event, _lastSequence[(int)Lane.Event] + 1), Gaps = [.. records] };
        Insert(batch, BatchCodec.Encode(batch), now);
        return true;
    }

    private void Run(OutboxEffect effect, Moment now)
    {
        switch (effect)
        {
            case OutboxEffect.Publish publish:
                Publish(publish.Row, now);
                break;
            case OutboxEffect.Delete delete:
                _receipted.Add(delete.Id);
                _deletesDueMs ??= now.MonotonicMs + _settings.FlushMs;
                break;
            case OutboxEffect.SetAside aside:
                _setAside++;
                _database?.SetAside(aside.Id, aside.Reason, now.UtcMs);
                break;
            case OutboxEffect.Drop drop:
                _database?.Delete(drop.Id);
                break;
            case OutboxEffect.Declare declare:
                _gaps.Enqueue(declare.Gap);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(effect), effect, "not an effect of the outbox");
        }
    }

    private void Publish(in OutboxRow row, Moment now)
    {
        if (_database is null)
        {
            return;
        }

        if (_fresh.TryGetValue(row.Id, out byte[]? payload) || _database.TryRead(row, out payload))
        {
            _outbound.Add(new OutboundBatch(row.Number, payload));
            return;
        }

        StorageLog.RowDamaged(_logger, row.Id, row.Number.Lane, row.Number.Epoch, row.Number.Sequence);
        Run(_queue.Step(now, new OutboxEvent.Damaged(row.Id, "damaged in the edge's store")), now);
    }

    private void Commit(Moment now, bool last)
    {
        if (_database is null)
        {
            return;
        }

        if (last || _deletesDueMs <= now.MonotonicMs)
        {
            _database.Begin();
        }

        if (_database.InTransaction)
        {
            foreach (long id in _receipted)
            {
                _database.Delete(id);
            }

            _database.Commit();
            _commits++;
            _receipted.Clear();
            _deletesDueMs = null;
        }
    }

    private void Fail(List<StoreRequest> round, SqliteException broken, Moment now)
    {
        _failures++;
        StorageLog.Failed(_logger, _path, broken.Message);
        foreach (StoreRequest.Add add in round.OfType<StoreRequest.Add>())
        {
            _refused.TryAdd(add, new OutboxUnavailableException($"{_path}: {broken.Message}", broken));
        }

        Clear();
        _outbound.KeepConnection(round);
        _open = null;
        _database?.Dispose();
        _database = null;
        _recoverAtMs = now.MonotonicMs + RecoveryPauseMs;
    }

    private void Recover(Moment now)
    {
        if (_recoverAtMs is not { } due || due > now.MonotonicMs)
        {
            return;
        }

        _recoverAtMs = now.MonotonicMs + RecoveryPauseMs;
        OutboxDatabase database = OutboxDatabase.Open(_path);
        OutboxQueue queue;
        try
        {
            queue = ReadQueue(database);
        }
        catch (SqliteException)
        {
            database.Dispose();
            throw;
        }

        _droppedBefore += _queue.DroppedRecords;
        _repeatsBefore += _queue.Repeats;
        _database = database;
        _queue = queue;
        _recoverAtMs = null;
        StorageLog.Recovered(_logger, _path);
        if (_outbound.IsConnected)
        {
            Run(_queue.Step(now, new OutboxEvent.Connected()), now);
        }
    }

    private OutboxQueue ReadQueue(OutboxDatabase database)
    {
        IReadOnlyList<OutboxRow> rows = database.ReadIndex(out IReadOnlyList<long> damaged);
        foreach (long id in damaged)
        {
            StorageLog.RowUnreadable(_logger, id);
            database.SetAside(id, "description damaged in the edge's store", _clock.Now().UtcMs);
            _setAside++;
        }

        database.Commit();
        _lastRowId = Math.Max(_lastRowId, rows.Count > 0 ? rows[^1].Id : 0);

        // A commit that was reported as failed may have reached the disk all the same: its numbers are taken.
        foreach (OutboxRow row in rows.Where(row => row.Number.Epoch == Epoch))
        {
            ref long last = ref _lastSequence[(int)row.Number.Lane];
            last = Math.Max(last, row.Number.Sequence);
        }

        return new OutboxQueue(_settings, rows.Where(row => !_receipted.Contains(row.Id)));
    }

    private OutboxSnapshot TakeSnapshot() => new(
        _queue.Backlog(Lane.Event),
        _queue.Backlog(Lane.Reading),
        _queue.Backlog(Lane.Telemetry),
        _droppedBefore + _queue.DroppedRecords,
        _repeatsBefore + _queue.Repeats,
        _setAside,
        _commits,
        _failures);

    /// <summary>The newest telemetry batch, which may gather more while it was never published.</summary>
    private sealed class OpenTelemetry(OutboxRow row, ImmutableArray<Sample> samples)
    {
        public OutboxRow Row { get; set; } = row;

        public ImmutableArray<Sample> Samples { get; set; } = samples;
    }
}
