using IotProperty.Hub.Api;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Pages.WorkOrders;

/// <summary>Work orders: the list, and one with its history and the steps that it may take.</summary>
internal static class WorkOrderPages
{
    private const int ListLength = 200;

    public static void MapWorkOrders(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/work-orders", (string? show, HttpContext context, IWorkOrderDesk desk, IRegistry registry) =>
            ListAsync<WorkOrderListPage>(show, context, desk, registry)).Requires(Permission.SeeMaintenance);
        pages.MapGet("/work-orders/rows", (string? show, HttpContext context, IWorkOrderDesk desk, IRegistry registry) =>
            ListAsync<WorkOrderRows>(show, context, desk, registry)).Requires(Permission.SeeMaintenance);
        pages.MapGet("/work-orders/{id}", (string id, HttpContext context, IWorkOrderDesk desk, IRegistry registry) =>
            ShowAsync(id, null, context, desk, registry)).Requires(Permission.SeeMaintenance);
        pages.MapPost("/work-orders/{id}/transitions", MoveAsync).Requires(Permission.ChangeMaintenance);
    }

    private static async Task<IResult> ListAsync<TComponent>(string? show, HttpContext context, IWorkOrderDesk desk, IRegistry registry)
        where TComponent : Microsoft.AspNetCore.Components.IComponent
    {
        bool all = show == "all";
        Page<WorkOrder> page = await desk.ListAsync(new WorkOrderQuery(NotOver: !all), new PageRequest(null, ListLength), context.RequestAborted);
        PlaceNames names = await PlaceNames.ReadAsync(registry, context.RequestAborted);
        IReadOnlyDictionary<string, string> technicians = await NamesAsync(desk, context.RequestAborted);
        return Html.Page<TComponent>(new { Orders = page.Items, IsCut = page.Next is not null, All = all, Names = names, Technicians = technicians });
    }

    private static async Task<IResult> ShowAsync(string id, string? problem, HttpContext context, IWorkOrderDesk desk, IRegistry registry)
    {
        WorkOrderDetail? detail = await desk.FindAsync(id, context.RequestAborted);
        if (detail is null)
        {
            return ErrorPage.Result(StatusCodes.Status404NotFound);
        }

        Asset? asset = detail.Order.Asset is { } assetId ? await registry.FindAssetAsync(assetId, context.RequestAborted) : null;
        PlaceNames names = await PlaceNames.ReadAsync(registry, context.RequestAborted);
        return Html.Page<WorkOrderPage>(
            new { Detail = detail, Asset = asset, Names = names, Technicians = await NamesAsync(desk, context.RequestAborted), Problem = problem },
            problem is null ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> MoveAsync(string id, HttpContext context, IWorkOrderDesk desk, IRegistry registry)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (!Enum.TryParse(form["to"], out WorkOrderStatus to) || !Enum.IsDefined(to))
        {
            return ErrorPage.Result(StatusCodes.Status400BadRequest);
        }

        Result<WorkOrder> result = await desk.MoveAsync(id, to, context.ActorName(), form["comment"].ToString().Trim(), context.RequestAborted);
        if (result.Succeeded)
        {
            return Html.SeeOther($"/work-orders/{id}");
        }

        return result.Refusal.Kind == RefusalKind.NotFound
            ? ErrorPage.Result(StatusCodes.Status404NotFound)
            : await ShowAsync(id, Words.T("work-order.cannot-move"), context, desk, registry);
    }

    private static async Task<IReadOnlyDictionary<string, string>> NamesAsync(IWorkOrderDesk desk, CancellationToken cancellationToken)
    {
        Page<Technician> technicians = await desk.TechniciansAsync(new PageRequest(null, PageRequest.MaxLimit), cancellationToken);
        return technicians.Items.ToDictionary(technician => technician.Id, technician => technician.Name);
    }
}
