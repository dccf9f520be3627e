using System.Globalization;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Jobs;

/// <summary>
/// Raises the work orders of plans that are due: by calendar in the site's zone, by run hours from the newest sample of the counter. A due date raises one order for ever;
/// dates that passed while the hub was away are raised when it comes back.
/// </summary>
public sealed class MaintenancePlanJob(Ledger ledger, ITelemetryStore telemetry) : IJob
{
    // Due dates of one plan that one run raises at most; the next run takes the rest.
    private const int MaxDueDates = 100;

    public string Name => "maintenance-plans";

    public TimeSpan Every { get; } = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<(MaintenancePlan Plan, Asset Asset)> plans = await ledger.ReadAsync(
            async db => (await db.Set<MaintenancePlan>()
                    .Join(db.Set<Asset>(), p => p.Asset, a => a.Id, (p, a) => new { p, a })
                    .ToListAsync(cancellationToken))
                .ConvertAll(pair => (pair.p, pair.a)),
            cancellationToken);
        foreach (IGrouping<string, (MaintenancePlan Plan, Asset Asset)> ofSite in plans.GroupBy(p => p.Asset.Site))
        {
            Dictionary<PointRef, StoredSample> latest = ofSite.Any(p => p.Plan.RunHours is not null)
                ? (await telemetry.LatestAsync(ofSite.Key, cancellationToken)).ToDictionary(l => l.Point, l => l.Sample)
                : [];
            foreach ((MaintenancePlan plan, Asset asset) in ofSite)
            {
                if (plan.Calendar is { } calendar)
                {
                    await ledger.WriteAsync(change => RaiseByCalendarAsync(change, plan, asset, calendar), cancellationToken);
                }
                else if (plan.RunHours is { } runHours && HoursOf(latest, asset, runHours) is { } hours)
                {
                    await ledger.WriteAsync(change => RaiseByRunHoursAsync(change, plan, asset, runHours, hours), cancellationToken);
                }
            }
        }
    }

    private static decimal? HoursOf(Dictionary<PointRef, StoredSample> latest, Asset asset, RunHoursSchedule schedule) =>
        asset.Device is { } device
        && latest.TryGetValue(new PointRef(device, schedule.Point), out StoredSample sample)
        && sample is { Quality: Quality.Good, Value: >= 0 and < 1e12 }
            ? (decimal)sample.Value
            : null;

    private static async Task<int> RaiseByCalendarAsync(LedgerChange change, MaintenancePlan plan, Asset asset, CalendarSchedule schedule)
    {
        Site site = await change.Db.Set<Site>().SingleAsync(s => s.Id == asset.Site, change.CancellationToken);
        BillingCalendar calendar = BillingCalendar.For(site.TimeZone)
            ?? throw new InvalidOperationException($"site '{site.Id}' has the unknown time zone '{site.TimeZone}'");
        PlanProgressRow? progress = await ProgressAsync(change, plan);
        DateOnly after = progress?.LastDue ?? calendar.DayOf(plan.CreatedMs).AddDays(-1);
        IReadOnlyList<DateOnly> due = PlanSchedule.DueDates(schedule, after, calendar.DayOf(change.NowMs), MaxDueDates);
        foreach (DateOnly day in due)
        {
            string key = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            await RaiseAsync(change, plan, asset, key, calendar.StartOf(day), calendar.StartOf(day.AddDays(1)), $"due on {key}");
        }

        if (due.Count > 0)
        {
            await SaveAsync(change, progress, new PlanProgressRow(plan.Id, due[^1], null, (progress?.DueCount ?? 0) + due.Count));
        }

        return due.Count;
    }

    private static async Task<int> RaiseByRunHoursAsync(LedgerChange change, MaintenancePlan plan, Asset asset, RunHoursSchedule schedule, decimal hours)
    {
        PlanProgressRow? row = await ProgressAsync(change, plan);
        RunHoursProgress? before = row?.BaselineHours is { } baseline ? new RunHoursProgress(baseline, row.DueCount) : null;
        RunHoursProgress after = PlanSchedule.Step(schedule, before, hours);
        if (after == before)
        {
            return 0;
        }

        bool due = after.DueCount > (before?.DueCount ?? 0);
        if (due)
        {
            string news = string.Create(CultureInfo.InvariantCulture, $"{hours} h counted, {hours - before!.Value.BaselineHours} since it was last due");
            await RaiseAsync(change, plan, asset, string.Create(CultureInfo.InvariantCulture, $"hours-{after.DueCount}"), change.NowMs, null, news);
        }

        await SaveAsync(change, row, new PlanProgressRow(plan.Id, null, after.BaselineHours, after.DueCount));
        return due ? 1 : 0;
    }

    private static async Task RaiseAsync(LedgerChange change, MaintenancePlan plan, Asset asset, string key, long openedMs, long? dueMs, string news)
    {
        string cause = $"plan:{plan.Id}:{key}";
        if (await change.Db.Set<WorkOrder>().AnyAsync(w => w.Plan == plan.Id && w.Cause == cause, change.CancellationToken))
        {
            return;
        }

        WorkOrder order = new()
        {
            Id = change.NewId(),
            Site = asset.Site,
            Title = plan.Title,
            Status = WorkOrderStatus.Open,
            Origin = WorkOrderOrigin.Plan,
            Cause = cause,
            Plan = plan.Id,
            Asset = asset.Id,
            Device = asset.Device,
            Skill = plan.Skill.Length > 0 ? plan.Skill : asset.Skill.Length > 0 ? asset.Skill : await SkillOfKindAsync(change, asset.Kind),
            Priority = plan.Priority,
            OpenedMs = openedMs,
            DueMs = dueMs,
        };
        await new WorkOrderBook(change).RaiseAsync(order, WorkOrderBook.Hub, plan.Edition.Length > 0 ? $"{news} ({plan.Edition})" : news);
    }

    private static async Task<string> SkillOfKindAsync(LedgerChange change, string kind)
    {
        List<DispatchRule> rules = await change.Db.Set<DispatchRule>().ToListAsync(change.CancellationToken);
        return DispatchRule.Find(rules, kind, AlarmLevel.Alarm)?.Skill ?? "general";
    }

    private static Task<PlanProgressRow?> ProgressAsync(LedgerChange change, MaintenancePlan plan) =>
        change.Db.Set<PlanProgressRow>().SingleOrDefaultAsync(p => p.Plan == plan.Id, change.CancellationToken);

    private static Task SaveAsync(LedgerChange change, PlanProgressRow? before, PlanProgressRow after) =>
        before is null ? change.InsertAsync(after) : change.UpdateAsync(after);
}
