using IotProperty.Hub.Alarms;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Maintenance;

/// <summary>Work orders, technicians and plans on the ledger.</summary>
public sealed class WorkOrderDesk(Ledger ledger) : IWorkOrderDesk
{
    /// <summary>The longest comment of a step.</summary>
    public const int MaxCommentLength = 2000;

    // What one person who becomes free can be given at once; the job finds the rest.
    private const int AssignAtOnce = 100;

    public ValueTask<Page<WorkOrder>> ListAsync(WorkOrderQuery query, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        async db =>
        {
            IQueryable<WorkOrder> orders = db.Set<WorkOrder>();
            if (query.Alarm is { } alarm)
            {
                string? standing = await db.Set<Alarm>().Where(a => a.Id == alarm).Select(a => a.WorkOrder).SingleOrDefaultAsync(cancellationToken);
                orders = orders.Where(w => w.Id == standing);
            }

            if (query.Site is { } site)
            {
                orders = orders.Where(w => w.Site == site);
            }

            if (query.Status is { } status)
            {
                orders = orders.Where(w => w.Status == status);
            }

            if (query.NotOver)
            {
                orders = orders.Where(w => w.Status != WorkOrderStatus.Declined && w.Status != WorkOrderStatus.Closed);
            }

            if (query.Technician is { } technician)
            {
                orders = orders.Where(w => w.Technician == technician);
            }

            if (Paging.TryRead(page, out long openedMs, out string id))
            {
                orders = orders.Where(w => w.OpenedMs < openedMs || (w.OpenedMs == openedMs && w.Id.CompareTo(id) < 0));
            }

            return await Paging.CutAsync(
                orders.OrderByDescending(w => w.OpenedMs).ThenByDescending(w => w.Id), page, w => Paging.Cursor(w.OpenedMs, w.Id), cancellationToken);
        },
        cancellationToken);

    public ValueTask<WorkOrderDetail?> FindAsync(string id, CancellationToken cancellationToken) => ledger.ReadAsync(
        async db =>
        {
            WorkOrder? order = await db.Set<WorkOrder>().SingleOrDefaultAsync(w => w.Id == id, cancellationToken);
            return order is null
                ? null
                : new WorkOrderDetail(order, await db.Set<WorkOrderEntry>().Where(e => e.WorkOrder == id).OrderBy(e => e.Ordinal).ToListAsync(cancellationToken));
        },
        cancellationToken);

    public async ValueTask<Result<WorkOrder>> RaiseAsync(ManualWorkOrder request, string by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentException.ThrowIfNullOrWhiteSpace(by);
        if (MaintenanceRules.Check(request) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<WorkOrder>>(
            async change =>
            {
                if (!await change.Db.Set<Site>().AnyAsync(s => s.Id == request.Site, cancellationToken))
                {
                    return Refusal.Invalid("unknown.site", $"there is no site '{request.Site}'");
                }

                Asset? asset = request.Asset is null
                    ? null
                    : await change.Db.Set<Asset>().SingleOrDefaultAsync(a => a.Id == request.Asset && a.Site == request.Site, cancellationToken);
                if (request.Asset is not null && asset is null)
                {
                    return Refusal.Invalid("unknown.asset", $"site '{request.Site}' has no asset '{request.Asset}'");
                }

                string id = change.NewId();
                string skill = request.Skill.Length > 0 ? request.Skill : asset is { Skill.Length: > 0 } ? asset.Skill : "general";
                WorkOrder order = new()
                {
                    Id = id,
                    Site = request.Site,
                    Title = request.Title,
                    Status = WorkOrderStatus.Open,
                    Origin = WorkOrderOrigin.Manual,
                    Cause = $"manual:{id}",
                    Asset = asset?.Id,
                    Device = asset?.Device,
                    Skill = skill,
                    Priority = request.Priority,
                    OpenedMs = change.NowMs,
                    DueMs = request.DueMs,
                };
                change.Audit(AuditAction.WorkOrderRaised, "work-order", id, request.Site);
                return await new WorkOrderBook(change).RaiseAsync(order, by, request.Comment);
            },
            cancellationToken);
    }

    public async ValueTask<Result<WorkOrder>> MoveAsync(string id, WorkOrderStatus to, string by, string comment, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(by);
        ArgumentNullException.ThrowIfNull(comment);
        if (comment.Length > MaxCommentLength)
        {
            return Refusal.Invalid("invalid.comment", $"comment: at most {MaxCommentLength} characters");
        }

        return await ledger.WriteAsync<Result<WorkOrder>>(
            async change =>
            {
                WorkOrder? order = await change.Db.Set<WorkOrder>().SingleOrDefaultAsync(w => w.Id == id, cancellationToken);
                if (order is null)
                {
                    return Refusal.NotFound("work order", id);
                }

                Result<WorkOrder> moved = await new WorkOrderBook(change).MoveAsync(order, to, by, comment);
                if (moved.Succeeded)
                {
                    change.Audit(AuditAction.WorkOrderMoved, "work-order", id, order.Site, $"{order.Status} to {to}");
                }

                return moved;
            },
            cancellationToken);
    }

    public ValueTask<Page<Technician>> TechniciansAsync(PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => Paging.ByIdAsync(db.Set<Technician>(), t => t.Id, page, cancellationToken), cancellationToken);

    public async ValueTask<Result<Technician>> AddAsync(Technician technician, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(technician);
        if (MaintenanceRules.Check(technician) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<Technician>>(
            async change =>
            {
                Technician added = technician.Id.Length > 0 ? technician : technician with { Id = change.NewId() };
                if (await change.Db.Set<Technician>().IgnoreQueryFilters().AnyAsync(t => t.Id == added.Id, cancellationToken))
                {
                    return Refusal.Conflict("id.taken", $"there is a technician '{added.Id}' already");
                }

                await change.InsertAsync(added);
                change.Audit(AuditAction.TechnicianAdded, "technician", added.Id, "");
                await new WorkOrderBook(change).AssignWaitingAsync(AssignAtOnce);
                return added;
            },
            cancellationToken);
    }

    public async ValueTask<Result<Technician>> SetAvailabilityAsync(string id, bool available, CancellationToken cancellationToken) =>
        await ledger.WriteAsync<Result<Technician>>(
            async change =>
            {
                Technician? known = await change.Db.Set<Technician>().SingleOrDefaultAsync(t => t.Id == id, cancellationToken);
                if (known is null)
                {
                    return Refusal.NotFound("technician", id);
                }

                Technician next = known with { Available = available };
                await change.UpdateAsync(next);
                change.Audit(AuditAction.TechnicianChanged, "technician", id, "", available ? "available" : "not available");
                await new WorkOrderBook(change).AssignWaitingAsync(AssignAtOnce);
                return next;
            },
            cancellationToken);

    public ValueTask<Page<MaintenancePlan>> PlansAsync(PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => Paging.ByIdAsync(db.Set<MaintenancePlan>(), p => p.Id, page, cancellationToken), cancellationToken);

    public async ValueTask<Result<MaintenancePlan>> AddAsync(MaintenancePlan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (MaintenanceRules.Check(plan) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<MaintenancePlan>>(
            async change =>
            {
                MaintenancePlan added = plan with { Id = plan.Id.Length > 0 ? plan.Id : change.NewId(), CreatedMs = change.NowMs };
                Asset? asset = await change.Db.Set<Asset>().SingleOrDefaultAsync(a => a.Id == plan.Asset, cancellationToken);
                if (asset is null)
                {
                    return Refusal.Invalid("unknown.asset", $"there is no asset '{plan.Asset}': add it first");
                }

                if (plan.RunHours is not null && asset.Device is null)
                {
                    return Refusal.Invalid("plan.run-hours", $"asset '{asset.Id}' has no device that could count hours: use a calendar, or connect the asset");
                }

                if (await change.Db.Set<MaintenancePlan>().IgnoreQueryFilters().AnyAsync(p => p.Id == added.Id, cancellationToken))
                {
                    return Refusal.Conflict("id.taken", $"there is a maintenance plan '{added.Id}' already");
                }

                await change.InsertAsync(added);
                change.Audit(AuditAction.PlanAdded, "maintenance-plan", added.Id, asset.Site);
                return added;
            },
            cancellationToken);
    }
}
