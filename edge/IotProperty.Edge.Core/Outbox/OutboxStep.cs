using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Outbox;

/// <summary>What happens to the outbox.</summary>
public abstract record OutboxEvent
{
    private OutboxEvent()
    {
    }

    /// <summary>A batch was stored; ids grow from one to the next.</summary>
    public sealed record Stored(OutboxRow Row) : OutboxEvent;

    /// <summary>A batch that <see cref="OutboxQueue.MayGrow"/> was replaced by a longer one under the same id and number.</summary>
    public sealed record Grew(OutboxRow Row) : OutboxEvent;

    /// <summary>A batch that has never left the edge was replaced by the same one with corrected times.</summary>
    public sealed record Corrected(OutboxRow Row) : OutboxEvent;

    /// <summary>A batch is not to be published any more; what it held is in another.</summary>
    public sealed record Withdrawn(long Id) : OutboxEvent;

    /// <summary>The hub can be reached.</summary>
    public sealed record Connected : OutboxEvent;

    /// <summary>The connection ended; nothing that was published and not receipted may be taken as arrived.</summary>
    public sealed record Disconnected : OutboxEvent;

    /// <summary>The hub's word about one batch.</summary>
    public sealed record Receipted(BatchNumber Number, ReceiptStatus Status, string Reason) : OutboxEvent;

    /// <summary>A stored batch turned out to be damaged when it was read.</summary>
    public sealed record Damaged(long Id, string Reason) : OutboxEvent;

    /// <summary>So much may the rows take just now, as the disk and the rest of the file leave it: beyond it, telemetry is dropped, and nothing else.</summary>
    public sealed record Room(long Bytes, string Reason) : OutboxEvent;

    /// <summary>Time passed; due at <see cref="OutboxQueue.NextDueMs"/>.</summary>
    public sealed record Tick : OutboxEvent;
}

/// <summary>What the shell shall do, in this order.</summary>
public abstract record OutboxEffect
{
    private OutboxEffect()
    {
    }

    /// <summary>Publish the batch now.</summary>
    public sealed record Publish(OutboxRow Row) : OutboxEffect;

    /// <summary>The hub has it: delete the row. May be done lazily, for a batch that is sent once more changes nothing at the hub.</summary>
    public sealed record Delete(long Id, BatchNumber Number) : OutboxEffect;

    /// <summary>Move the row out of the queue to where people can look at it.</summary>
    public sealed record SetAside(long Id, string Reason) : OutboxEffect;

    /// <summary>The disk is full: delete the row; its loss is declared by a <see cref="Declare"/> of the same step.</summary>
    public sealed record Drop(long Id) : OutboxEffect;

    /// <summary>Store a gap record in the event lane, in the same transaction as the effects before it.</summary>
    public sealed record Declare(Gap Gap) : OutboxEffect;
}

/// <summary>A <see cref="GapRecord"/> that has no id yet.</summary>
public sealed record Gap(Lane Lane, long Epoch, long FirstSequence, long LastSequence, long FromMs, long ToMs, int Records, string Reason)
{
    private const int MaxReasonChars = 300;

    public static Gap Of(in OutboxRow row, string reason) =>
        new(row.Number.Lane, row.Number.Epoch, row.Number.Sequence, row.Number.Sequence, row.FromMs, row.ToMs, row.Records, Bounded(reason));

    public GapRecord ToRecord(string id) => new(id, Lane, Epoch, FirstSequence, LastSequence, FromMs, ToMs, Records, Reason);

    /// <summary>Joins the row when it follows immediately.</summary>
    public bool TryJoin(in OutboxRow row, out Gap joined)
    {
        joined = this;
        if (row.Number.Lane != Lane || row.Number.Epoch != Epoch || row.Number.Sequence != LastSequence + 1)
        {
            return false;
        }

        joined = this with
        {
            LastSequence = row.Number.Sequence,
            FromMs = Math.Min(FromMs, row.FromMs),
            ToMs = Math.Max(ToMs, row.ToMs),
            Records = Records + row.Records,
        };
        return true;
    }

    /// <summary>Reasons may come from outside; a gap record must always fit.</summary>
    private static string Bounded(string reason) => reason.Length <= MaxReasonChars ? reason : $"{reason.AsSpan(0, MaxReasonChars)}…";
}
