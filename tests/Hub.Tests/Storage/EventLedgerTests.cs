using System.Data.Common;
using IotProperty.Hub.Access;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Tests.Storage;

public sealed class SqliteEventLedgerTests() : EventLedgerTests(LedgerEngine.Sqlite);

public abstract class EventLedgerTests : IDisposable
{
    protected static readonly byte[] HashA = [.. Enumerable.Repeat((byte)1, 16)];
    private static readonly byte[] HashB = [.. Enumerable.Repeat((byte)2, 16)];
    private static readonly PointRef Pressure = new("pump-1", "pressure");

    private readonly LedgerFixture _fixture;
    private readonly EventLedger _events;
    private readonly AlarmDesk _alarms;
    private readonly WorkOrderDesk _orders;

    protected EventLedgerTests(LedgerEngine engine)
    {
        _fixture = new LedgerFixture(engine);
        _events = new EventLedger(_fixture.Ledger);
        _alarms = new AlarmDesk(_fixture.Ledger);
        _orders = new WorkOrderDesk(_fixture.Ledger);
    }

    public void Dispose()
    {
        _fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public async Task Repeated_batch_changes_nothing_and_says_so()
    {
        Batch batch = Events(1, Raise("o1"));
        Assert.Equal(CommitOutcome.Committed, (await CommitAsync(batch, HashA)).Outcome);
        string order = (await OrdersAsync()).Single().Id;
        LedgerCommit repeat = await CommitAsync(batch, HashA);
        Assert.Equal(CommitOutcome.Duplicate, repeat.Outcome);
        Assert.Empty(repeat.Changes);
        Assert.Single((await _alarms.TransitionsAsync("riverside", PageRequest.First, default)).Items);
        Assert.Equal(order, (await OrdersAsync()).Single().Id);
        Assert.Equal(2, (await _orders.FindAsync(order, default))!.History.Count);
    }

    [ConformanceFact]
    public async Task Known_key_with_other_content_is_a_collision_and_changes_nothing()
    {
        await CommitAsync(Events(1, Raise("o1")), HashA);
        LedgerCommit collision = await CommitAsync(Events(1, Raise("o2")), HashB);
        Assert.Equal(CommitOutcome.KeyCollision, collision.Outcome);
        Assert.Equal("o1", Assert.Single((await AlarmsAsync()).Select(a => a.Occurrence)));
    }

    [ConformanceFact]
    public async Task Same_transition_in_two_batches_is_one()
    {
        await CommitAsync(Events(1, Raise("o1")), HashA);
        LedgerCommit second = await CommitAsync(Events(2, Raise("o1")), HashB);
        Assert.Equal(CommitOutcome.Committed, second.Outcome);
        Assert.Empty(second.Changes);
        Assert.Single((await _alarms.TransitionsAsync("riverside", PageRequest.First, default)).Items);
        Assert.Equal(1, (await OrdersAsync()).Single().OccurrenceCount);
    }

    [ConformanceFact]
    public async Task Return_that_overtakes_its_raise_ends_right_with_one_order()
    {
        await CommitAsync(Events(2, Return("o1")), HashA);
        Alarm early = (await AlarmsAsync()).Single();
        Assert.Equal((AlarmState.ReturnedUnacknowledged, AlarmLevel.Alarm), (early.State, early.HighestLevel));
        await CommitAsync(Events(1, Raise("o1")), HashB);
        Alarm late = (await AlarmsAsync()).Single();
        Assert.Equal((early.Id, AlarmState.ReturnedUnacknowledged, 1_000L, 5_000L), (late.Id, late.State, late.RaisedMs, late.ReturnedMs));
        Assert.Single(await OrdersAsync());
    }

    [ConformanceFact]
    public async Task Commit_names_what_to_fetch_anew_and_publishes_nothing_itself()
    {
        LedgerCommit commit = await CommitAsync(Events(1, Raise("o1")), HashA);
        Alarm alarm = (await AlarmsAsync()).Single();
        Assert.Equal(
            [new LiveEvent(LiveKind.WorkOrder, "riverside", alarm.WorkOrder!), new LiveEvent(LiveKind.Alarm, "riverside", alarm.Id)],
            commit.Changes);
        Assert.Empty(_fixture.Live.Published);
    }

    [ConformanceFact]
    public async Task Warning_shows_an_alarm_and_sends_nobody_until_it_becomes_an_alarm()
    {
        await CommitAsync(Events(1, Step("o1", 0, AlarmLevel.Normal, AlarmLevel.Warning, 1_000)), HashA);
        Assert.Empty(await OrdersAsync());
        await CommitAsync(Events(2, Step("o1", 1, AlarmLevel.Warning, AlarmLevel.Alarm, 2_000)), HashB);
        WorkOrder order = (await OrdersAsync()).Single();
        Assert.Equal(((await AlarmsAsync()).Single().Id, WorkOrderStatus.Open), (order.Alarm, order.Status));
    }

    [ConformanceFact]
    public async Task Second_occurrence_joins_the_open_order_of_its_cause()
    {
        await CommitAsync(Events(1, Raise("o1"), Return("o1")), HashA);
        await CommitAsync(Events(2, Raise("o2") with { TimeMs = 9_000 }), HashB);
        WorkOrder order = (await OrdersAsync()).Single();
        Assert.Equal(2, order.OccurrenceCount);
        Assert.All(await AlarmsAsync(), a => Assert.Equal(order.Id, a.WorkOrder));
        WorkOrderDetail detail = (await _orders.FindAsync(order.Id, default))!;
        Assert.Equal([WorkOrderEntryKind.Raised, WorkOrderEntryKind.Unassigned, WorkOrderEntryKind.Recurred], detail.History.Select(h => h.Kind));
    }

    [ConformanceFact]
    public async Task Fault_that_comes_back_after_completion_opens_the_order_again()
    {
        await CommitAsync(Events(1, Raise("o1"), Return("o1")), HashA);
        string id = (await OrdersAsync()).Single().Id;
        await MoveAsync(id, WorkOrderStatus.InProgress, WorkOrderStatus.Completed);
        await CommitAsync(Events(2, Raise("o2") with { TimeMs = _fixture.Clock.NowMs + 1 }), HashB);
        WorkOrder order = (await OrdersAsync()).Single();
        Assert.Equal((WorkOrderStatus.Open, 1, 2), (order.Status, order.ReopenedCount, order.OccurrenceCount));
    }

    [ConformanceFact]
    public async Task Late_news_of_a_fault_before_completion_joins_without_opening()
    {
        await CommitAsync(Events(1, Raise("o1"), Return("o1")), HashA);
        string id = (await OrdersAsync()).Single().Id;
        await MoveAsync(id, WorkOrderStatus.InProgress, WorkOrderStatus.Completed);
        await CommitAsync(Events(2, Raise("o2") with { TimeMs = 9_000 }), HashB);
        WorkOrder order = (await OrdersAsync()).Single();
        Assert.Equal((WorkOrderStatus.Completed, 0, 2), (order.Status, order.ReopenedCount, order.OccurrenceCount));
    }

    [ConformanceFact]
    public async Task Fault_after_the_order_was_closed_raises_another_one()
    {
        await CommitAsync(Events(1, Raise("o1"), Return("o1")), HashA);
        string id = (await OrdersAsync()).Single().Id;
        await MoveAsync(id, WorkOrderStatus.InProgress, WorkOrderStatus.Completed, WorkOrderStatus.Closed);
        await CommitAsync(Events(2, Raise("o2") with { TimeMs = _fixture.Clock.NowMs + 1 }), HashB);
        IReadOnlyList<WorkOrder> orders = await OrdersAsync();
        Assert.Equal(2, orders.Count);
        Assert.Equal([WorkOrderStatus.Closed, WorkOrderStatus.Open], orders.Select(o => o.Status).OrderDescending());
    }

    [ConformanceFact]
    public async Task Order_takes_skill_priority_and_limit_from_the_kind_and_goes_to_who_is_free()
    {
        await DeclarePumpAsync();
        await _orders.AddAsync(new Technician { Id = "t-lift", Name = "Li", Skills = ["lift"] }, default);
        await _orders.AddAsync(new Technician { Id = "t-away", Name = "Wang", Skills = ["fire-protection"], Available = false }, default);
        await _orders.AddAsync(new Technician { Id = "t-fire", Name = "Chen", Skills = ["fire-protection", "lift"] }, default);
        await CommitAsync(Events(1, Raise("o1")), HashA);
        WorkOrder order = (await OrdersAsync()).Single();
        Assert.Equal(("fire-protection", WorkOrderPriority.Urgent, "t-fire", null), (order.Skill, order.Priority, order.Technician, order.UnassignedReason));
        Assert.Equal(1_000 + (30 * 60_000), order.DueMs);
        Assert.Equal(new LocalText("Fire main pressure low", "消防水压不足"), order.Title);
    }

    [ConformanceFact]
    public async Task Order_that_nobody_can_take_waits_with_its_reason_until_somebody_is_free()
    {
        await DeclarePumpAsync();
        await CommitAsync(Events(1, Raise("o1")), HashA);
        Assert.Equal("no technician has the skill 'fire-protection'", (await OrdersAsync()).Single().UnassignedReason);
        await _orders.AddAsync(new Technician { Id = "t-1", Name = "Chen", Skills = ["fire-protection"], Available = false }, default);
        Assert.Equal("nobody with the skill 'fire-protection' is available (1 asked)", (await OrdersAsync()).Single().UnassignedReason);
        await _orders.SetAvailabilityAsync("t-1", true, default);
        WorkOrder order = (await OrdersAsync()).Single();
        Assert.Equal(("t-1", null), (order.Technician, order.UnassignedReason));
    }

    [ConformanceFact]
    public async Task Acknowledging_an_active_alarm_and_its_return_end_it()
    {
        await CommitAsync(Events(1, Raise("o1")), HashA);
        string id = (await AlarmsAsync()).Single().Id;
        Result<Alarm> acknowledged = await _alarms.AcknowledgeAsync(id, "guard", "seen", default);
        Assert.Equal(AlarmState.ActiveAcknowledged, acknowledged.Value!.State);
        Assert.Contains(new LiveEvent(LiveKind.Alarm, "riverside", id), _fixture.Live.Published);
        Assert.Equal(RefusalKind.Conflict, (await _alarms.AcknowledgeAsync(id, "guard", "again", default)).Refusal!.Kind);
        await CommitAsync(Events(2, Return("o1")), HashB);
        Assert.Empty((await _alarms.ListAsync("riverside", true, PageRequest.First, default)).Items);
        AlarmDetail detail = (await _alarms.FindAsync(id, default))!;
        Assert.Equal((AlarmState.Normal, "guard", "seen"), (detail.Alarm.State, detail.Alarm.AcknowledgedBy, detail.Alarm.AcknowledgeComment));
        Assert.Equal([0, 1], detail.Transitions.Select(t => t.Transition.Ordinal));
        Assert.Single(detail.Acknowledgements);
    }

    [ConformanceFact]
    public async Task Same_reading_twice_is_one_and_an_unchanged_register_at_a_new_time_is_another()
    {
        await CommitAsync(Readings(1, Reading(60_000, 12.50m), Reading(60_000, 12.50m)), HashA);
        await CommitAsync(Readings(2, Reading(60_000, 99m), Reading(120_000, 12.50m)), HashB);
        IReadOnlyList<StoredReading> readings = (await new BillingDesk(_fixture.Ledger)
            .ReadingsAsync("riverside", "meter-3", "energy", 0, long.MaxValue, PageRequest.First, default)).Items;
        Assert.Equal([(60_000L, 12.50m), (120_000L, 12.50m)], readings.Select(r => (r.TimeMs, r.Value)));
        Assert.All(readings, r => Assert.Equal(2, r.Value.Scale));
    }

    [ConformanceFact]
    public async Task Access_events_gaps_and_results_are_kept_once_and_read_back_newest_first()
    {
        AccessEvent granted = new("a1", "door-1", AccessEventKind.Credential, AccessDecision.Granted, AccessReason.Known, "card-7", "", 1_000, true);
        AccessEvent denied = granted with { Id = "a2", Decision = AccessDecision.Denied, Reason = AccessReason.UnknownCredential, Credential = "", Fingerprint = "00ff", TimeMs = 2_000 };
        GapRecord gap = new("g1", Lane.Telemetry, 7, 1, 9, 0, 10, 90, "disk quota");
        Batch batch = Events(1) with { AccessEvents = [granted, denied], Gaps = [gap], CommandResults = [new CommandResult("c1", CommandOutcome.Done, CommandReason.None, "", 5, true)] };
        await CommitAsync(batch, HashA);
        await CommitAsync(batch with { Key = batch.Key with { Sequence = 2 } }, HashB);
        Page<AccessEventRecord> first = await new AccessLog(_fixture.Ledger).ListAsync("riverside", new PageRequest(null, 1), default);
        Page<AccessEventRecord> second = await new AccessLog(_fixture.Ledger).ListAsync("riverside", new PageRequest(first.Next, 1), default);
        Assert.Equal([denied, granted], first.Items.Concat(second.Items).Select(r => r.Event));
        Assert.Null(second.Next);
    }

    [ConformanceTheory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public async Task Alarm_of_a_broken_clock_comes_in_all_the_same(long timeMs)
    {
        await CommitAsync(Events(1, Raise("o1") with { TimeMs = timeMs, ClockTrusted = false }), HashA);
        Assert.Equal((timeMs, false), ((await AlarmsAsync()).Single().RaisedMs, (await AlarmsAsync()).Single().ClockTrusted));
        Assert.Single(await OrdersAsync());
    }

    [ConformanceFact]
    public async Task Closed_order_from_a_clock_that_ran_ahead_does_not_hide_the_open_one()
    {
        const long Year2100Ms = 4_102_444_800_000;
        await CommitAsync(Events(1, Raise("o1") with { TimeMs = Year2100Ms }), HashA);
        await MoveAsync((await OrdersAsync()).Single().Id, WorkOrderStatus.InProgress, WorkOrderStatus.Completed, WorkOrderStatus.Closed);
        await CommitAsync(Events(2, Raise("o2") with { TimeMs = _fixture.Clock.NowMs + 1 }), HashA);
        Assert.Equal(CommitOutcome.Committed, (await CommitAsync(Events(3, Raise("o3") with { TimeMs = _fixture.Clock.NowMs + 2 }), HashA)).Outcome);
        WorkOrder open = Assert.Single(await OrdersAsync(), order => order.Status == WorkOrderStatus.Open);
        Assert.Equal(2, open.OccurrenceCount);
    }

    [ConformanceTheory]
    [InlineData(WorkOrderStatus.Completed, 1)]
    [InlineData(WorkOrderStatus.Closed, 2)]
    public async Task Alarm_of_an_edge_that_does_not_know_the_time_sends_somebody_though_it_seems_old(WorkOrderStatus ended, int orders)
    {
        await CommitAsync(Events(1, Raise("o1"), Return("o1")), HashA);
        WorkOrderStatus[] path = [WorkOrderStatus.InProgress, WorkOrderStatus.Completed, WorkOrderStatus.Closed];
        await MoveAsync((await OrdersAsync()).Single().Id, path[..(Array.IndexOf(path, ended) + 1)]);
        await CommitAsync(Events(2, Raise("o2") with { TimeMs = 0, ClockTrusted = false }), HashA);
        Assert.Equal(orders, (await OrdersAsync()).Count);
        Assert.Single(await OrdersAsync(), order => order.Status == WorkOrderStatus.Open);
    }

    [ConformanceFact]
    public async Task Batches_are_counted_by_epoch_and_lane()
    {
        await CommitAsync(Events(1), HashA);
        await CommitAsync(Events(4), HashA);
        await CommitAsync(Readings(2, Reading(1, 1m)), HashA);
        Assert.Equal(
            [new BatchSpan(7, Lane.Event, 2, 1, 4), new BatchSpan(7, Lane.Reading, 1, 2, 2)],
            await _events.BatchesAsync("riverside", default));
    }

    [ConformanceFact]
    public async Task Overlapping_batches_of_readings_land_once_each_and_every_caller_is_told_the_truth()
    {
        Batch BatchOf(int sequence) => Readings(sequence, [.. Enumerable.Range(0, 7).Select(i => Reading(sequence * 60_000L, 1.50m) with { Register = $"r{i}" })]);
        LedgerCommit[] commits = await Task.WhenAll(Enumerable.Range(0, 180).Select(i => Task.Run(() => CommitAsync(BatchOf((i / 3) + 1), i % 3 == 2 ? HashB : HashA))));
        for (int sequence = 1; sequence <= 60; sequence++)
        {
            // Whichever content came first holds the key: its repeat is a duplicate, the other content a collision.
            CommitOutcome[] outcomes = [.. commits.Skip((sequence - 1) * 3).Take(3).Select(c => c.Outcome)];
            Assert.Single(outcomes, CommitOutcome.Committed);
            Assert.Equal(outcomes[2] == CommitOutcome.Committed ? 2 : 1, outcomes.Count(o => o == CommitOutcome.KeyCollision));
        }

        Assert.Equal([new BatchSpan(7, Lane.Reading, 60, 1, 60)], await _events.BatchesAsync("riverside", default));
        Page<StoredReading> all = await new BillingDesk(_fixture.Ledger).ReadingsAsync("riverside", null, null, 0, long.MaxValue, new PageRequest(null, 1000), default);
        Assert.Equal(420, all.Items.Count);
    }

    [ConformanceFact]
    public async Task Readings_that_are_packed_anew_into_a_large_batch_are_kept_as_they_were()
    {
        MeterReading[] many = [.. Enumerable.Range(1, 300).Select(i => Reading(i * 60_000L, 1.50m))];
        await CommitAsync(Readings(1, many[100]), HashA);
        LedgerCommit large = await CommitAsync(Readings(2, [.. many.Select(r => r with { Value = 9m })]), HashA);
        Assert.Equal(CommitOutcome.Committed, large.Outcome);
        LedgerCommit nothingNew = await CommitAsync(Readings(3, many), HashA);
        Assert.Equal((CommitOutcome.Committed, 0), (nothingNew.Outcome, nothingNew.Changes.Count));
        Page<StoredReading> all = await new BillingDesk(_fixture.Ledger).ReadingsAsync("riverside", null, null, 0, long.MaxValue, new PageRequest(null, 1000), default);
        Assert.Equal(300, all.Items.Count);
        Assert.Equal([1.50m], all.Items.Where(r => r.Value != 9m).Select(r => r.Value));
    }

    [ConformanceFact]
    public async Task Overlapping_commits_of_many_tasks_all_land_once()
    {
        await Task.WhenAll(Enumerable.Range(1, 40).Select(i => Task.Run(() => CommitAsync(Events(((i - 1) / 2) + 1, Raise($"o{(i - 1) / 2}")), HashA))));
        Assert.Equal(20, (await AlarmsAsync()).Count);
        WorkOrder order = (await OrdersAsync()).Single();
        Assert.Equal(20, order.OccurrenceCount);
    }

    [ConformanceFact]
    public async Task Every_batch_adds_to_the_tallies_of_its_hours_once()
    {
        Batch events = Events(1, Raise("o1"), Return("o1"));
        Batch readings = Readings(1, Reading(HourTally.HourLengthMs + 1, 12.30m));
        await CommitAsync(events, HashA);
        await CommitAsync(readings, HashA);
        await CommitAsync(events, HashA);
        await CommitAsync(Readings(2, Reading(HourTally.HourLengthMs + 2, 12.31m)), HashB);
        ReceivedTallies tallies = await _events.TalliesAsync("riverside", 0, 2 * HourTally.HourLengthMs, default);
        Assert.Equal(0, tallies.KnownFromMs);
        Assert.Equal(
            [
                new ReceivedTally(7, Lane.Event, 0, 2, BatchTally.Of(events)[0].Hash),
                new ReceivedTally(
                    7,
                    Lane.Reading,
                    HourTally.HourLengthMs,
                    2,
                    unchecked(BatchTally.Of(readings)[0].Hash + RecordDigest.Of(Reading(HourTally.HourLengthMs + 2, 12.31m)))),
            ],
            tallies.Hours);
        Assert.Equal([new SequenceRange(2, 5)], await _events.MissingAsync("riverside", Lane.Event, 7, new SequenceRange(1, 5), default));
        Assert.Equal([new SequenceRange(3, 3)], await _events.MissingAsync("riverside", Lane.Reading, 7, new SequenceRange(1, 3), default));
    }

    [ConformanceFact]
    public async Task The_newest_revision_of_an_edges_tally_stands()
    {
        HourTally tally = new(7, Lane.Telemetry, 0, 10, ulong.MaxValue - 5, 1, 3, 2);
        await CommitAsync(Events(1) with { Tallies = [tally] }, HashA);
        await CommitAsync(Events(2) with { Tallies = [tally with { Records = 4, Revision = 1 }, tally with { Lane = Lane.Reading }] }, HashB);
        Assert.Equal([tally with { Lane = Lane.Reading }, tally], await EdgeTalliesAsync());
        await CommitAsync(Events(3) with { Tallies = [tally with { Records = 11, Revision = 3 }] }, HashA);
        Assert.Equal(11, (await EdgeTalliesAsync())[1].Records);
    }

    [ConformanceFact]
    public async Task Steps_of_the_clock_and_corrected_times_are_kept()
    {
        await CommitAsync(Events(1, Raise("o1") with { ClockTrusted = false }, Return("o1")) with { ClockCorrectionMs = 60_000 }, HashA);
        Batch step = Events(2) with { ClockSteps = [new ClockStep("s-1", 90_000, 60_000, 30_000, true)] };
        await CommitAsync(step, HashB);
        await CommitAsync(step, HashB);
        (List<ClockStepRow> steps, List<AlarmTransitionRow> transitions) = await _fixture.Ledger.ReadAsync(
            async db => (await db.Set<ClockStepRow>().ToListAsync(), await db.Set<AlarmTransitionRow>().OrderBy(t => t.Ordinal).ToListAsync()), default);
        Assert.Equal([(7L, 90_000L, 60_000L, 30_000L, true)], steps.Select(s => (s.Epoch, s.TimeMs, s.StepMs, s.UptimeMs, s.ClockTrusted)));
        Assert.Equal([60_000L, 0], transitions.Select(t => t.ClockCorrectionMs));
    }

    [ConformanceTheory]
    [InlineData(2)]
    [InlineData(300)]
    public async Task Corrected_readings_say_so_and_are_tallied_however_many_come_at_once(int count)
    {
        Batch batch = Readings(1, [.. Enumerable.Range(0, count).Select(n => Reading(n, n) with { ClockTrusted = n % 2 == 0 })]) with { ClockCorrectionMs = -500 };
        await CommitAsync(batch, HashA);
        await CommitAsync(batch, HashA);
        Assert.Equal(
            [new ReceivedTally(7, Lane.Reading, 0, count, BatchTally.Of(batch).Single().Hash)],
            (await _events.TalliesAsync("riverside", 0, 1, default)).Hours);
        List<StoredReading> stored = await _fixture.Ledger.ReadAsync(async db => await db.Set<StoredReading>().ToListAsync(), default);
        Assert.Equal(count, stored.Count);
        Assert.All(stored, reading => Assert.Equal(reading.ClockTrusted ? 0 : -500, reading.ClockCorrectionMs));
    }

    private async Task<List<HourTally>> EdgeTalliesAsync() => await _fixture.Ledger.ReadAsync(
        async db => (await db.Set<EdgeTallyRow>().OrderBy(t => t.Lane).ToListAsync()).ConvertAll(row => row.ToTally()), default);

    protected DbConnection OpenOwn() => _fixture.Open();

    protected async Task<LedgerCommit> CommitAsync(Batch batch, byte[] hash) => await _events.CommitAsync(batch, hash, default);

    private async Task<IReadOnlyList<Alarm>> AlarmsAsync() => (await _alarms.ListAsync("riverside", false, PageRequest.First, default)).Items;

    private async Task<IReadOnlyList<WorkOrder>> OrdersAsync() => (await _orders.ListAsync(new WorkOrderQuery("riverside"), PageRequest.First, default)).Items;

    private async Task MoveAsync(string id, params WorkOrderStatus[] path)
    {
        foreach (WorkOrderStatus to in path)
        {
            Assert.True((await _orders.MoveAsync(id, to, "engineer", "", default)).Succeeded);
        }
    }

    private async Task DeclarePumpAsync()
    {
        SiteCatalogue catalogue = new(
            new LocalText("Riverside Garden", "滨江花园"),
            "Asia/Shanghai",
            [new CatalogueDevice("pump-1", "fire-pump", "sim-fire-pump", new LocalText("Pump", "水泵"), [])],
            [new CatalogueRule("pressure-low", Pressure, new LocalText("Fire main pressure low", "消防水压不足"))]);
        Assert.True(await new EdgeDirectory(_fixture.Ledger, _fixture.Clock).TakeStateAsync(new EdgeState("riverside", true, 7, "1", "aa", 0, catalogue), default));
    }

    protected static Batch Events(long sequence, params AlarmTransition[] transitions) =>
        new() { Key = new BatchKey("riverside", 7, Lane.Event, sequence), Transitions = [.. transitions] };

    protected static Batch Readings(long sequence, params MeterReading[] readings) =>
        new() { Key = new BatchKey("riverside", 7, Lane.Reading, sequence), Readings = [.. readings] };

    protected static MeterReading Reading(long timeMs, decimal value) => new("meter-3", "energy", "kWh", timeMs, value, 8, Quality.Good, true);

    private static AlarmTransition Raise(string occurrence) => Step(occurrence, 0, AlarmLevel.Normal, AlarmLevel.Alarm, 1_000);

    private static AlarmTransition Return(string occurrence) => Step(occurrence, 1, AlarmLevel.Alarm, AlarmLevel.Normal, 5_000);

    private static AlarmTransition Step(string occurrence, int ordinal, AlarmLevel from, AlarmLevel to, long timeMs) =>
        new(occurrence, ordinal, "pressure-low", Pressure, from, to, AlarmCause.Limit, timeMs, 0.31, double.NaN, true);
}
