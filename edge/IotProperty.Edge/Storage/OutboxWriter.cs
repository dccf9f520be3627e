using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Works off requests in rounds: one round, one transaction. Owned by one task, which calls <see cref="Work"/>, makes the returned state visible and then
/// <see cref="Complete"/>s the round. When the disk fails, the round's callers are told, nothing of the round stays, and the store is opened anew. When it is the commit that
/// failed, nobody knows yet whether it was made: the round's callers wait until the store could be opened and has told.
/// </summary>
/// <remarks>
/// Its parts: <see cref="StoreOpening"/> opens the file and says what it holds, <see cref="StoreRows"/> stores batches and carries out the queue's decisions,
/// <see cref="TelemetryRows"/> gathers samples into batches.
/// </remarks>
internal sealed class OutboxWriter : IDisposable
{
    private const int RecoveryPauseMs = 1_000;

    private readonly string _path;
    private readonly string _site;
    private readonly OutboxSettings _settings;
    private readonly EdgeClock _clock;
    private readonly SampleBuffer _samples;
    private readonly ILogger _logger;
    private readonly StoreOpening _opening;
    private readonly StoreSpace _space;
    private readonly StoreRows _rows;
    private readonly TelemetryRows _telemetry;
    private readonly List<StateWrite> _stateWrites = [];
    private readonly Dictionary<StoreRequest, Exception> _refused = new(ReferenceEqualityComparer.Instance);
    private readonly List<(StoreRequest Request, Exception? Refusal)> _settled = [];
    private readonly List<StateWrite> _settledState = [];

    // State as it was last committed; for a store whose own can no longer be read.
    private readonly Dictionary<string, byte[]> _state;

    private DoubtfulRound? _doubtful;
    private string? _damage;
    private long? _recoverAtMs;
    private long _measureAtMs;
    private long _commits;
    private long _failures;

    public OutboxWriter(
        string path, string site, OutboxSettings settings, EdgeClock clock, SampleBuffer samples, Func<string> newId, ILogger logger, StoreSeams seams)
    {
        (_path, _site, _settings, _clock, _samples, _logger) = (path, site, settings, clock, samples, logger);
        _space = new StoreSpace(path, settings);
        _opening = new StoreOpening(path, site, settings.MaxBytes, clock, seams, logger);
        try
        {
            OpenedStore opened = _opening.Open(running: null);
            _state = new Dictionary<string, byte[]>(opened.State, StringComparer.Ordinal);
            _rows = new StoreRows(site, settings, clock, opened, _opening.Notes, newId, logger);
        }
        catch
        {
            _opening.Dispose();
            throw;
        }

        _telemetry = new TelemetryRows(_rows, settings, samples.Traces, logger);
        TakeEpoch();
        Snapshot = TakeSnapshot();
        StorageLog.Opened(_logger, path, Epoch, _rows.Queue.Rows, _rows.Queue.Bytes);
    }

    public long Epoch => _rows.Epoch;

    /// <summary>The state as it was when the store was opened.</summary>
    public IReadOnlyDictionary<string, byte[]> State => _state;

    /// <summary>Replaced after every round; safe to read on any task.</summary>
    public OutboxSnapshot Snapshot { get; private set => Volatile.Write(ref field, value); }

    /// <inheritdoc cref="IOutbox.TelemetryLosses"/>
    public long TelemetryLosses => _rows.TelemetryLosses;

    /// <summary>Whether telemetry was stored in this run.</summary>
    public bool Flushed { get; private set; }

    /// <summary>When telemetry in memory must be stored; null when there is none.</summary>
    public long? FlushDueMs => _samples.Waiting is { Count: > 0 } waiting ? Math.Max(waiting.DueMs, _recoverAtMs ?? 0) : null;

    /// <summary>When there is something else to do; null when only requests can change anything.</summary>
    public long? NextDueMs => _recoverAtMs
        ?? (_rows.Corrections.IsEmpty ? Earlier(Earlier(_rows.Queue.NextDueMs, _rows.DeletesDueMs), _rows.Tallies.DueMs(_clock.Now())) : 0);

    /// <summary>Works off a round, and the telemetry when it is due. Returns the state that was stored.</summary>
    public IReadOnlyList<StateWrite> Work(List<StoreRequest> round, bool last)
    {
        Moment now = _clock.Now();
        _rows.BeginRound(now);
        _stateWrites.Clear();
        _refused.Clear();
        _settled.Clear();
        _settledState.Clear();
        (List<Sample> Samples, LostSamples Lost) taken = ([], default);
        try
        {
            Recover(now, last);
            FollowClock();
            foreach (StoreRequest request in round)
            {
                Apply(request);
            }

            if (_rows.Database is not null && (last || _samples.Waiting.Count >= _settings.MaxBatchSamples || FlushDueMs <= now.MonotonicMs))
            {
                taken = _samples.Take();
                FollowClock();
                _telemetry.Store(taken.Samples, taken.Lost);
                Flushed = Flushed || taken.Samples.Count > 0;
            }

            // After the round's receipts: whatever steps the queue at this time sends again what has none.
            MeasureSpace(now);
            _rows.Happened(new OutboxEvent.Tick());
            if (_rows.Database is not null)
            {
                _rows.Corrections.Work(_rows);
                _rows.Tallies.Tell(_rows, now);
            }

            if (_rows.Commit(last))
            {
                _commits++;
                _samples.Traces.Stored();
            }

            if (taken.Samples.Count > 0)
            {
                _samples.GiveBack(taken.Samples);
            }
        }
        catch (Exception broken) when (broken is SqliteException or IOException or UnauthorizedAccessException)
        {
            Fail(round, taken, broken, now);
        }

        _settledState.AddRange(_stateWrites);
        foreach (StateWrite write in _settledState)
        {
            Keep(write);
        }

        Snapshot = TakeSnapshot();
        return _settledState;
    }

    /// <summary>Tells the callers of the round, and hands out what is to be published.</summary>
    public void Complete(List<StoreRequest> round)
    {
        _rows.Outbound.HandOut();
        foreach ((StoreRequest request, Exception? refusal) in _settled)
        {
            Answer(request, refusal);
        }

        foreach (StoreRequest request in round.Except(_settled.Select(settled => settled.Request), ReferenceEqualityComparer.Instance).Cast<StoreRequest>())
        {
            if (request is not StoreRequest.Tick && _doubtful?.Adds.Contains(request) != true)
            {
                Answer(request, _refused.GetValueOrDefault(request));
            }
        }
    }

    public void Dispose()
    {
        foreach (StoreRequest request in _doubtful?.Adds ?? [])
        {
            Answer(request, new OutboxUnavailableException($"{_path} could not be written, and whether this was stored is not known"));
        }

        _samples.Traces.Close();
        _rows.Close();
        _opening.Dispose();
    }

    private static void Answer(StoreRequest request, Exception? refusal)
    {
        if (refusal is null)
        {
            request.Stored.TrySetResult();
        }
        else
        {
            request.Stored.TrySetException(refusal);
        }
    }

    private static long? Earlier(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);

    private void Apply(StoreRequest request)
    {
        switch (request)
        {
            case StoreRequest.Add add:
                Store(add);
                break;
            case StoreRequest.Connect connect:
                _rows.Outbound.Connect(connect.Outbound);

                // What is sampled from now on is live: the row that gathered while the hub was away belongs to the backlog, and would keep it there.
                _telemetry.Forget();
                _rows.Happened(new OutboxEvent.Disconnected());
                _rows.Happened(new OutboxEvent.Connected());
                break;
            case StoreRequest.Disconnect:
                _rows.Outbound.Disconnect();
                _rows.Happened(new OutboxEvent.Disconnected());
                break;
            case StoreRequest.Receipts receipts:
                foreach (Receipt receipt in receipts.All.Where(receipt => receipt.Key.Site == _site))
                {
                    BatchNumber number = new(receipt.Key.Epoch, receipt.Key.Lane, receipt.Key.Sequence);
                    _rows.Happened(new OutboxEvent.Receipted(number, receipt.Status, receipt.Reason));
                }

                break;
            case StoreRequest.Tick:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(request), request, "not a request to the store");
        }
    }

    private void Store(StoreRequest.Add add)
    {
        if (_rows.Database is null)
        {
            _refused.Add(add, new OutboxUnavailableException($"{_path} cannot be written just now"));
            return;
        }

        List<(Batch Batch, byte[] Payload)> encoded = [];
        try
        {
            foreach (Batch batch in add.Batches.Select(UplinkText.Storable).SelectMany(_rows.Corrections.Split))
            {
                BatchSplit.Encode(_rows.Stamps.Place(batch), _settings.MaxBatchBytes, () => _rows.NextKey(add.Lane, ahead: encoded.Count), encoded);
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
            _rows.Insert(batch, payload);
        }

        foreach (StateWrite write in add.State)
        {
            _rows.Database.Write(write);
            _stateWrites.Add(write);
        }
    }

    /// <summary>A step of the clock closes the row that gathers telemetry: one row has one correction.</summary>
    private void FollowClock()
    {
        if (_rows.Database is not null && _rows.Corrections.Follow(_rows))
        {
            _telemetry.Forget();
        }
    }

    /// <summary>A disk that cannot be written just now is no reason not to start: what it holds was read.</summary>
    private void TakeEpoch()
    {
        Moment now = _clock.Now();
        try
        {
            _rows.TakeEpoch(now);
        }
        catch (SqliteException broken)
        {
            Fail([], ([], default), broken, now);
        }
    }

    private void MeasureSpace(Moment now)
    {
        if (_rows.Database is { } database && now.MonotonicMs >= _measureAtMs)
        {
            _measureAtMs = now.MonotonicMs + StoreSpace.EveryMs;
            if (_space.Measure(database, _rows.Queue.Bytes) is { } room)
            {
                _rows.Happened(new OutboxEvent.Room(room.Bytes, room.Reason));
            }
        }
    }

    private void Fail(List<StoreRequest> round, (List<Sample> Samples, LostSamples Lost) taken, Exception broken, Moment now)
    {
        _failures++;
        StorageLog.Failed(_logger, _path, broken.Message);
        bool isInDoubt = _doubtful is null && _rows.Doubtful is not null;
        if (isInDoubt)
        {
            _doubtful = new DoubtfulRound([.. round.OfType<StoreRequest.Add>().Where(add => !_refused.ContainsKey(add))], [.. _stateWrites], taken.Samples, taken.Lost, broken);
        }
        else
        {
            _samples.PutBack(taken.Samples, taken.Lost, now.MonotonicMs + _settings.FlushMs);
            _samples.Traces.NotStored();
            foreach (StoreRequest.Add add in round.OfType<StoreRequest.Add>())
            {
                _refused.TryAdd(add, Unavailable(broken));
            }
        }

        if (StoreSpace.IsFull(broken))
        {
            _space.Release();
        }

        _measureAtMs = 0;

        if (StoreOpening.IsDamage(broken) && _rows.Database is not null)
        {
            _damage = broken.Message;
        }

        _stateWrites.Clear();
        _rows.Fail(_damage is not null);
        _rows.Outbound.KeepConnection(round);
        _telemetry.Forget();
        _recoverAtMs = now.MonotonicMs + RecoveryPauseMs;
        if (isInDoubt)
        {
            ResolveAtOnce(now);
        }
    }

    /// <summary>Callers wait for the answer, so the first try to get it does not.</summary>
    private void ResolveAtOnce(Moment now)
    {
        try
        {
            Reopen(now);
        }
        catch (Exception broken) when (broken is SqliteException or IOException or UnauthorizedAccessException)
        {
            _failures++;
            StorageLog.Failed(_logger, _path, broken.Message);
        }
    }

    private void Recover(Moment now, bool last)
    {
        if (_recoverAtMs is { } due && (last || due <= now.MonotonicMs))
        {
            _recoverAtMs = now.MonotonicMs + RecoveryPauseMs;
            Reopen(now);
        }
    }

    private void Reopen(Moment now)
    {
        OpenedStore opened = _opening.Open(new RunningStore(_rows.Committed, _state, _damage));
        bool wasMade;
        try
        {
            wasMade = _rows.Reopen(opened);
        }
        catch
        {
            opened.Database.Dispose();
            throw;
        }

        (_damage, _recoverAtMs) = (null, null);
        if (_doubtful is { } doubtful)
        {
            _doubtful = null;
            Resolve(doubtful, wasMade, now);
        }

        StorageLog.Recovered(_logger, _path);
        if (_rows.Outbound.IsConnected)
        {
            _rows.Happened(new OutboxEvent.Connected());
        }
    }

    /// <summary>What was a round becomes one that was stored, or one that was not; its callers hear it along with those of the present round.</summary>
    private void Resolve(DoubtfulRound doubtful, bool wasMade, Moment now)
    {
        StorageLog.DoubtResolved(_logger, _path, wasMade ? "on disk" : "lost");
        if (wasMade)
        {
            _settledState.AddRange(doubtful.State);
            _samples.GiveBack(doubtful.Samples);
            _samples.Traces.Stored();
        }
        else
        {
            _samples.PutBack(doubtful.Samples, doubtful.Lost, now.MonotonicMs + _settings.FlushMs);
            _samples.Traces.NotStored();
        }

        _settled.AddRange(doubtful.Adds.Select(add => (add, wasMade ? null : (Exception)Unavailable(doubtful.Broken))));
    }

    private OutboxUnavailableException Unavailable(Exception broken) => new($"{_path}: {broken.Message}", broken);

    private void Keep(in StateWrite write)
    {
        if (write.Value is null)
        {
            _state.Remove(write.Key);
        }
        else
        {
            _state[write.Key] = write.Value;
        }
    }

    private OutboxSnapshot TakeSnapshot() => new(
        _rows.Queue.Backlog(Lane.Event),
        _rows.Queue.Backlog(Lane.Reading),
        _rows.Queue.Backlog(Lane.Telemetry),
        _rows.DroppedRecords,
        _rows.Repeats,
        _rows.SetAside,
        _commits,
        _failures,
        _rows.Corrections.Corrected,
        _rows.Tallies.Told)
    {
        Condition = _rows.Database is null ? StoreCondition.Unwritable : _space.IsLow ? StoreCondition.LowOnSpace : StoreCondition.Sound,
    };

    /// <summary>A round whose commit failed, until the store has told whether it was made.</summary>
    private sealed record DoubtfulRound(HashSet<StoreRequest> Adds, IReadOnlyList<StateWrite> State, List<Sample> Samples, LostSamples Lost, Exception Broken);
}
