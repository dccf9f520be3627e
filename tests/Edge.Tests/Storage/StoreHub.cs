using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>Takes all that an outbox has, and remembers it byte by byte.</summary>
internal sealed class StoreHub
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Batches as they came, but those of gap records and the tallies of the present run.</summary>
    public Dictionary<BatchNumber, byte[]> Served { get; } = [];

    public List<GapRecord> Gaps { get; } = [];

    /// <summary>Numbers that the gap records name.</summary>
    public IEnumerable<BatchNumber> Declared => Gaps.SelectMany(gap =>
        Enumerable.Range(0, (int)(gap.LastSequence - gap.FirstSequence) + 1).Select(offset => new BatchNumber(gap.Epoch, gap.Lane, gap.FirstSequence + offset)));

    /// <param name="time">Passes while nothing comes: a store that is rescued in the middle of a run takes its pause first.</param>
    public async Task DrainAsync(SqliteOutbox outbox, FakeTime time)
    {
        ChannelReader<OutboundBatch> outbound = await outbox.ConnectAsync(CancellationToken.None);
        for (int idle = 0; outbox.Snapshot is { } left && left.Events.Rows + left.Readings.Rows + left.Telemetry.Rows > 0;)
        {
            List<Receipt> receipts = [];
            while (outbound.TryRead(out OutboundBatch next))
            {
                receipts.Add(Take(next, outbox.Epoch));
            }

            idle = receipts.Count > 0 ? 0 : idle + 1;
            Assert.True(idle < 20, "the outbox holds something back");
            await outbox.TakeAsync(receipts, CancellationToken.None);
            await SettleAsync(outbox, time);
        }

        await outbox.DisconnectAsync();
    }

    private static async Task SettleAsync(SqliteOutbox outbox, FakeTime time)
    {
        try
        {
            await outbox.SetAsync([], CancellationToken.None).AsTask().WaitAsync(Patience);
        }
        catch (OutboxUnavailableException)
        {
            time.Advance(1_000);
        }
    }

    private Receipt Take(in OutboundBatch next, long epoch)
    {
        Batch batch = BatchCodec.Decode(next.Payload.Span).Batch!;
        Assert.Equal(next.Number, new BatchNumber(batch.Key.Epoch, batch.Key.Lane, batch.Key.Sequence));
        Gaps.AddRange(batch.Gaps);
        if (batch.Gaps.Length < batch.RecordCount && (batch.Tallies.IsEmpty || batch.Key.Epoch != epoch))
        {
            Assert.True(Served.TryAdd(next.Number, next.Payload.ToArray()) || Served[next.Number].AsSpan().SequenceEqual(next.Payload.Span), $"{next.Number} came twice, and differs");
        }

        return new Receipt(batch.Key, ReceiptStatus.Committed, "");
    }
}
