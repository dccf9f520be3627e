using IotProperty.Hub.Live;
using IotProperty.Hub.Storage;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Maintenance;

/// <summary>Raises, moves and assigns work orders and writes their history. Lives inside one write.</summary>
internal sealed class WorkOrderBook(LedgerChange change)
{
    /// <summary>Signs what nobody did by hand.</summary>
    public const string Hub = "hub";

    // An order that is open, in progress or deferred keeps its technician busy; a completed one only waits for acceptance.
    private static readonly WorkOrderStatus[] Waiting = [WorkOrderStatus.Open, WorkOrderStatus.InProgress, WorkOrderStatus.Deferred];

    /// <summary>Writes a new order, assigned if somebody is free.</summary>
    /// <param name="order">Without technician and reason.</param>
    public async Task<WorkOrder> RaiseAsync(WorkOrder order, string by, string comment)
    {
        Assignment assignment = Assignment.Choose(order.Skill, await LoadsAsync());
        WorkOrder assigned = order with { Technician = assignment.Technician, UnassignedReason = assignment.UnassignedReason };
        await change.InsertAsync(assigned);
        await WriteAsync(assigned, WorkOrderEntryKind.Raised, assigned.Status, by, comment);
        await WriteAssignmentAsync(assigned);
        change.Announce(LiveKind.WorkOrder, order.Site, order.Id);
        return assigned;
    }

    /// <summary>The order after a step, or why the domain refuses it.</summary>
    public async Task<Result<WorkOrder>> MoveAsync(WorkOrder order, WorkOrderStatus to, string by, string comment)
    {
        Result<WorkOrder> moved = WorkOrderRules.Move(order, to, change.NowMs);
        if (moved.Succeeded)
        {
            await change.UpdateAsync(moved.Value);
            await WriteAsync(moved.Value, WorkOrderEntryKind.Moved, order.Status, by, comment);
            change.Announce(LiveKind.WorkOrder, order.Site, order.Id);
        }

        return moved;
    }

    /// <summary>Writes an order that its alarm has changed.</summary>
    public async Task RecurAsync(WorkOrder order, string comment)
    {
        await change.UpdateAsync(order);
        await WriteAsync(order, WorkOrderEntryKind.Recurred, order.Status, Hub, comment);
        change.Announce(LiveKind.WorkOrder, order.Site, order.Id);
    }

    /// <summary>Opens a completed order again.</summary>
    public async Task ReopenAsync(string id, string comment)
    {
        WorkOrder order = await change.Db.Set<WorkOrder>().SingleAsync(w => w.Id == id, change.CancellationToken);
        Result<WorkOrder> reopened = await MoveAsync(order, WorkOrderStatus.Open, Hub, comment);
        if (!reopened.Succeeded)
        {
            throw new InvalidOperationException($"an order that is to be reopened must be completed: {reopened.Refusal}");
        }
    }

    /// <summary>Gives waiting orders to those who are free by now, the most urgent first. Returns how many found somebody.</summary>
    /// <param name="limit">At most so many orders are looked at.</param>
    public async Task<int> AssignWaitingAsync(int limit)
    {
        List<WorkOrder> waiting = await change.Db.Set<WorkOrder>()
            .Where(w => w.Technician == null && Waiting.Contains(w.Status))
            .OrderByDescending(w => w.Priority).ThenBy(w => w.OpenedMs).ThenBy(w => w.Id)
            .Take(limit)
            .ToListAsync(change.CancellationToken);
        int found = 0;
        foreach (WorkOrder order in waiting)
        {
            Assignment assignment = Assignment.Choose(order.Skill, await LoadsAsync());
            if (assignment.Technician is null && assignment.UnassignedReason == order.UnassignedReason)
            {
                continue;
            }

            WorkOrder assigned = order with { Technician = assignment.Technician, UnassignedReason = assignment.UnassignedReason };
            await change.UpdateAsync(assigned);
            await WriteAssignmentAsync(assigned);
            change.Announce(LiveKind.WorkOrder, order.Site, order.Id);
            found += assignment.Technician is null ? 0 : 1;
        }

        return found;
    }

    /// <summary>Closes completed orders that nobody objected to. Returns how many.</summary>
    public async Task<int> CloseCompletedAsync(int limit)
    {
        long before = change.NowMs - WorkOrderRules.CloseAfterMs;
        List<WorkOrder> due = await change.Db.Set<WorkOrder>()
            .Where(w => w.Status == WorkOrderStatus.Completed && w.CompletedMs <= before)
            .OrderBy(w => w.CompletedMs)
            .Take(limit)
            .ToListAsync(change.CancellationToken);
        foreach (WorkOrder order in due.Where(o => WorkOrderRules.ClosesItself(o, change.NowMs)))
        {
            await MoveAsync(order, WorkOrderStatus.Closed, Hub, "completed 7 days ago and nobody objected");
        }

        return due.Count;
    }

    private async Task<List<TechnicianLoad>> LoadsAsync()
    {
        List<Technician> technicians = await change.Db.Set<Technician>().ToListAsync(change.CancellationToken);
        Dictionary<string, int> counts = await change.Db.Set<WorkOrder>()
            .IgnoreQueryFilters()
            .Where(w => w.Technician != null && Waiting.Contains(w.Status))
            .GroupBy(w => w.Technician!)
            .Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, change.CancellationToken);
        return [.. technicians.Select(t => new TechnicianLoad(t, counts.GetValueOrDefault(t.Id)))];
    }

    private Task WriteAssignmentAsync(WorkOrder order) => order.Technician is { } technician
        ? WriteAsync(order, WorkOrderEntryKind.Assigned, order.Status, Hub, technician)
        : WriteAsync(order, WorkOrderEntryKind.Unassigned, order.Status, Hub, order.UnassignedReason!);

    private async Task WriteAsync(WorkOrder order, WorkOrderEntryKind kind, WorkOrderStatus from, string by, string comment)
    {
        int ordinal = await change.Db.Set<WorkOrderEntry>().CountAsync(e => e.WorkOrder == order.Id, change.CancellationToken);
        await change.InsertAsync(new WorkOrderEntry(order.Id, ordinal, kind, from, order.Status, by, comment, change.NowMs));
    }
}
