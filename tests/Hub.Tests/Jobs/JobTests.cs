using System.Threading.Channels;
using IotProperty.Hub.Jobs;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Hub.Tests.Jobs;

public sealed class SqliteJobTests() : JobTests(LedgerEngine.Sqlite);

[NeedsPeers("postgres")]
public sealed class PostgresJobTests() : JobTests(LedgerEngine.Postgres);

public abstract class JobTests : IDisposable
{
    private readonly LedgerFixture _fixture;
    private readonly RunHoursSamples _telemetry = new();
    private readonly RegistryDesk _registry;
    private readonly WorkOrderDesk _desk;
    private readonly MaintenancePlanJob _plans;
    private readonly WorkOrderJob _orders;

    protected JobTests(LedgerEngine engine)
    {
        _fixture = new LedgerFixture(engine);
        _registry = new RegistryDesk(_fixture.Ledger, new EdgeDirectory(_fixture.Ledger, _fixture.Clock), _fixture.Vault());
        _desk = new WorkOrderDesk(_fixture.Ledger);
        _plans = new MaintenancePlanJob(_fixture.Ledger, _telemetry);
        _orders = new WorkOrderJob(_fixture.Ledger);
    }

    public void Dispose()
    {
        _fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public async Task Calendar_plan_raises_one_order_a_due_date_in_the_sites_zone()
    {
        await AddLiftAsync();
        // Half past midnight on 2 March in Shanghai is 16:30 UTC on 1 March; an hour before, it is not due.
        _fixture.Clock.MoveTo(new DateTimeOffset(2026, 3, 1, 15, 30, 0, TimeSpan.Zero));
        await AddPlanAsync(new MaintenancePlan { Id = "half-monthly", Asset = "lift-1", Title = Text("Half-monthly visit"), Calendar = new CalendarSchedule(15, new DateOnly(2026, 3, 2)), Edition = "TSG T5002-2017" });
        await _plans.RunAsync(default);
        Assert.Empty(await OrdersAsync());
        _fixture.Clock.Advance(TimeSpan.FromHours(1));
        await _plans.RunAsync(default);
        await _plans.RunAsync(default);
        WorkOrder order = Assert.Single(await OrdersAsync());
        Assert.Equal(("plan:half-monthly:2026-03-02", "lift", WorkOrderOrigin.Plan), (order.Cause, order.Skill, order.Origin));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 16, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), order.OpenedMs);
        Assert.Contains("TSG T5002-2017", (await _desk.FindAsync(order.Id, default))!.History[0].Comment, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public async Task Dates_that_passed_while_the_hub_was_away_are_raised_once_each()
    {
        await AddLiftAsync();
        await AddPlanAsync(new MaintenancePlan { Id = "p", Asset = "lift-1", Title = Text("Visit"), Calendar = new CalendarSchedule(15, new DateOnly(2020, 1, 1)) });
        _fixture.Clock.Advance(TimeSpan.FromDays(45));
        await _plans.RunAsync(default);
        await _plans.RunAsync(default);
        IReadOnlyList<WorkOrder> orders = await OrdersAsync();
        Assert.Equal(3, orders.Count);
        Assert.Equal(3, orders.Select(o => o.Cause).Distinct().Count());
    }

    [ConformanceFact]
    public async Task Run_hours_plan_is_due_when_the_counter_has_gone_far_enough()
    {
        await AddLiftAsync();
        await AddPlanAsync(new MaintenancePlan { Id = "ropes", Asset = "lift-1", Title = Text("Ropes"), RunHours = new RunHoursSchedule("run-hours", 500), Skill = "ropes" });
        foreach ((double hours, int orders) in new[] { (12_000d, 0), (12_499d, 0), (12_500d, 1), (12_600d, 1), (13_000d, 2) })
        {
            _telemetry.Hours = hours;
            await _plans.RunAsync(default);
            await _plans.RunAsync(default);
            Assert.Equal(orders, (await OrdersAsync()).Count);
        }

        Assert.All(await OrdersAsync(), o => Assert.Equal("ropes", o.Skill));
    }

    [ConformanceFact]
    public async Task Stale_counter_makes_nothing_due()
    {
        await AddLiftAsync();
        await AddPlanAsync(new MaintenancePlan { Id = "ropes", Asset = "lift-1", Title = Text("Ropes"), RunHours = new RunHoursSchedule("run-hours", 1) });
        _telemetry.Hours = 1;
        await _plans.RunAsync(default);
        (_telemetry.Hours, _telemetry.Quality) = (1_000, Quality.Stale);
        await _plans.RunAsync(default);
        Assert.Empty(await OrdersAsync());
    }

    [ConformanceFact]
    public async Task Completed_order_is_closed_after_seven_days()
    {
        await AddLiftAsync();
        WorkOrder order = (await _desk.RaiseAsync(new ManualWorkOrder { Site = "riverside", Title = Text("Noise"), Asset = "lift-1" }, "guard", default)).Value!;
        await _desk.MoveAsync(order.Id, WorkOrderStatus.InProgress, "li", "", default);
        await _desk.MoveAsync(order.Id, WorkOrderStatus.Completed, "li", "oiled", default);
        _fixture.Clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromMilliseconds(1));
        await _orders.RunAsync(default);
        Assert.Equal(WorkOrderStatus.Completed, (await OrdersAsync()).Single().Status);
        _fixture.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await _orders.RunAsync(default);
        WorkOrderDetail detail = (await _desk.FindAsync(order.Id, default))!;
        Assert.Equal(WorkOrderStatus.Closed, detail.Order.Status);
        Assert.Equal("hub", detail.History[^1].By);
    }

    [ConformanceFact]
    public async Task Scheduler_repeats_a_failing_job_and_lets_the_others_run()
    {
        SteppedClock clock = new();
        CountingJob failing = new(fails: true);
        CountingJob sound = new(fails: false);
        using JobScheduler scheduler = new([failing, sound], new OwnJobTurns(), clock, NullLogger<JobScheduler>.Instance);
        await scheduler.StartAsync(default);
        await failing.RanAsync(1);
        await sound.RanAsync(1);
        await clock.FireAsync(2);
        await failing.RanAsync(2);
        await sound.RanAsync(2);
        await scheduler.StopAsync(default);
        Assert.True(scheduler.ExecuteTask!.IsCompletedSuccessfully);
    }

    private async Task AddLiftAsync()
    {
        Assert.True((await _registry.AddAsync(new Site { Id = "riverside", Name = Text("Riverside"), TimeZone = "Asia/Shanghai" }, default)).Succeeded);
        Asset lift = new() { Id = "lift-1", Site = "riverside", Device = "lift-1", Kind = "lift", Name = Text("Lift 1") };
        Assert.True((await _registry.AddAsync(lift, default)).Succeeded);
    }

    private async Task AddPlanAsync(MaintenancePlan plan) => Assert.True((await _desk.AddAsync(plan, default)).Succeeded);

    private async Task<IReadOnlyList<WorkOrder>> OrdersAsync() => (await _desk.ListAsync(default, PageRequest.First, default)).Items;

    private static LocalText Text(string text) => new(text, text);

    /// <summary>A telemetry store that knows the newest run hours of one lift.</summary>
    private sealed class RunHoursSamples : ITelemetryStore
    {
        public double Hours { get; set; }

        public Quality Quality { get; set; }

        public ValueTask<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken) =>
            new([new LatestSample(site, new PointRef("lift-1", "run-hours"), new StoredSample(0, Hours, Quality, true))]);

        public ValueTask<CommitOutcome> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<StoredSample>> RangeAsync(string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<long> CountAsync(string site, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, long epoch, SequenceRange span, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }

    private sealed class CountingJob(bool fails) : IJob, IDisposable
    {
        private readonly SemaphoreSlim _runs = new(0);
        private int _seen;

        public string Name => "counting";

        public TimeSpan Every => TimeSpan.FromMinutes(1);

        public Task RunAsync(CancellationToken cancellationToken)
        {
            _runs.Release();
            return fails ? throw new InvalidOperationException("fails on purpose") : Task.CompletedTask;
        }

        public async Task RanAsync(int times)
        {
            for (; _seen < times; _seen++)
            {
                Assert.True(await _runs.WaitAsync(TimeSpan.FromSeconds(30)), $"run {_seen + 1} never came");
            }
        }

        public void Dispose() => _runs.Dispose();
    }

    /// <summary>A clock whose timers fire when the test says so.</summary>
    private sealed class SteppedClock : TimeProvider
    {
        private readonly Channel<Action> _timers = Channel.CreateUnbounded<Action>();

        /// <summary>Waits until so many timers are set, then fires them.</summary>
        public async Task FireAsync(int count)
        {
            // All are set before the first fires: a job that is quick would set its next one before a slow one has set its first.
            List<Action> set = [];
            using CancellationTokenSource bound = new(TimeSpan.FromSeconds(30));
            while (set.Count < count)
            {
                set.Add(await _timers.Reader.ReadAsync(bound.Token));
            }

            set.ForEach(fire => fire());
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Assert.True(_timers.Writer.TryWrite(() => callback(state)));
            return new Timer();
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                // Nothing runs by itself.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
