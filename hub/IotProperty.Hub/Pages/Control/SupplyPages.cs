using IotProperty.Hub.Api;
using IotProperty.Hub.Control;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Control;

/// <summary>The supply behind a meter with a relay or valve: how its commands went, and the order to cut it off or restore it, on a page that says what that means on site.</summary>
internal static class SupplyPages
{
    private const string Meter = "/supply/{site}/{device}";

    public static void MapSupply(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Meter, ShowAsync<SupplyPage>).Requires(Permission.SwitchMeters);
        pages.MapGet(Meter + "/parts", ShowAsync<SupplyParts>).Requires(Permission.SwitchMeters);
        pages.MapGet(Meter + "/{effect}", (string site, string device, string effect, HttpContext context, IRegistry registry, ICommandDesk desk, TimeProvider time) =>
            AskAsync(site, device, effect, null, context, registry, desk, time)).Requires(Permission.SwitchMeters);
        pages.MapPost(Meter + "/{effect}", OrderAsync).Requires(Permission.SwitchMeters);
    }

    public static string Address(string site, string device) => $"/supply/{site}/{Uri.EscapeDataString(device)}";

    private static async Task<IResult> ShowAsync<TComponent>(string site, string device, HttpContext context, IRegistry registry, ICommandDesk desk, TimeProvider time)
        where TComponent : Microsoft.AspNetCore.Components.IComponent
    {
        CommandBoard board = await CommandBoard.OfMeterAsync(site, device, context, registry, desk, time);
        return board.Names.Device(site, device) is not { } meter
            ? ErrorPage.Result(StatusCodes.Status404NotFound)
            : Html.Page<TComponent>(new { Board = board, Site = site, Meter = meter });
    }

    private static async Task<IResult> AskAsync(
        string site, string device, string effect, Refusal? refusal, HttpContext context, IRegistry registry, ICommandDesk desk, TimeProvider time)
    {
        CommandBoard board = await CommandBoard.OfMeterAsync(site, device, context, registry, desk, time);
        return board.Names.Device(site, device) is not { } meter || SupplyChoice.Of(meter).FirstOrDefault(choice => choice.Name == effect) is not { } chosen
            ? ErrorPage.Result(StatusCodes.Status404NotFound)
            : Html.Page<SupplyOrderPage>(
                new { Board = board, Site = site, Meter = meter, Choice = chosen, Problem = refusal is null ? null : CommandText.Why(refusal) },
                refusal is null ? StatusCodes.Status200OK : CommandText.StatusOf(refusal));
    }

    private static async Task<IResult> OrderAsync(
        string site, string device, string effect, HttpContext context, IRegistry registry, ICommandDesk desk, TimeProvider time)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        CatalogueDevice? meter = (await registry.FindEdgeAsync(site, context.RequestAborted))?.Catalogue?.Devices.FirstOrDefault(d => d.Id == device);
        if (meter is null || SupplyChoice.Of(meter).FirstOrDefault(choice => choice.Name == effect) is not { } chosen)
        {
            return ErrorPage.Result(StatusCodes.Status404NotFound);
        }

        CommandRequest request = new()
        {
            Device = device,
            Action = OrderedAction.Switch,
            Position = chosen.Position,
            Id = form["id"].ToString(),
            Note = form["note"].ToString().Trim(),
        };
        Result<PlacedCommand> placed = await desk.OrderAsync(site, request, context.ActorName(), context.RequestAborted);
        return placed.Succeeded ? Html.SeeOther(Address(site, device)) : await AskAsync(site, device, effect, placed.Refusal, context, registry, desk, time);
    }
}
