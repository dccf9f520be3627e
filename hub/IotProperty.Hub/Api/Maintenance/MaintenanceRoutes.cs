using IotProperty.Hub.Maintenance;
using IotProperty.Hub.People;
using Microsoft.AspNetCore.Mvc;

namespace IotProperty.Hub.Api.Maintenance;

/// <summary>Work orders, technicians and maintenance plans.</summary>
internal static class MaintenanceRoutes
{
    public static void MapMaintenance(this RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("maintenance");
        MapWorkOrders(group);
        group.MapGet("/technicians", async ([AsParameters] Paging paging, IWorkOrderDesk desk, CancellationToken cancellationToken) =>
            await desk.TechniciansAsync(paging.Request, cancellationToken)).Requires(Permission.SeeMaintenance).WithSummary("Technicians.");
        group.MapPost("/technicians", async ([FromBody] Technician technician, IWorkOrderDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Created(await desk.AddAsync(technician, cancellationToken), _ => "/api/v1/technicians"))
            .Requires(Permission.ChangeTechnicians).Produces<Technician>(201).WithSummary("Add a technician; waiting orders are given out at once.");
        group.MapPost("/technicians/{id}/availability", async (string id, [FromBody] AvailabilityRequest request, IWorkOrderDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Ok(await desk.SetAvailabilityAsync(id, request.Available, cancellationToken)))
            .Requires(Permission.ChangeTechnicians).Produces<Technician>().WithSummary("Say whether a technician may be given new work.");
        group.MapGet("/maintenance-plans", async ([AsParameters] Paging paging, IWorkOrderDesk desk, CancellationToken cancellationToken) =>
            await desk.PlansAsync(paging.Request, cancellationToken)).Requires(Permission.SeeMaintenance).WithSummary("Maintenance plans.");
        group.MapPost("/maintenance-plans", async ([FromBody] MaintenancePlan plan, IWorkOrderDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Created(await desk.AddAsync(plan, cancellationToken), _ => "/api/v1/maintenance-plans"))
            .Requires(Permission.ChangeMaintenance).Produces<MaintenancePlan>(201).WithSummary("Add a plan, by calendar or by run hours.");
    }

    private static void MapWorkOrders(RouteGroupBuilder group)
    {
        group.MapGet("/work-orders", async (
            string? site, string? status, string? alarm, [AsParameters] Paging paging, IWorkOrderDesk desk, CancellationToken cancellationToken) =>
        {
            WorkOrderStatus? wanted = null;
            if (status is not null)
            {
                wanted = Enum.GetValues<WorkOrderStatus>().Cast<WorkOrderStatus?>().FirstOrDefault(s => EnumName.Kebab(s!.Value) == status);
                if (wanted is null)
                {
                    return ApiResults.BadQuery("status", $"must be one of {string.Join(", ", Enum.GetValues<WorkOrderStatus>().Select(EnumName.Kebab))}");
                }
            }

            return TypedResults.Ok(await desk.ListAsync(new WorkOrderQuery(site, wanted, null, alarm), paging.Request, cancellationToken));
        }).Requires(Permission.SeeMaintenance).Produces<Page<WorkOrder>>().WithSummary("Work orders, newest first.");
        group.MapPost("/work-orders", async ([FromBody] ManualWorkOrder request, HttpContext context, IWorkOrderDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Created(await desk.RaiseAsync(request, context.ActorName(), cancellationToken), added => $"/api/v1/work-orders/{added.Id}"))
            .Requires(Permission.ChangeMaintenance).Produces<WorkOrder>(201).WithSummary("Raise a work order by hand.");
        group.MapGet("/work-orders/{id}", async (string id, IWorkOrderDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Found(await desk.FindAsync(id, cancellationToken), "work order", id))
            .Requires(Permission.SeeMaintenance).Produces<WorkOrderDetail>().WithSummary("One work order with its history.");
        group.MapPost("/work-orders/{id}/transitions", async (
            string id, [FromBody] WorkOrderMove request, HttpContext context, IWorkOrderDesk desk, CancellationToken cancellationToken) =>
            ApiResults.Ok(await desk.MoveAsync(id, request.To, context.ActorName(), request.Comment, cancellationToken)))
            .Requires(Permission.ChangeMaintenance).Produces<WorkOrder>().WithSummary("Move a work order to another status.");
    }
}

public sealed record AvailabilityRequest
{
    public required bool Available { get; init; }
}

public sealed record WorkOrderMove
{
    public required WorkOrderStatus To { get; init; }

    public string Comment { get; init; } = "";
}
