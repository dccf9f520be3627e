using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Works off requests in rounds: one round, one transaction. Owned by one task, which calls <see cref="Work"/>, makes the returned state visible and then
/// <see cref="Complete"/>s the round. When the disk fails, the round's callers are told, nothing of the round stays, and the store is opened anew.
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
    private readonly StoreRows _rows;
    private readonly TelemetryRows _telemetry;
    private readonly List<StateWrite> _stateWrites = [];
    private readonly Dictionary<StoreRequest, Exception> _refused = new(ReferenceEqualityComparer.Instance);

    private long? _recoverAtMs;
    private long _commits;
    private long _failures;

    /// <param name="openFile">Opens the store at a path: <see cref="OutboxDatabase.Open"/>, or what a simulation has for a disk.</param>
    public OutboxWriter(
        string path,
        string site,
        OutboxSettings settings,
        EdgeClock clock,
        SampleBuffer samples,
        Func<string> newId,
        ILogger logger,
        Func<string, IOutboxDatabase> openFile)
    {
        (_path, _site, _settings, _clock, _samples, _logger) = (path, site, settings, clock, samples, logger);
        _opening = new StoreOpening(path, openFile, clock, logger);
        OpenedStore opened = _opening.Open();
        try
        {
            long epoch = opened.Database.TakeEpoch(clock.Now().UtcMs);
            State = opened.Database.ReadState();
            _rows = new StoreRows(site, epoch, settings, clock, opened, newId, logger);
        }
        catch
        {
            opened.Database.Dispose();
            throw;
        }

        _telemetry = new TelemetryRows(_rows, settings, logger);
        Snapshot = TakeSnapshot();
        StorageLog.Opened(_logger, path, Epoch, _rows.Queue.Rows, _rows.Queue.Bytes);
    }

    public long Epoch => _rows.Epoch;

    /// <summary>The state as it was when the store was opened.</summary>
    public IReadOnlyDictionary<string, byte[]> State { get; }

    /// <summary>Replaced after every round; safe to read on any task.</summary>
    public OutboxSnapshot Snapshot { get; private set => Volatile.Write(ref field, value); }

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
        (List<Sample> Samples, LostSamples Lost) taken = ([], default);
        try
        {
            Recover(now);
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

            _rows.Happened(new OutboxEvent.Tick());
            if (_rows.Database is not null)
            {
                _rows.Corrections.Work(_rows);
                _rows.Tallies.Tell(_rows, now);
            }

            _commits += _rows.Commit(last) ? 1 : 0;
            if (taken.Samples.Count > 0)
            {
                _samples.GiveBack(taken.Samples);
            }
        }
        catch (SqliteException broken)
        {
            _samples.PutBack(taken.Samples, taken.Lost, now.MonotonicMs + _settings.FlushMs);
            Fail(round, broken, now);
        }

        Snapshot = TakeSnapshot();
        return _stateWrites;
    }

    /// <summary>Tells the callers of the round, and hands out what is to be published.</summary>
    public void Complete(List<StoreRequest> round)
    {
        _rows.Outbound.HandOut();
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

    public void Dispose() => _rows.Close();

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
            foreach (Batch batch in add.Batches.SelectMany(_rows.Corrections.Split))
            {
                Batch keyed = batch with { Key = _rows.NextKey(add.Lane, ahead: encoded.Count) };
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

    private void Fail(List<StoreRequest> round, SqliteException broken, Moment now)
    {
        _failures++;
        StorageLog.Failed(_logger, _path, broken.Message);
        foreach (StoreRequest.Add add in round.OfType<StoreRequest.Add>())
        {
            _refused.TryAdd(add, new OutboxUnavailableException($"{_path}: {broken.Message}", broken));
        }

        _stateWrites.Clear();
        _rows.Fail();
        _rows.Outbound.KeepConnection(round);
        _telemetry.Forget();
        _recoverAtMs = now.MonotonicMs + RecoveryPauseMs;
    }

    private void Recover(Moment now)
    {
        if (_recoverAtMs is not { } due || due > now.MonotonicMs)
        {
            return;
        }

        _recoverAtMs = now.MonotonicMs + RecoveryPauseMs;
        _rows.Reopen(_opening.Open());
        _recoverAtMs = null;
        StorageLog.Recovered(_logger, _path);
        if (_rows.Outbound.IsConnected)
        {
            _rows.Happened(new OutboxEvent.Connected());
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
        _rows.Tallies.Told);
}
