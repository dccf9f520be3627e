using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Outbox;

public class OutboxQueueTests
{
    private static readonly OutboxSettings Small = new() { Window = 4, MaxBytes = OutboxSettings.MinMaxBytes };
    private long _nowMs;

    [Fact]
    public void Events_go_before_readings_and_readings_before_telemetry()
    {
        OutboxQueue queue = new(Small, [Row(1, Lane.Telemetry), Row(2, Lane.Reading), Row(3, Lane.Event), Row(4, Lane.Event), Row(5, Lane.Reading)]);
        Assert.Equal([3, 4, 2, 5, 1], Published(queue.Step(Now, new OutboxEvent.Connected())));
    }

    [Fact]
    public void No_more_than_the_window_is_in_flight_and_each_receipt_makes_room_for_one()
    {
        OutboxQueue queue = new(Small, Enumerable.Range(1, 10).Select(id => Row(id, Lane.Event)));
        Assert.Equal([1, 2, 3, 4], Published(queue.Step(Now, new OutboxEvent.Connected())));
        Assert.Empty(queue.Step(Now, new OutboxEvent.Tick()));
        IReadOnlyList<OutboxEffect> effects = queue.Step(Now, Committed(2, Lane.Event));
        Assert.Equal([new OutboxEffect.Delete(2, new BatchNumber(1, Lane.Event, 2)), new OutboxEffect.Publish(Row(5, Lane.Event))], effects);
        Assert.Equal(new LaneBacklog(9, 9 * (100 + Small.RowOverheadBytes), 4, 1), queue.Backlog(Lane.Event));
    }

    [Fact]
    public void Live_telemetry_goes_before_the_backlog_and_finds_a_place()
    {
        OutboxQueue queue = new(Small, Enumerable.Range(1, 10).Select(id => Row(id, Lane.Telemetry)));
        Assert.Equal([1, 2, 3], Published(queue.Step(Now, new OutboxEvent.Connected())));
        Assert.Equal([11], Published(queue.Step(Now, Stored(11))));
        Assert.Empty(Published(queue.Step(Now, Stored(12))));
        Assert.Equal([12], Published(queue.Step(Now, Committed(1, Lane.Telemetry))));

        // A live batch for which there was no place in time has become backlog and waits for its turn.
        Assert.Empty(Published(queue.Step(Now, Stored(13))));
        _nowMs += Small.LiveMs + 1;
        Assert.Equal([2, 3, 4], Published(queue.Step(Now, new OutboxEvent.Tick())));
        Assert.DoesNotContain(13L, Published(queue.Step(Now, Committed(12, Lane.Telemetry))));
    }

    [Fact]
    public void Without_a_receipt_a_batch_is_published_again_after_pauses_that_double_up_to_a_bound()
    {
        OutboxQueue queue = new(Small, [Row(1, Lane.Event)]);
        queue.Step(Now, new OutboxEvent.Connected());
        List<long> pauses = [];
        for (int index = 0; index < 7; index++)
        {
            long due = queue.NextDueMs!.Value;
            pauses.Add(due - _nowMs);
            _nowMs = due - 1;
            Assert.Empty(queue.Step(Now, new OutboxEvent.Tick()));
            _nowMs = due;
            Assert.Equal([1], Published(queue.Step(Now, new OutboxEvent.Tick())));
        }

        Assert.Equal([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000], pauses);
        Assert.Equal(7, queue.Repeats);
    }

    [Fact]
    public void After_a_reconnect_everything_unreceipted_is_published_again_in_order()
    {
        OutboxQueue queue = new(Small, [Row(1, Lane.Event), Row(2, Lane.Event), Row(3, Lane.Event)]);
        queue.Step(Now, new OutboxEvent.Connected());
        queue.Step(Now, Committed(2, Lane.Event));
        Assert.Empty(queue.Step(Now, new OutboxEvent.Disconnected()));
        Assert.Null(queue.NextDueMs);
        _nowMs += 1_000_000;
        Assert.Empty(queue.Step(Now, new OutboxEvent.Tick()));
        Assert.Equal([1, 3], Published(queue.Step(Now, new OutboxEvent.Connected())));
    }

    [Fact]
    public void A_receipt_for_what_was_never_published_is_not_believed()
    {
        OutboxQueue queue = new(Small, []);
        queue.Step(Now, Stored(1));
        Assert.Empty(queue.Step(Now, Committed(1, Lane.Telemetry)));
        Assert.True(queue.MayGrow(1));
        Assert.Equal([1], Published(queue.Step(Now, new OutboxEvent.Connected())));
        Assert.False(queue.MayGrow(1));
        Assert.Equal([new OutboxEffect.Delete(1, new BatchNumber(1, Lane.Telemetry, 1))], queue.Step(Now, Committed(1, Lane.Telemetry)));
        Assert.Empty(queue.Step(Now, Committed(1, Lane.Telemetry)));
        Assert.Empty(queue.Step(Now, Committed(77, Lane.Event)));
    }

    [Fact]
    public void A_refused_batch_is_set_aside_and_declared_but_not_so_its_own_declaration()
    {
        OutboxQueue queue = new(Small, [Row(1, Lane.Reading), Row(2, Lane.Event) with { IsBookkeeping = true }]);
        queue.Step(Now, new OutboxEvent.Connected());
        string longReason = new('x', 5_000);
        IReadOnlyList<OutboxEffect> effects = queue.Step(Now, new OutboxEvent.Receipted(new BatchNumber(1, Lane.Reading, 1), ReceiptStatus.Refused, longReason));
        Assert.Equal(1, Assert.IsType<OutboxEffect.SetAside>(effects[0]).Id);
        Gap gap = Assert.IsType<OutboxEffect.Declare>(effects[1]).Gap;
        Assert.Equal((Lane.Reading, 1L, 1L, 1L, 5), (gap.Lane, gap.Epoch, gap.FirstSequence, gap.LastSequence, gap.Records));
        Assert.True(gap.Reason.Length < 400);
        Assert.IsType<OutboxEffect.SetAside>(Assert.Single(
            queue.Step(Now, new OutboxEvent.Receipted(new BatchNumber(1, Lane.Event, 2), ReceiptStatus.Refused, "no"))));
        Assert.Equal((0, 0L), (queue.Rows, queue.Bytes));
    }

    [Fact]
    public void Over_quota_the_oldest_telemetry_goes_then_readings_then_events_each_run_of_losses_declared_once()
    {
        const int bytes = 100_000;
        OutboxQueue queue = new(Small, [Row(1, Lane.Event, bytes), Row(2, Lane.Reading, bytes), .. Enumerable.Range(3, 7).Select(id => Row(id, Lane.Telemetry, bytes))]);
        Assert.Empty(queue.Step(Now, Stored(10, Lane.Event, bytes)));
        IReadOnlyList<OutboxEffect> first = queue.Step(Now, Stored(11, Lane.Event, bytes));
        Assert.Equal(
            [new OutboxEffect.Drop(3), new OutboxEffect.Declare(new Gap(Lane.Telemetry, 1, 3, 3, 3, 3, 5, "disk quota"))],
            first);
        IReadOnlyList<OutboxEffect> second = queue.Step(Now, Stored(12, Lane.Event, 9 * bytes));
        Assert.Equal(
            [4, 5, 6, 7, 8, 9, 2, 1, 10],
            second.OfType<OutboxEffect.Drop>().Select(drop => drop.Id));
        Assert.Equal(
            [(Lane.Telemetry, 4L, 9L, 30), (Lane.Reading, 2L, 2L, 5), (Lane.Event, 1L, 1L, 5), (Lane.Event, 10L, 10L, 5)],
            second.OfType<OutboxEffect.Declare>().Select(declare => (declare.Gap.Lane, declare.Gap.FirstSequence, declare.Gap.LastSequence, declare.Gap.Records)));
        Assert.True(queue.Bytes <= Small.MaxBytes);
        Assert.Equal(50, queue.DroppedRecords);
    }

    [Fact]
    public void Gap_records_stay_for_they_say_what_went_before()
    {
        const int bytes = 300_000;
        OutboxQueue queue = new(Small, [Row(1, Lane.Event, bytes) with { IsBookkeeping = true }, Row(2, Lane.Event, bytes), Row(3, Lane.Event, bytes)]);
        Assert.Equal([new OutboxEffect.Drop(2)], queue.Step(Now, Stored(4, Lane.Event, bytes)).OfType<OutboxEffect.Drop>());
        IReadOnlyList<OutboxEffect> effects = queue.Step(Now, Stored(5, Lane.Event, (int)Small.MaxBytes - 1_000));
        Assert.Equal([3, 4, 5], effects.OfType<OutboxEffect.Drop>().Select(drop => drop.Id));

        // What remains is larger than the quota by itself, and nothing is left to drop for it.
        Assert.Empty(queue.Step(Now, new OutboxEvent.Stored(Row(6, Lane.Event, (int)Small.MaxBytes) with { IsBookkeeping = true })));
        Assert.Equal(2, queue.Rows);
    }

    [Fact]
    public void A_batch_that_is_withdrawn_is_forgotten_without_a_word()
    {
        OutboxQueue queue = new(Small, [Row(1, Lane.Event), Row(2, Lane.Event)]);
        Assert.Empty(queue.Step(Now, new OutboxEvent.Withdrawn(1)));
        Assert.Empty(queue.Step(Now, new OutboxEvent.Withdrawn(1)));
        Assert.Equal([2], Published(queue.Step(Now, new OutboxEvent.Connected())));
    }

    [Fact]
    public void The_number_of_rows_is_bounded_too()
    {
        OutboxQueue queue = new(Small with { MaxRows = 100 }, Enumerable.Range(1, 100).Select(id => Row(id, Lane.Telemetry)));
        IReadOnlyList<OutboxEffect> effects = queue.Step(Now, Stored(101));
        Assert.Equal([1, 2, 3], effects.OfType<OutboxEffect.Drop>().Select(drop => drop.Id));
        Assert.Equal(98, queue.Rows);
    }

    [Fact]
    public void A_damaged_batch_is_set_aside_and_declared_once()
    {
        OutboxQueue queue = new(Small, [Row(1, Lane.Telemetry)]);
        Assert.Equal(2, queue.Step(Now, new OutboxEvent.Damaged(1, "damaged")).Count);
        Assert.Empty(queue.Step(Now, new OutboxEvent.Damaged(1, "damaged")));
    }

    [Fact]
    public void Misuse_throws()
    {
        OutboxQueue queue = new(Small, [Row(5, Lane.Telemetry)]);
        Assert.Throws<ArgumentException>(() => queue.Step(Now, Stored(5)));
        Assert.Throws<ArgumentException>(() => queue.Step(Now, new OutboxEvent.Grew(Row(5, Lane.Telemetry))));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OutboxSettings { MaxBytes = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new OutboxSettings { Window = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new OutboxSettings { FlushMs = 1001 });
    }

    private Moment Now => new(_nowMs, _nowMs, true);

    private static OutboxRow Row(long id, Lane lane, int bytes = 100) => new(id, new BatchNumber(1, lane, id), bytes, 5, id, id, IsBookkeeping: false);

    private static OutboxEvent.Stored Stored(long id, Lane lane = Lane.Telemetry, int bytes = 100) => new(Row(id, lane, bytes));

    private static OutboxEvent.Receipted Committed(long sequence, Lane lane) => new(new BatchNumber(1, lane, sequence), ReceiptStatus.Committed, "");

    private static long[] Published(IReadOnlyList<OutboxEffect> effects) => [.. effects.OfType<OutboxEffect.Publish>().Select(publish => publish.Row.Id)];
}
