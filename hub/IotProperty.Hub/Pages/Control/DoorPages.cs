using IotProperty.Hub.Access;
using IotProperty.Hub.Api;
using IotProperty.Hub.Control;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Control;

/// <summary>The doors and gates, who went through, and the order to open one: always on a page of its own that names the door, so that no slip of a finger opens it.</summary>
internal static class DoorPages
{
    public static void MapDoors(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/doors", ShowAsync<DoorsPage>).Requires(Permission.SeeAccess);
        pages.MapGet("/doors/parts", ShowAsync<DoorParts>).Requires(Permission.SeeAccess);
        pages.MapGet("/doors/{site}/{device}", (string site, string device, HttpContext context, IRegistry registry, ICommandDesk desk, IAccessLog log, TimeProvider time) =>
            AskAsync(site, device, null, context, registry, desk, log, time)).Requires(Permission.UnlockDoors);
        pages.MapPost("/doors/{site}/{device}", OpenAsync).Requires(Permission.UnlockDoors);
    }

    private static async Task<IResult> ShowAsync<TComponent>(HttpContext context, IRegistry registry, ICommandDesk desk, IAccessLog log, TimeProvider time)
        where TComponent : Microsoft.AspNetCore.Components.IComponent =>
        Html.Page<TComponent>(new { Board = await CommandBoard.OfDoorsAsync(context, registry, desk, log, time) });

    private static async Task<IResult> AskAsync(
        string site, string device, Refusal? refusal, HttpContext context, IRegistry registry, ICommandDesk desk, IAccessLog log, TimeProvider time)
    {
        CommandBoard board = await CommandBoard.OfDoorsAsync(context, registry, desk, log, time);
        return board.Names.Device(site, device)?.Commands.HasFlag(DeviceCommands.Unlock) != true
            ? ErrorPage.Result(StatusCodes.Status404NotFound)
            : Html.Page<DoorOrderPage>(
                new { Board = board, Site = site, Device = device, Problem = refusal is null ? null : CommandText.Why(refusal) },
                refusal is null ? StatusCodes.Status200OK : CommandText.StatusOf(refusal));
    }

    private static async Task<IResult> OpenAsync(
        string site, string device, HttpContext context, IRegistry registry, ICommandDesk desk, IAccessLog log, TimeProvider time)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        CommandRequest request = new() { Device = device, Action = OrderedAction.Unlock, Id = form["id"].ToString(), Note = form["note"].ToString().Trim() };
        Result<PlacedCommand> placed = await desk.OrderAsync(site, request, context.ActorName(), context.RequestAborted);
        return placed.Succeeded ? Html.SeeOther("/doors") : await AskAsync(site, device, placed.Refusal, context, registry, desk, log, time);
    }
}
