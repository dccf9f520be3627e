using IotProperty.Hub.Access;
using IotProperty.Hub.Control;
using IotProperty.Hub.Overview;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Control;

/// <summary>What the pages of doors and supplies show, read once for a request.</summary>
public sealed class CommandBoard
{
    private const int MaxCommands = 100;
    private const int MaxEvents = 200;

    private readonly Dictionary<string, EdgeRecord> _edges;

    private CommandBoard(PlaceNames names, IReadOnlyList<EdgeRecord> edges, long nowMs)
    {
        Names = names;
        NowMs = nowMs;
        _edges = edges.ToDictionary(edge => edge.Site);
    }

    public PlaceNames Names { get; }

    public long NowMs { get; }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<CommandRecord> Commands { get; private init; } = [];

    /// <summary>Newest first.</summary>
    public IReadOnlyList<AccessEventRecord> Events { get; private init; } = [];

    /// <summary>Whether a command waits for its answer, so that the page must look again when time alone has passed.</summary>
    public bool Waits => Commands.Any(command => command.StateAt(NowMs) == CommandState.Waiting);

    /// <summary>Doors with who went through, and commands where the reader may see them.</summary>
    public static async Task<CommandBoard> OfDoorsAsync(HttpContext context, IRegistry registry, ICommandDesk desk, IAccessLog log, TimeProvider time)
    {
        CommandBoard board = await ReadAsync(context, registry, time);
        Page<CommandRecord> commands = await desk.ListAsync(default, new PageRequest(null, MaxCommands), context.RequestAborted);
        Page<AccessEventRecord> events = await log.ListAsync(null, new PageRequest(null, MaxEvents), context.RequestAborted);
        return new CommandBoard(board.Names, [.. board._edges.Values], board.NowMs)
        {
            Commands = [.. commands.Items.Where(c => c.Order.Action == OrderedAction.Unlock && context.User.May(Permission.SeeCommands, c.Order.Site))],
            Events = events.Items,
        };
    }

    /// <summary>One meter with its commands.</summary>
    public static async Task<CommandBoard> OfMeterAsync(string site, string device, HttpContext context, IRegistry registry, ICommandDesk desk, TimeProvider time)
    {
        CommandBoard board = await ReadAsync(context, registry, time);
        Page<CommandRecord> commands = await desk.ListAsync(new CommandQuery(site, device), new PageRequest(null, MaxCommands), context.RequestAborted);
        return new CommandBoard(board.Names, [.. board._edges.Values], board.NowMs)
        {
            Commands = context.User.May(Permission.SeeCommands, site) ? commands.Items : [],
        };
    }

    public bool IsOnline(string site) => _edges.TryGetValue(site, out EdgeRecord? edge) && FreshnessRule.EdgeIsOnline(edge.Online, edge.LastSeenMs, NowMs);

    /// <summary>The doors and gates of a site, in the order of its file.</summary>
    public IReadOnlyList<CatalogueDevice> Doors(string site) =>
        [.. Names.Devices(site).Where(device => device.Kind is "door" or "gate" || device.Commands.HasFlag(DeviceCommands.Unlock))];

    private static async Task<CommandBoard> ReadAsync(HttpContext context, IRegistry registry, TimeProvider time) => new(
        await PlaceNames.ReadAsync(registry, context.RequestAborted), await registry.EdgesAsync(context.RequestAborted), time.GetUtcNow().ToUnixTimeMilliseconds());
}
