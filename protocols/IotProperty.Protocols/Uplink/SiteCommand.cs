namespace IotProperty.Protocols.Uplink;

/// <summary>What the hub orders of a site's edge.</summary>
/// <param name="Site">The site's id.</param>
/// <param name="Id">See <see cref="SiteCommandRules.IsId"/>; an edge carries out each id once, and answers with a <see cref="CommandResult"/> of this id.</param>
/// <param name="IssuedMs">When the hub issued it; milliseconds since the Unix epoch, UTC.</param>
/// <param name="ExpiresMs">From then on it must not be begun; later than <paramref name="IssuedMs"/>, by <see cref="SiteCommandRules.MaxLifetimeMs"/> at most.</param>
/// <param name="AskedBy">Who asked for it at the hub: a person's login name, or a token's name.</param>
/// <param name="Action">What is to be done.</param>
public sealed record SiteCommand(string Site, string Id, long IssuedMs, long ExpiresMs, string AskedBy, CommandAction Action);

/// <summary>What is to be done with one device.</summary>
/// <param name="Device">The device's id.</param>
public abstract record CommandAction(string Device);

/// <summary>Unlocks a door or gate once, as a known card does.</summary>
public sealed record UnlockAction(string Device) : CommandAction(Device);

/// <summary>Brings the relay or valve of a meter into a position.</summary>
public sealed record SwitchAction(string Device, SwitchPosition Position) : CommandAction(Device);

/// <summary>Into which position a relay or valve is to be brought. The numeric values are on the wire and never change.</summary>
public enum SwitchPosition : byte
{
    /// <summary>A relay open: no current. A valve open: water or heat flows.</summary>
    Open = 1,

    /// <summary>A relay closed: current may flow. A valve closed: nothing flows.</summary>
    Close = 2,

    /// <summary>A relay that the customer may close by the meter's key.</summary>
    PermitClose = 3,
}

/// <summary>What the site's file lets the hub order of a device. The numeric values are on the wire and never change.</summary>
[Flags]
public enum DeviceCommands : byte
{
    None = 0,
    Unlock = 1,
    SwitchRelay = 2,
    SwitchValve = 4,
}

/// <summary>What every command keeps to, at the hub that makes it and at the edge that judges it.</summary>
public static class SiteCommandRules
{
    public const int MaxIdChars = 64;
    public const int MaxAskedByChars = 200;

    /// <summary>Between issue and expiry. Whoever stands at a door or meter does not wait for longer, and an edge need not remember ids for ever.</summary>
    public const long MaxLifetimeMs = 5 * 60_000;

    /// <summary>1 to <see cref="MaxIdChars"/> of A to Z, a to z, 0 to 9 and -, so that it can stand in a topic.</summary>
    public static bool IsId(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is > 0 and <= MaxIdChars && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
    }

    /// <summary>Null when the command keeps to the rules; otherwise which one it breaks, for people.</summary>
    public static string? WhyNot(SiteCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return !IsId(command.Id) ? "its id is not 1 to 64 letters, digits and dashes"
            : command.Site.Length == 0 ? "it names no site"
            : command.Action.Device.Length == 0 ? "it names no device"
            : command.AskedBy.Length is 0 or > MaxAskedByChars ? $"it does not say in 1 to {MaxAskedByChars} characters who asked for it"
            : command.IssuedMs < 0 || command.ExpiresMs <= command.IssuedMs ? "it expires before it was issued"
            : command.ExpiresMs - command.IssuedMs > MaxLifetimeMs ? $"it is good for more than {MaxLifetimeMs / 1000} s"
            : null;
    }
}
