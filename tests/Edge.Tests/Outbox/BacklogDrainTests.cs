using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Outbox;

/// <summary>
/// A day's backlog goes out over a line of 1 Mbit/s to a hub that takes its time, in virtual time, while the edge goes on recording. The line is first in, first out: what
/// was handed to it stands before an alarm, so that only what is handed to it can keep an alarm waiting.
/// </summary>
public class BacklogDrainTests
{
    private const int LineBytesPerMs = 125;
    private const int LineDelayMs = 40;
    private const int HubCommitMs = 8;
    private const int DayRows = 2_100;
    private const int RowBytes = 24_000;
    private const int RowRecords = 4_096;

    private readonly Queue<(long AtMs, OutboxRow Row)> _atHub = [];
    private readonly Queue<(long AtMs, OutboxEvent.Receipted Receipt)> _toEdge = [];
    private readonly Dictionary<long, long> _arrivedMs = [];
    private long _nowMs;
    private long _lineFreeMs;
    private long _hubFreeMs;

    [Fact]
    public void An_alarm_reaches_the_hub_within_a_second_while_a_day_of_telemetry_goes_out()
    {
        OutboxQueue queue = new(new OutboxSettings(), Enumerable.Range(1, DayRows).Select(id => Row(id, Lane.Telemetry, RowBytes, RowRecords)));
        Take(queue.Step(Now, new OutboxEvent.Connected()));
        Dictionary<long, (Lane Lane, long StoredMs)> added = [];
        long id = DayRows;
        while (queue.Backlog(Lane.Telemetry).OldestMs is { } oldest && oldest <= DayRows)
        {
            _nowMs++;
            Assert.True(_nowMs < 3_600_000, "a day's backlog takes more than an hour");
            if (_nowMs % 250 == 0)
            {
                Store(Lane.Telemetry, 200, 25);
            }

            if (_nowMs % 7_001 == 0)
            {
                Store(Lane.Event, 150, 1);
            }

            if (_nowMs % 60_000 == 0)
            {
                Store(Lane.Reading, 2_000, 100);
            }

            Deliver(queue);
        }

        long Slowest(Lane lane) => added.Where(row => row.Value.Lane == lane && _arrivedMs.ContainsKey(row.Key)).Max(row => _arrivedMs[row.Key] - row.Value.StoredMs);

        // A second is what is promised, the line's own speed decides how long the day takes: 50 MB at 125 kB/s.
        Assert.InRange(Slowest(Lane.Event), LineDelayMs, 1_000);
        Assert.InRange(Slowest(Lane.Reading), LineDelayMs, 1_000);
        Assert.InRange(Slowest(Lane.Telemetry), LineDelayMs, 2_000);
        long leastMs = (long)DayRows * RowBytes / LineBytesPerMs;
        Assert.InRange(_nowMs, leastMs, leastMs * 13 / 10);
        Assert.Equal(0, queue.Repeats);

        void Store(Lane lane, int bytes, int records)
        {
            OutboxRow row = Row(++id, lane, bytes, records);
            added.Add(id, (lane, _nowMs));
            Take(queue.Step(Now, new OutboxEvent.Stored(row)));
        }
    }

    [Fact]
    public void However_long_the_backlog_a_step_costs_the_same()
    {
        // Counted in allocations, which every look at a row beyond the windows would show, and which a busy machine does not change.
        long small = BytesPerStep(rows: 500);
        long large = BytesPerStep(rows: 65_000);
        Assert.InRange(large, 0, (small * 2) + 2_000);
    }

    private long BytesPerStep(int rows)
    {
        OutboxQueue queue = new(new OutboxSettings { MaxBytes = 1L << 40 }, Enumerable.Range(1, rows).Select(id => Row(id, Lane.Telemetry, 1_000, 10)));
        queue.Step(Now, new OutboxEvent.Connected());
        long id = rows;
        for (int warmUp = 0; warmUp < 50; warmUp++)
        {
            Round();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 200; round++)
        {
            Round();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / 200;

        void Round()
        {
            queue.Step(Now, new OutboxEvent.Stored(Row(++id, Lane.Telemetry, 1_000, 10)));
            long oldest = queue.Backlog(Lane.Telemetry).OldestMs!.Value;
            queue.Step(Now, new OutboxEvent.Receipted(new BatchNumber(1, Lane.Telemetry, oldest), ReceiptStatus.Committed, ""));
            queue.Step(Now, new OutboxEvent.Tick());
            _ = queue.NextDueMs;
            _ = queue.Waiting();
        }
    }

    private Moment Now => new(_nowMs, _nowMs, true);

    private static OutboxRow Row(long id, Lane lane, int bytes, int records) => new(id, new BatchNumber(1, lane, id), bytes, records, id, id, IsBookkeeping: false);

    private void Take(IReadOnlyList<OutboxEffect> effects)
    {
        foreach (OutboxEffect.Publish publish in effects.OfType<OutboxEffect.Publish>())
        {
            _lineFreeMs = Math.Max(_lineFreeMs, _nowMs) + (publish.Row.Bytes / LineBytesPerMs);
            _atHub.Enqueue((_lineFreeMs + LineDelayMs, publish.Row));
        }
    }

    private void Deliver(OutboxQueue queue)
    {
        while (_atHub.TryPeek(out (long AtMs, OutboxRow Row) next) && next.AtMs <= _nowMs)
        {
            _atHub.Dequeue();
            _arrivedMs[next.Row.Id] = next.AtMs;
            _hubFreeMs = Math.Max(_hubFreeMs, next.AtMs) + HubCommitMs;
            _toEdge.Enqueue((_hubFreeMs + LineDelayMs, new OutboxEvent.Receipted(next.Row.Number, ReceiptStatus.Committed, "")));
        }

        while (_toEdge.TryPeek(out (long AtMs, OutboxEvent.Receipted Receipt) receipt) && receipt.AtMs <= _nowMs)
        {
            _toEdge.Dequeue();
            Take(queue.Step(Now, receipt.Receipt));
        }
    }
}
