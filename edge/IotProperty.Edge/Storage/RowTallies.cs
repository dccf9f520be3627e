using System.Collections.Immutable;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tallies;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Keeps the tallies of the rows in step with the rows: told by <see cref="StoreRows"/> of everything that is stored or changed, and written in its transaction.
/// Tallies travel in batches of their own; while such a batch was never published, its place takes the next ones, so that an outage leaves one batch of them.
/// </summary>
internal sealed class RowTallies(int everySeconds)
{
    private const int MaxTalliesInBatch = UplinkLimits.MaxRecords / 4;

    private TallyBook _book = new(everySeconds, [], default);
    private long _toldId;

    /// <summary>Tallies that were stored for the hub, since the start.</summary>
    public long Told { get; private set; }

    public long? DueMs(in Moment now) => _book.DueMs(now);

    /// <summary>The store was opened. Tallies whose row is not there any more, though it has no receipt, are told again.</summary>
    public void Open(IOutboxDatabase database, IReadOnlyList<OutboxRow> rows, in Moment now, long epoch)
    {
        _book = new TallyBook(everySeconds, database.ReadTallies(), now);
        _toldId = 0;
        HashSet<long> ids = [.. rows.Select(row => row.Id)];
        foreach (long lost in _book.Carriers.Where(carrier => !ids.Contains(carrier)).ToList())
        {
            _book.TakeBack(lost);
        }

        _book.Forget(now, epoch);
    }

    public void Stored(Batch batch) => _book.Add(batch.Key.Epoch, batch.Key.Lane, batch.Key.Sequence, BatchTally.Of(batch));

    public void Grew(in BatchNumber number, ReadOnlySpan<Sample> more) => _book.Add(number.Epoch, number.Lane, number.Sequence, BatchTally.Of(more));

    public void Corrected(Batch before, Batch after) =>
        _book.Move(before.Key.Epoch, before.Key.Lane, before.Key.Sequence, BatchTally.Of(before), BatchTally.Of(after));

    /// <summary>Stores what is due for the hub.</summary>
    public void Tell(StoreRows rows, in Moment now)
    {
        if (_book.DueMs(now) is not { } due || due > now.MonotonicMs)
        {
            return;
        }

        bool replaces = _toldId != 0 && rows.Queue.MayGrow(_toldId);
        if (replaces)
        {
            _book.TakeBack(_toldId);
        }

        while (_book.TakeDue(now, replaces ? _toldId : rows.NextRowId, MaxTalliesInBatch) is { IsEmpty: false } tallies)
        {
            Store(rows, tallies, replaces);
            replaces = false;
        }

        _book.Forget(now, rows.Epoch);
    }

    /// <summary>The row's time has come without the hub's taking it, or by its taking it: in both cases it need not hear of these tallies again.</summary>
    public void Settled(long id) => _book.Settled(id);

    /// <summary>The row is lost.</summary>
    public void Lost(long id) => _book.TakeBack(id);

    public bool Carries(long id) => _book.Carries(id);

    /// <summary>To be called in the transaction of what was told.</summary>
    public void Save(IOutboxDatabase database)
    {
        foreach ((TallyKey key, TallyRow? row) in _book.TakeUnsaved())
        {
            if (row is { } kept)
            {
                database.Write(kept);
            }
            else
            {
                database.Delete(key);
            }
        }
    }

    private void Store(StoreRows rows, ImmutableArray<HourTally> tallies, bool replaces)
    {
        Told += tallies.Length;
        if (replaces && rows.Queue.Find(_toldId) is { } told)
        {
            Batch grown = new() { Key = rows.KeyOf(told), Tallies = tallies };
            rows.Grow(told, grown, BatchCodec.Encode(grown));
            return;
        }

        Batch batch = new() { Key = rows.NextKey(Lane.Event), Tallies = tallies };
        _toldId = rows.Insert(batch, BatchCodec.Encode(batch)).Id;
    }
}
