namespace IotProperty.Hub.Maintenance;

/// <param name="Site">Null: all sites.</param>
/// <param name="Status">Null: any status.</param>
/// <param name="Technician">Null: any technician and none.</param>
/// <param name="Alarm">Null, or the id of an alarm: the order that stands for it, whichever occurrence raised it.</param>
/// <param name="NotOver">Leaves out those that are closed or declined.</param>
public readonly record struct WorkOrderQuery(
    string? Site = null, WorkOrderStatus? Status = null, string? Technician = null, string? Alarm = null, bool NotOver = false);

/// <summary>Work orders, technicians and plans. Safe for callers on any task.</summary>
public interface IWorkOrderDesk
{
    /// <summary>Newest first.</summary>
    ValueTask<Page<WorkOrder>> ListAsync(WorkOrderQuery query, PageRequest page, CancellationToken cancellationToken);

    ValueTask<WorkOrderDetail?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Raises an order by hand and assigns it like any other.</summary>
    ValueTask<Result<WorkOrder>> RaiseAsync(ManualWorkOrder request, string by, CancellationToken cancellationToken);

    /// <summary>Moves an order to another status; the domain's table of transitions refuses what it does not list (conflict).</summary>
    ValueTask<Result<WorkOrder>> MoveAsync(string id, WorkOrderStatus to, string by, string comment, CancellationToken cancellationToken);

    ValueTask<Page<Technician>> TechniciansAsync(PageRequest page, CancellationToken cancellationToken);

    /// <summary>Adding somebody who is free gives them waiting orders at once.</summary>
    ValueTask<Result<Technician>> AddAsync(Technician technician, CancellationToken cancellationToken);

    /// <summary>Somebody who becomes available is given waiting orders at once; orders that they have stay with them.</summary>
    ValueTask<Result<Technician>> SetAvailabilityAsync(string id, bool available, CancellationToken cancellationToken);

    ValueTask<Page<MaintenancePlan>> PlansAsync(PageRequest page, CancellationToken cancellationToken);

    ValueTask<Result<MaintenancePlan>> AddAsync(MaintenancePlan plan, CancellationToken cancellationToken);
}
