namespace IotProperty.Protocols.Uplink;

public enum CommandOutcome : byte
{
    /// <summary>The device was read back as ordered, or confirmed it.</summary>
    Done = 1,

    /// <summary>Nothing was sent to a device: the edge may not, or knows better.</summary>
    Refused = 2,

    /// <summary>It was begun and the device was not seen as ordered: unless it refused, it may have obeyed all the same.</summary>
    Failed = 3,

    /// <summary>It came too late, or could not be begun in time, and nothing was sent to a device.</summary>
    Expired = 4,
}

/// <summary>Why a command was not done, so that a hub can say it in its reader's language. The numeric values are on the wire and in databases and never change.</summary>
public enum CommandReason : byte
{
    /// <summary>It was done; or the edge, of an older version, gives its reason in words alone; or it gives one that this version does not know.</summary>
    None = 0,

    /// <summary>The edge's clock is not synchronised: whether the command is late cannot be told.</summary>
    ClockNotSynchronised = 1,

    /// <summary>By the edge's clock it was issued in the future.</summary>
    ClocksDisagree = 2,

    /// <summary>It came to the edge after its expiry.</summary>
    Late = 3,

    /// <summary>It came in time, and its line, or the edge's store, had no time for it before it expired.</summary>
    NoTimeLeft = 4,

    /// <summary>The site's file does not let the hub order this of the device.</summary>
    NotAllowed = 5,

    /// <summary>The device has no such part, or its profile or entry does not permit to move it.</summary>
    NotSwitchable = 6,

    /// <summary>The device's password cannot be read, or cannot be one.</summary>
    NoPassword = 7,

    /// <summary>The edge, or the door, carries out as many commands already as it can.</summary>
    Busy = 8,

    /// <summary>The edge was stopped meanwhile.</summary>
    EdgeStopped = 9,

    /// <summary>The part's position could not be read beforehand.</summary>
    DeviceUnreadable = 10,

    /// <summary>The device answered that it does not do this, so it has not.</summary>
    DeviceRefused = 11,

    /// <summary>The order was sent, or its line broke over it, and the device did not confirm.</summary>
    NotConfirmed = 12,

    /// <summary>The order was sent, and the device was read in another position afterwards, or could not be read.</summary>
    NotInPosition = 13,
}

/// <summary>What became of a command of the hub.</summary>
/// <param name="Id">The command's id; a repeated command gets the result of the first.</param>
/// <param name="Detail">In English, for people; says at least what the reason says.</param>
public sealed record CommandResult(string Id, CommandOutcome Outcome, CommandReason Reason, string Detail, long TimeMs, bool ClockTrusted);
