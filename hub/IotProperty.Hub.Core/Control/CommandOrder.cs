using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Control;

/// <summary>What is asked of a device, as people and programs name it.</summary>
public enum OrderedAction : byte
{
    /// <summary>A door or gate is to be unlocked once.</summary>
    Unlock = 1,

    /// <summary>The relay or valve of a meter is to be brought into a position.</summary>
    Switch = 2,
}

/// <summary>The part of a device that a command moves. The numeric values are in the database and never change.</summary>
public enum CommandTarget : byte
{
    Lock = 1,
    Relay = 2,
    Valve = 3,
}

/// <summary>What a command brings about on site, whatever position stands for it: an open relay cuts off, an open valve does not.</summary>
public enum CommandEffect : byte
{
    Unlock = 1,
    CutOff = 2,
    Restore = 3,

    /// <summary>The customer may restore the supply at the meter.</summary>
    PermitRestore = 4,
}

/// <summary>A command as it was ordered: a row of <c>command_order</c>, which never changes. What became of it is <see cref="CommandAnswer"/>.</summary>
public sealed record CommandOrder
{
    public required string Site { get; init; }

    /// <summary>Unique within the site; see <see cref="SiteCommandRules.IsId"/>.</summary>
    public required string Id { get; init; }

    public required string Device { get; init; }

    public required CommandTarget Target { get; init; }

    /// <summary>Null for a lock.</summary>
    public SwitchPosition? Position { get; init; }

    /// <summary>A person's login name or a token's name, cut to <see cref="SiteCommandRules.MaxAskedByChars"/>.</summary>
    public required string AskedBy { get; init; }

    /// <summary>Why, in the words of who asked; may be empty. Stays at the hub.</summary>
    public required string Note { get; init; }

    /// <summary>By the hub's clock; milliseconds since the Unix epoch, UTC.</summary>
    public required long IssuedMs { get; init; }

    /// <summary>From then on no edge may begin it.</summary>
    public required long ExpiresMs { get; init; }

    public OrderedAction Action => Target == CommandTarget.Lock ? OrderedAction.Unlock : OrderedAction.Switch;

    public CommandEffect Effect => (Target, Position) switch
    {
        (CommandTarget.Lock, _) => CommandEffect.Unlock,
        (CommandTarget.Relay, SwitchPosition.Open) or (CommandTarget.Valve, SwitchPosition.Close) => CommandEffect.CutOff,
        (CommandTarget.Relay, SwitchPosition.PermitClose) => CommandEffect.PermitRestore,
        _ => CommandEffect.Restore,
    };

    /// <summary>As it travels to the edge.</summary>
    public SiteCommand ToCommand() => new(
        Site, Id, IssuedMs, ExpiresMs, AskedBy, Position is { } position ? new SwitchAction(Device, position) : new UnlockAction(Device));

    /// <summary>Whether <paramref name="request"/> by <paramref name="askedBy"/>, with the same id, asks for the very same.</summary>
    public bool IsFor(CommandRequest request, string askedBy)
    {
        ArgumentNullException.ThrowIfNull(request);
        return (Device, Action, Position, Note, AskedBy) == (request.Device, request.Action, request.Position, request.Note, askedBy);
    }

    /// <summary>For logs: <c>unlock door-1</c>, <c>cut-off meter-1</c>.</summary>
    public override string ToString() => $"{NameOf(Effect)} {Device}";

    private static string NameOf(CommandEffect effect) => effect switch
    {
        CommandEffect.Unlock => "unlock",
        CommandEffect.CutOff => "cut-off",
        CommandEffect.Restore => "restore",
        _ => "permit-restore",
    };
}
