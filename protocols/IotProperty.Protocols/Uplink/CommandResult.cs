namespace IotProperty.Protocols.Uplink;

public enum CommandOutcome : byte
{
    /// <summary>The device was read back as ordered, or confirmed it.</summary>
    Done = 1,

    /// <summary>Nothing was sent to a device: the edge may not, or knows better.</summary>
    Refused = 2,

    /// <summary>It was begun and the device was not seen as ordered: it may have obeyed all the same.</summary>
    Failed = 3,

    /// <summary>It came too late, and nothing was sent to a device.</summary>
    Expired = 4,
}

/// <summary>What became of a command of the hub.</summary>
/// <param name="Id">The command's id; a repeated command gets the result of the first.</param>
public sealed record CommandResult(string Id, CommandOutcome Outcome, string Detail, long TimeMs, bool ClockTrusted);
