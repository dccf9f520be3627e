using IotProperty.Hub.Control;
using IotProperty.Hub.Overview;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.Mvc;

namespace IotProperty.Hub.Api.Control;

/// <summary>Commands to a site's edge.</summary>
internal static class CommandRoutes
{
    public static void MapCommands(this RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("commands");
        group.MapPost("/sites/{site}/commands", OrderAsync).RequiresAny(Permission.UnlockDoors, Permission.SwitchMeters)
            .Produces<CommandView>(201).Produces<CommandView>()
            .WithSummary(
                "Order that a door be unlocked (unlock-doors) or a meter's relay or valve be switched (switch-meters). 201: it is in the ledger and is sent until the edge has it or "
                + "it expires, after 10 s for a door and 60 s for a meter; 200: a command of this id, with the same content, was ordered before.");
        group.MapGet("/sites/{site}/commands", ListAsync).Requires(Permission.SeeCommands)
            .Produces<Page<CommandView>>().WithSummary("Commands to the site with who asked and what became of them, newest first.");
        group.MapGet("/sites/{site}/commands/{id}", FindAsync).Requires(Permission.SeeCommands)
            .Produces<CommandView>().WithSummary("One command with who asked and what became of it.");
    }

    private static async Task<IResult> OrderAsync(
        string site, [FromBody] CommandRequest request, HttpContext context, ICommandDesk desk, IRegistry registry, TimeProvider time, CancellationToken cancellationToken)
    {
        Permission needed = Permissions.ToOrder(request.Action);
        if (!context.User.May(needed, site))
        {
            await Refusals.NotAllowedAsync(context, needed);
            return TypedResults.Empty;
        }

        Result<PlacedCommand> placed = await desk.OrderAsync(site, request, context.ActorName(), cancellationToken);
        if (!placed.Succeeded)
        {
            return ApiResults.Refused(placed.Refusal);
        }

        CommandView view = await ViewAsync(placed.Value.Command, registry, time, cancellationToken);
        return placed.Value.IsNew ? TypedResults.Created($"{HubApi.Root}/sites/{Uri.EscapeDataString(site)}/commands/{view.Id}", view) : TypedResults.Ok(view);
    }

    private static async Task<IResult> ListAsync(
        string site, string? device, [AsParameters] Paging paging, ICommandDesk desk, IRegistry registry, TimeProvider time, CancellationToken cancellationToken)
    {
        Page<CommandRecord> page = await desk.ListAsync(new CommandQuery(site, device), paging.Request, cancellationToken);
        EdgeRecord? edge = await registry.FindEdgeAsync(site, cancellationToken);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        return TypedResults.Ok(new Page<CommandView>([.. page.Items.Select(command => CommandView.Of(command, edge, nowMs))], page.Next));
    }

    private static async Task<IResult> FindAsync(string site, string id, ICommandDesk desk, IRegistry registry, TimeProvider time, CancellationToken cancellationToken) =>
        await desk.FindAsync(site, id, cancellationToken) is { } found
            ? TypedResults.Ok(await ViewAsync(found, registry, time, cancellationToken))
            : ApiResults.Refused(Refusal.NotFound($"command at site '{site}' named", id));

    private static async Task<CommandView> ViewAsync(CommandRecord command, IRegistry registry, TimeProvider time, CancellationToken cancellationToken) =>
        CommandView.Of(command, await registry.FindEdgeAsync(command.Order.Site, cancellationToken), time.GetUtcNow().ToUnixTimeMilliseconds());
}

/// <summary>A command in one piece.</summary>
/// <param name="Position">Of a relay or valve; null for a door.</param>
/// <param name="Effect">What it brings about on site.</param>
/// <param name="Explanation">What the state means, and what to do now.</param>
/// <param name="EdgeOnline">Whether the site's edge is connected now.</param>
/// <param name="Result">The edge's answer; null while there is none.</param>
public sealed record CommandView(
    string Site, string Id, string Device, OrderedAction Action, SwitchPosition? Position, CommandEffect Effect, CommandState State, string Explanation, bool EdgeOnline,
    string AskedBy, string Note, long IssuedMs, long ExpiresMs, CommandAnswer? Result)
{
    public static CommandView Of(CommandRecord command, EdgeRecord? edge, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(command);
        CommandOrder order = command.Order;
        CommandState state = command.StateAt(nowMs);
        bool online = FreshnessRule.EdgeIsOnline(edge?.Online == true, edge?.LastSeenMs, nowMs);
        return new CommandView(
            order.Site, order.Id, order.Device, order.Action, order.Position, order.Effect, state, Explain(command, state, online, nowMs), online,
            order.AskedBy, order.Note, order.IssuedMs, order.ExpiresMs, command.Answer);
    }

    private static string Explain(CommandRecord command, CommandState state, bool online, long nowMs) => state switch
    {
        CommandState.Waiting when nowMs >= command.Order.ExpiresMs => "It has expired, and the edge has not answered; what was begun before may still be answered.",
        CommandState.Waiting when !online => "The site's edge is not connected now. The command is sent when it comes back, until it expires.",
        CommandState.Waiting => "The edge has not answered yet.",
        CommandState.Done => "Carried out.",
        CommandState.Refused => $"The edge did not do it: {command.Answer!.Detail}",
        CommandState.Failed when !command.Answer!.IsInDoubt => $"The device refused. {command.Answer.Detail}".TrimEnd(),
        CommandState.Failed => $"It was begun, and the device was not seen as ordered; it may have obeyed all the same. Look at the device. {command.Answer!.Detail}".TrimEnd(),
        CommandState.Expired when command.Answer!.Reason == CommandReason.NoTimeLeft => "The edge had no time for it before it expired, and nothing was done.",
        CommandState.Expired => "It came to the edge too late, and nothing was done.",
        _ => "The edge did not answer: nobody knows whether it was carried out. Look at the device before you order again.",
    };
}
