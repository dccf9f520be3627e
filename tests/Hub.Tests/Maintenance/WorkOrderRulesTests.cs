using IotProperty.Hub.Maintenance;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Maintenance;

public sealed class WorkOrderRulesTests
{
    private static readonly (WorkOrderStatus From, WorkOrderStatus To)[] Allowed =
    [
        (WorkOrderStatus.Open, WorkOrderStatus.InProgress),
        (WorkOrderStatus.Open, WorkOrderStatus.Deferred),
        (WorkOrderStatus.Open, WorkOrderStatus.Declined),
        (WorkOrderStatus.InProgress, WorkOrderStatus.Completed),
        (WorkOrderStatus.InProgress, WorkOrderStatus.Deferred),
        (WorkOrderStatus.InProgress, WorkOrderStatus.Open),
        (WorkOrderStatus.InProgress, WorkOrderStatus.Declined),
        (WorkOrderStatus.Completed, WorkOrderStatus.Open),
        (WorkOrderStatus.Completed, WorkOrderStatus.Closed),
        (WorkOrderStatus.Deferred, WorkOrderStatus.Open),
        (WorkOrderStatus.Deferred, WorkOrderStatus.Declined),
    ];

    [Fact]
    public void Only_the_listed_steps_are_taken()
    {
        foreach (WorkOrderStatus from in Enum.GetValues<WorkOrderStatus>())
        {
            foreach (WorkOrderStatus to in Enum.GetValues<WorkOrderStatus>())
            {
                Result<WorkOrder> moved = WorkOrderRules.Move(Order(from), to, 5_000);
                Assert.Equal(Allowed.Contains((from, to)), moved.Succeeded);
                Assert.Equal(moved.Succeeded ? null : RefusalKind.Conflict, moved.Refusal?.Kind);
            }
        }
    }

    [Fact]
    public void Completing_notes_the_time_and_reopening_counts()
    {
        WorkOrder completed = WorkOrderRules.Move(Order(WorkOrderStatus.InProgress), WorkOrderStatus.Completed, 5_000).Value!;
        Assert.Equal((5_000L, null, 0), (completed.CompletedMs, completed.ClosedMs, completed.ReopenedCount));
        WorkOrder reopened = WorkOrderRules.Move(completed, WorkOrderStatus.Open, 6_000).Value!;
        Assert.Equal((null, 1), (reopened.CompletedMs, reopened.ReopenedCount));
        WorkOrder closed = WorkOrderRules.Move(completed, WorkOrderStatus.Closed, 7_000).Value!;
        Assert.Equal((5_000L, 7_000L, true), (closed.CompletedMs, closed.ClosedMs, closed.IsOver));
    }

    [Fact]
    public void Completed_order_closes_itself_after_seven_days_and_not_a_millisecond_before()
    {
        WorkOrder completed = Order(WorkOrderStatus.Completed) with { CompletedMs = 1_000 };
        Assert.False(WorkOrderRules.ClosesItself(completed, 1_000 + (7L * 86_400_000) - 1));
        Assert.True(WorkOrderRules.ClosesItself(completed, 1_000 + (7L * 86_400_000)));
    }

    [Fact]
    public void Order_goes_to_the_free_one_with_the_skill_and_the_fewest_orders()
    {
        TechnicianLoad[] loads =
        [
            Load("d", 0, true, "lift"),
            Load("c", 2, true, "fire-protection"),
            Load("b", 1, true, "fire-protection", "lift"),
            Load("a", 1, true, "fire-protection"),
            Load("e", 0, false, "fire-protection"),
        ];
        Assert.Equal(new Assignment("a", null), Assignment.Choose("fire-protection", loads));
        Assert.Equal("d", Assignment.Choose("lift", loads).Technician);
        Assert.Equal(new Assignment(null, "no technician has the skill 'gas'"), Assignment.Choose("gas", loads));
        Assert.Equal(new Assignment(null, "nobody with the skill 'fire-protection' is available (1 asked)"), Assignment.Choose("fire-protection", loads[4..]));
    }

    [Fact]
    public void Calendar_is_due_at_its_first_day_and_every_so_many_days_after()
    {
        CalendarSchedule halfMonthly = new(15, new DateOnly(2026, 1, 1));
        Assert.Equal(
            [new DateOnly(2026, 1, 1), new DateOnly(2026, 1, 16), new DateOnly(2026, 1, 31)],
            PlanSchedule.DueDates(halfMonthly, new DateOnly(2025, 12, 1), new DateOnly(2026, 2, 1), 10));
        Assert.Equal([new DateOnly(2026, 1, 16)], PlanSchedule.DueDates(halfMonthly, new DateOnly(2026, 1, 1), new DateOnly(2026, 1, 30), 10));
        Assert.Equal([new DateOnly(2026, 1, 16)], PlanSchedule.DueDates(halfMonthly, new DateOnly(2026, 1, 1), new DateOnly(2026, 12, 31), 1));
        Assert.Empty(PlanSchedule.DueDates(halfMonthly, new DateOnly(2026, 1, 16), new DateOnly(2026, 1, 30), 10));
        Assert.Empty(PlanSchedule.DueDates(halfMonthly, new DateOnly(2025, 12, 1), new DateOnly(2025, 12, 31), 10));
    }

    [Fact]
    public void Run_hours_count_from_the_first_value_and_from_each_due_date()
    {
        RunHoursSchedule every = new("run-hours", 500);
        RunHoursProgress progress = PlanSchedule.Step(every, null, 12_000);
        Assert.Equal(new RunHoursProgress(12_000, 0), progress);
        Assert.Equal(progress, PlanSchedule.Step(every, progress, 12_499.9m));
        progress = PlanSchedule.Step(every, progress, 12_500);
        Assert.Equal(new RunHoursProgress(12_500, 1), progress);
        Assert.Equal(progress, PlanSchedule.Step(every, progress, 12_500));
        Assert.Equal(new RunHoursProgress(3, 1), PlanSchedule.Step(every, progress, 3));
    }

    private static TechnicianLoad Load(string id, int orders, bool available, params string[] skills) =>
        new(new Technician { Id = id, Name = id, Available = available, Skills = skills }, orders);

    private static WorkOrder Order(WorkOrderStatus status) => new()
    {
        Id = "w1",
        Site = "riverside",
        Title = new LocalText("t", "t"),
        Status = status,
        Origin = WorkOrderOrigin.Manual,
        Cause = "manual:w1",
        Skill = "lift",
        Priority = WorkOrderPriority.Normal,
        OpenedMs = 0,
    };
}
