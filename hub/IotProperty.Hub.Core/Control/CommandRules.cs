using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Control;

/// <summary>Which commands a site lets the hub give, by the catalogue that its edge declared. Pure.</summary>
public static class CommandRules
{
    /// <summary>The part that the command moves, or why there is none.</summary>
    /// <param name="request">Free of the mistakes that <see cref="CommandRequest.Check"/> sees.</param>
    /// <param name="site">The site's id, for people.</param>
    /// <param name="catalogue">Null: the edge has never told what it holds.</param>
    /// <param name="target">The part; undefined when there is a refusal.</param>
    public static Refusal? WhyNot(CommandRequest request, string site, SiteCatalogue? catalogue, out CommandTarget target)
    {
        ArgumentNullException.ThrowIfNull(request);
        target = default;
        if (catalogue is null)
        {
            return Refusal.Conflict("edge.unknown", $"the edge of site '{site}' has not told yet what it holds: connect it first");
        }

        if (catalogue.Devices.FirstOrDefault(device => device.Id == request.Device) is not { } device)
        {
            return Refusal.NotFound($"device at site '{site}' named", request.Device);
        }

        CommandTarget[] targets = [.. TargetsOf(device).Where(part => (part == CommandTarget.Lock) == (request.Action == OrderedAction.Unlock))];
        switch (targets)
        {
            case []:
                string key = request.Action == OrderedAction.Unlock ? "unlock" : "switch";
                return Refusal.Conflict(
                    "command.not-offered",
                    $"site '{site}' does not let the hub {key} '{device.Id}' — the site file of the edge must name it: commands: {{ {key}: [{device.Id}] }}");
            case [CommandTarget.Valve] when request.Position == SwitchPosition.PermitClose:
                return Refusal.Invalid("invalid.position", $"position: '{device.Id}' has a valve, which has no permit-close: use open or close");
            case [var only]:
                target = only;
                return null;
            default:
                return Refusal.Conflict(
                    "command.ambiguous", $"'{device.Id}' has a relay and a valve, for which open and close mean opposite things; this hub cannot tell which of them is meant");
        }
    }

    /// <summary>What may be ordered of a device.</summary>
    public static IEnumerable<CommandTarget> TargetsOf(CatalogueDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.Commands.HasFlag(DeviceCommands.Unlock))
        {
            yield return CommandTarget.Lock;
        }

        if (device.Commands.HasFlag(DeviceCommands.SwitchRelay))
        {
            yield return CommandTarget.Relay;
        }

        if (device.Commands.HasFlag(DeviceCommands.SwitchValve))
        {
            yield return CommandTarget.Valve;
        }
    }
}
