using System.Diagnostics.CodeAnalysis;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Polling;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Stores batches as rows, tells the queue of everything that happens, and carries out what the queue decides; all of it in the transaction of the round.
/// Every batch of every lane is stored by <see cref="Insert"/> and changed by <see cref="Grow"/> or <see cref="Correct"/>, and by nothing else.
/// Owned by the writer's task. A round begins with <see cref="BeginRound"/>; when it fails, <see cref="Reopen"/> begins anew with what the file holds.
/// </summary>
internal sealed class StoreRows
{
    private readonly string _site;
    private readonly OutboxSettings _settings;
    private readonly Func<string> _newId;
    private readonly ILogger _logger;
    private readonly RowGaps _gaps;
    private readonly Queue<OutboxEffect> _effects = [];

    // Payloads of this round need not be read back in order to be published.
    private readonly Dictionary<long, byte[]> _fresh = [];

    // Receipted rows are deleted along with the next commit that is needed anyway; a kill before it sends them once more.
    private readonly Dictionary<long, BatchNumber> _receipted = [];
    private readonly CommitNotes _notes;

    // How far the round has come; what is not committed is taken back.
    private CommitMark _mark;
    private long _lastRowId;
    private long _droppedBefore;
    private long _telemetryLosses;
    private long _repeatsBefore;
    private bool _running;
    private Moment _now;

    public StoreRows(string site, OutboxSettings settings, EdgeClock clock, OpenedStore opened, CommitNotes notes, Func<string> newId, ILogger logger)
    {
        (_site, _settings, _notes, _newId, _logger, _gaps) = (site, settings, notes, newId, logger, new RowGaps(newId, logger));
        (_now, Tallies, Corrections) = (clock.Now(), new RowTallies(settings.TallySeconds), new RowCorrections(settings.CorrectedRecordsAtOnce, clock, logger));
        (Database, Queue) = (opened.Database, new OutboxQueue(settings, opened.Rows));
        Learn(opened);
    }

    public long Epoch => _mark.Epoch;

    /// <summary>The last commit that is known to have been made.</summary>
    public CommitMark Committed { get; private set; }

    /// <summary>The commit that failed and may have been made all the same; null when there is none.</summary>
    public CommitMark? Doubtful { get; private set; }

    /// <summary>The file; null while it cannot be written.</summary>
    public IOutboxDatabase? Database { get; private set; }

    public OutboxQueue Queue { get; private set; }

    public RowTallies Tallies { get; }

    public RowCorrections Corrections { get; }

    /// <summary>Keeps readings of one register apart.</summary>
    public ReadingStamps Stamps { get; } = new();

    /// <summary>The id of the row that <see cref="Insert"/> stores next.</summary>
    public long NextRowId => _lastRowId + 1;

    /// <summary>Where the round's publishes are gathered.</summary>
    public OutboundFeed Outbound { get; } = new();

    /// <summary>The monotonic time by which receipted rows shall be deleted; null when there are none.</summary>
    public long? DeletesDueMs { get; private set; }

    /// <summary>Rows that were set aside, since the start.</summary>
    public long SetAside { get; private set; }

    /// <summary>See <see cref="IOutbox.TelemetryLosses"/>. Safe to read on any task.</summary>
    public long TelemetryLosses => Volatile.Read(ref _telemetryLosses);

    public long DroppedRecords => _droppedBefore + Queue.DroppedRecords;

    public long Repeats => _repeatsBefore + Queue.Repeats;

    public void BeginRound(Moment now)
    {
        Forget();
        _now = now;
        if (Doubtful is null)
        {
            Corrections.BeginRound();
        }
    }

    public string NewId() => _newId();

    /// <summary>The key of the batch that is stored in a lane after <paramref name="ahead"/> others.</summary>
    public BatchKey NextKey(Lane lane, int ahead = 0) => new(_site, Epoch, lane, _mark[lane].LastSequence + 1 + ahead);

    public BatchKey KeyOf(in OutboxRow row) => new(_site, row.Number.Epoch, row.Number.Lane, row.Number.Sequence);

    /// <summary>Takes the next number of a lane for something that is lost before it could be stored.</summary>
    public long SkipSequence(Lane lane)
    {
        LaneMark mark = _mark[lane];
        _mark = _mark.With(lane, mark with { LastSequence = mark.LastSequence + 1 });
        return mark.LastSequence + 1;
    }

    /// <summary>Stores a batch under <see cref="NextKey"/>.</summary>
    /// <param name="payload">The batch, encoded.</param>
    public OutboxRow Insert(Batch batch, byte[] payload)
    {
        OutboxRow row = EventBatches.Describe(++_lastRowId, batch, payload.Length);
        _mark = _mark.With(batch.Key.Lane, _mark[batch.Key.Lane].And(row));
        Database!.Insert(row, payload);
        _fresh[row.Id] = payload;
        Tallies.Stored(batch);
        Happened(new OutboxEvent.Stored(row));
        return row;
    }

    /// <summary>Puts a longer content into the place of a batch that <see cref="OutboxQueue.MayGrow"/>.</summary>
    /// <param name="payload">The batch, encoded.</param>
    /// <param name="more">The samples that are new in it.</param>
    public OutboxRow Grow(in OutboxRow row, Batch batch, byte[] payload, ReadOnlySpan<Sample> more = default)
    {
        Tallies.Grew(row.Number, more);
        OutboxRow grown = Replace(row, batch, payload);
        Happened(new OutboxEvent.Grew(grown));
        return grown;
    }

    /// <summary>Puts the same records with other times into the place of a batch that never left the edge.</summary>
    public void Correct(in OutboxRow row, Batch before, Batch after)
    {
        Tallies.Corrected(before, after);
        Happened(new OutboxEvent.Corrected(Replace(row, after, BatchCodec.Encode(after))));
    }

    /// <summary>Takes a row back that is not to be published any more; whoever does it sees to what it held.</summary>
    public void Withdraw(in OutboxRow row)
    {
        Database!.Delete(row.Id);
        Happened(new OutboxEvent.Withdrawn(row.Id));
    }

    /// <summary>The payload of a row, or false when it is not what was stored.</summary>
    public bool TryRead(in OutboxRow row, [NotNullWhen(true)] out byte[]? payload) => _fresh.TryGetValue(row.Id, out payload) || Database!.TryRead(row, out payload);

    /// <summary>Tells the queue, and carries out what it decides.</summary>
    public void Happened(OutboxEvent happened) => Run(Queue.Step(_now, happened));

    /// <summary>To be declared to the hub, in this round.</summary>
    public void Declare(Gap gap)
    {
        Enqueue(gap);
        Run([]);
    }

    /// <summary>Commits what the round has written; receipted rows go along. Does nothing when nothing was written and nothing is due.</summary>
    /// <param name="last">Whether no other round will follow.</param>
    /// <returns>Whether there was something to commit.</returns>
    public bool Commit(bool last)
    {
        if (Database is null)
        {
            return false;
        }

        if (last || DeletesDueMs <= _now.MonotonicMs)
        {
            Database.Begin();
        }

        if (!Database.InTransaction)
        {
            return false;
        }

        CommitMark mark = _mark with { Number = _mark.Number + 1 };
        Database.WriteMark(mark);
        foreach (long id in _receipted.Keys)
        {
            Database.Delete(id);
            Tallies.Settled(id);
        }

        Tallies.Save(Database);
        Corrections.Save(Database);
        Doubtful = mark;
        Database.Commit();
        Doubtful = null;
        Committed = _mark = mark;
        _receipted.Clear();
        DeletesDueMs = null;
        _notes.Write(mark, Queue.Waiting());
        return true;
    }

    /// <summary>Makes this run's boot epoch known to disk, so that it is never used again.</summary>
    public void TakeEpoch(Moment now)
    {
        BeginRound(now);
        _notes.Write(_mark, Queue.Waiting());
        Database!.Begin();
        Commit(last: false);
    }

    /// <summary>Closes the file: nothing of this round stays, unless its commit is <see cref="Doubtful"/>.</summary>
    /// <param name="isDamaged">Whether the file shall be left exactly as it is.</param>
    public void Fail(bool isDamaged)
    {
        Forget();
        _gaps.Open();
        _mark = Committed;
        if (Doubtful is null)
        {
            Corrections.Fail();
        }

        if (isDamaged)
        {
            Database?.Abandon();
        }
        else
        {
            Database?.Dispose();
        }

        Database = null;
    }

    /// <summary>Goes on with a file that was opened anew. What was receipted is not sent again.</summary>
    /// <returns>Whether the doubtful commit, if there was one, was made.</returns>
    public bool Reopen(OpenedStore opened)
    {
        bool wasMade = Doubtful is { } doubtful && !opened.IsRescued && opened.Mark.Number >= doubtful.Number;
        if (wasMade)
        {
            // The disk has said once that it did not take this; callers are told that it did only after it was written again.
            opened.Database.WriteAgain();
        }

        else if (Doubtful is not null)
        {
            Corrections.Fail();
        }

        Doubtful = null;
        _droppedBefore += Queue.DroppedRecords;
        _repeatsBefore += Queue.Repeats;
        Database = opened.Database;
        if (opened.IsRescued)
        {
            CountLoss(Lane.Telemetry);
        }

        HashSet<BatchNumber> receipted = [.. _receipted.Values];
        _receipted.Clear();
        foreach (OutboxRow row in opened.Rows.Where(row => receipted.Contains(row.Number)))
        {
            // Their ids are others when the store was rescued.
            _receipted.Add(row.Id, row.Number);
        }

        Queue = new OutboxQueue(_settings, opened.Rows.Where(row => !_receipted.ContainsKey(row.Id)));
        Learn(opened);
        return wasMade;
    }

    public void Close()
    {
        Outbound.Disconnect();
        Database?.Dispose();
    }

    /// <summary>Numbers that stand in the file are taken, whatever its mark says.</summary>
    private void Learn(OpenedStore opened)
    {
        _lastRowId = opened.Rows.Count > 0 ? opened.Rows[^1].Id : 0;
        _mark = opened.Mark;
        foreach (OutboxRow row in opened.Rows.Where(row => row.Number.Epoch == Epoch))
        {
            LaneMark mark = _mark[row.Number.Lane];
            _mark = _mark.With(row.Number.Lane, mark with { LastSequence = Math.Max(mark.LastSequence, row.Number.Sequence) });
        }

        Committed = _mark;
        _gaps.Open();
        Corrections.Open(opened.Database, opened.Rows);
        Tallies.Open(opened.Database, opened.Rows, _now, Epoch);
    }

    private OutboxRow Replace(in OutboxRow before, Batch batch, byte[] payload)
    {
        OutboxRow row = EventBatches.Describe(before.Id, batch, payload.Length);
        if (row.Number.Epoch == Epoch)
        {
            LaneMark mark = _mark[row.Number.Lane];
            _mark = _mark.With(row.Number.Lane, mark with { Records = mark.Records + row.Records - before.Records, NewestMs = Math.Max(mark.NewestMs, row.ToMs) });
        }

        Database!.Replace(row, payload);
        _fresh[row.Id] = payload;
        return row;
    }

    /// <summary>Forgets what a round, finished or failed, has left.</summary>
    private void Forget()
    {
        Outbound.Clear();
        _gaps.Forget();
        _effects.Clear();
        _fresh.Clear();
        _running = false;
    }

    /// <summary>Carries effects out in the order in which they were decided: those that follow from an effect come after those that were decided with it.</summary>
    private void Run(IReadOnlyList<OutboxEffect> decided)
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
        while (_effects.TryDequeue(out OutboxEffect? effect) || _gaps.Store(this))
        {
            if (effect is not null)
            {
                Run(effect);
            }
        }

        _running = false;
    }

    private void Enqueue(Gap gap)
    {
        CountLoss(gap.Lane);
        _gaps.Declare(gap);
    }

    private void CountLoss(Lane lane)
    {
        if (lane == Lane.Telemetry)
        {
            Volatile.Write(ref _telemetryLosses, _telemetryLosses + 1);
        }
    }

    private void Run(OutboxEffect effect)
    {
        switch (effect)
        {
            case OutboxEffect.Publish publish:
                Publish(publish.Row);
                break;
            case OutboxEffect.Delete delete:
                _receipted.Add(delete.Id, delete.Number);
                DeletesDueMs ??= _now.MonotonicMs + _settings.FlushMs;
                break;
            case OutboxEffect.SetAside aside:
                SetAsideRow(aside);
                break;
            case OutboxEffect.Drop drop:
                Database?.Delete(drop.Id);
                Tallies.Lost(drop.Id);
                break;
            case OutboxEffect.Declare declare:
                Enqueue(declare.Gap);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(effect), effect, "not an effect of the outbox");
        }
    }

    private void SetAsideRow(OutboxEffect.SetAside aside)
    {
        SetAside++;
        if (Tallies.Carries(aside.Id))
        {
            // A hub of an earlier version knows no tallies. It gets new ones now and then all the same, for it may learn; nobody wants to look at those that it refused.
            StorageLog.TalliesRefused(_logger, aside.Reason);
            Tallies.Settled(aside.Id);
            Database?.Delete(aside.Id);
            return;
        }

        Database?.SetAside(aside.Id, aside.Reason, _now.UtcMs);
    }

    private void Publish(in OutboxRow row)
    {
        if (Database is null)
        {
            return;
        }

        Corrections.Correct(this, row);
        if (TryRead(row, out byte[]? payload))
        {
            Outbound.Add(new OutboundBatch(row.Number, payload));
            return;
        }

        Tallies.Lost(row.Id);
        StorageLog.RowDamaged(_logger, row.Id, row.Number.Lane, row.Number.Epoch, row.Number.Sequence);
        Happened(new OutboxEvent.Damaged(row.Id, "damaged in the edge's store"));
    }
}
