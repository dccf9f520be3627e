using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Declares losses in rows of the event lane, which the quota never takes: they say what it took. While such a row was never published its place takes the next gaps, and
/// a gap that follows one of the same lane, epoch and reason immediately is joined to it: an outage that fills the disk for weeks leaves one short row. What earlier
/// runs left is gathered in one row when it has become many. Owned by the writer's task, like the rows; works in the transaction of the round.
/// </summary>
internal sealed class RowGaps(Func<string> newId, ILogger logger)
{
    private const int MaxGapsInBatch = 1_000;

    /// <summary>One run of the edge leaves one row as a rule.</summary>
    private const int MaxEarlierRows = 32;

    private const string ToldAgain = "its gap records are told again in another batch";

    private readonly Queue<Gap> _waiting = [];

    // The row that may still grow; 0 when there is none.
    private long _rowId;

    public void Declare(Gap gap) => _waiting.Enqueue(gap);

    /// <summary>Nothing of the round stays.</summary>
    public void Forget() => _waiting.Clear();

    /// <summary>The store is opened anew, and ids may be others.</summary>
    public void Open() => _rowId = 0;

    /// <summary>Stores what was declared; false when there is nothing.</summary>
    public bool Store(StoreRows rows)
    {
        if (rows.Database is null || _waiting.Count == 0)
        {
            return false;
        }

        List<GapRecord> records = [];
        OutboxRow? growing = Growing(rows, records);
        if (growing is null)
        {
            Gather(rows, records);
        }

        while (records.Count < MaxGapsInBatch && _waiting.TryDequeue(out Gap? gap))
        {
            StorageLog.Gap(logger, gap.Records, gap.Lane, gap.Epoch, gap.FirstSequence, gap.LastSequence, gap.Reason);
            Join(records, gap.ToRecord(newId()));
        }

        if (growing is { } row)
        {
            Batch grown = BatchOf(rows.KeyOf(row), records);
            rows.Grow(row, grown, BatchCodec.Encode(grown));
        }
        else
        {
            Batch batch = BatchOf(rows.NextKey(Lane.Event), records);
            _rowId = rows.Insert(batch, BatchCodec.Encode(batch)).Id;
        }

        return true;
    }

    private static Batch BatchOf(BatchKey key, List<GapRecord> records) => UplinkText.Storable(new Batch { Key = key, Gaps = [.. records] });

    /// <summary>The row that takes further gaps, and those that it holds.</summary>
    private OutboxRow? Growing(StoreRows rows, List<GapRecord> records)
    {
        if (_rowId != 0 && rows.Queue.MayGrow(_rowId) && rows.Queue.Find(_rowId) is { Records: < MaxGapsInBatch } row && Read(rows, row) is { } held)
        {
            records.AddRange(held);
            return row;
        }

        return null;
    }

    /// <summary>
    /// Takes over the gap records of earlier runs, as they are: the hub knows them by their ids, so that those which reached it already change nothing there. The number of
    /// the row that held them is declared in their place.
    /// </summary>
    private static void Gather(StoreRows rows, List<GapRecord> records)
    {
        // What the hub may be reading just now stays where it is.
        if (rows.Outbound.IsConnected)
        {
            return;
        }

        OutboxRow[] earlier = [.. rows.Queue.All.Select(row => row.Row).Where(row => row.IsBookkeeping && row.Number.Epoch != rows.Epoch && !rows.Tallies.Carries(row.Id))];
        if (earlier.Length < MaxEarlierRows)
        {
            return;
        }

        foreach (OutboxRow row in earlier)
        {
            if (Read(rows, row) is { } held && records.Count + held.Length < MaxGapsInBatch)
            {
                rows.Withdraw(row);
                records.AddRange(held);
                Join(records, Gap.Of(row, ToldAgain).ToRecord(rows.NewId()));
            }
        }
    }

    private static void Join(List<GapRecord> records, GapRecord next)
    {
        int at = records.FindLastIndex(known => known.Lane == next.Lane && known.Epoch == next.Epoch && known.LastSequence + 1 == next.FirstSequence && known.Reason == next.Reason);
        if (at < 0)
        {
            records.Add(next);
            return;
        }

        // Under a new id: one that the hub may know must keep its content.
        records[at] = next with
        {
            FirstSequence = records[at].FirstSequence,
            FromMs = Math.Min(records[at].FromMs, next.FromMs),
            ToMs = Math.Max(records[at].ToMs, next.ToMs),
            Records = (int)Math.Min(int.MaxValue, (long)records[at].Records + next.Records),
        };
    }

    /// <summary>Null for what is damaged or holds anything else; that is found out, and told, when the row is published.</summary>
    private static GapRecord[]? Read(StoreRows rows, in OutboxRow row) =>
        rows.TryRead(row, out byte[]? payload) && BatchCodec.Decode(payload).Batch is { } batch && batch.Gaps.Length == batch.RecordCount ? [.. batch.Gaps] : null;
}
