namespace IotProperty.Protocols.Uplink;

/// <summary>What happened at a door or gate. The numeric values are on the wire and never change.</summary>
public enum AccessEventKind : byte
{
    /// <summary>A credential was presented and decided upon.</summary>
    Credential = 0,

    /// <summary>The door was opened without a grant.</summary>
    Forced = 1,

    /// <summary>The door stayed open for longer than allowed.</summary>
    HeldOpen = 2,

    /// <summary>The reader reports credentials that were presented while the edge was not there to decide; the door stayed shut.</summary>
    Missed = 3,

    /// <summary>The hub ordered to unlock the door; <see cref="AccessEvent.Credential"/> is the command's id, by which the hub knows who asked.</summary>
    Command = 4,
}

public enum AccessDecision : byte
{
    /// <summary>There was nothing to decide (a forced or held door).</summary>
    None = 0,
    Granted = 1,
    Denied = 2,
}

/// <summary>Why a credential was granted or denied. The numeric values are on the wire and never change.</summary>
public enum AccessReason : byte
{
    None = 0,
    Known = 1,
    UnknownCredential = 2,
    NotYetValid = 3,
    Expired = 4,
    WrongDoor = 5,
    Blocked = 6,
    OutsideSchedule = 7,
    EdgeWasAway = 8,

    /// <summary>Granted by rule, but the door's controller did not confirm the unlock command.</summary>
    UnlockFailed = 9,

    /// <summary>By a command of the hub.</summary>
    Ordered = 10,
}

/// <summary>One event at a door or gate, decided by the edge alone.</summary>
/// <param name="Id">Unique for ever within the site.</param>
/// <param name="Device">The door or gate.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Decision">What the edge decided.</param>
/// <param name="Reason">Why.</param>
/// <param name="Credential">The credential's id in the access list, or the command's id; empty when it is unknown there. Never the card number.</param>
/// <param name="Fingerprint">
/// The first 8 bytes of a keyed hash of an unknown card's number, in hexadecimal, so that repeated tries of one card can be seen without
/// storing its number; empty for a known credential.
/// </param>
/// <param name="TimeMs">Event time; milliseconds since the Unix epoch, UTC.</param>
/// <param name="ClockTrusted">Whether the edge's clock was synchronised.</param>
public sealed record AccessEvent(
    string Id,
    string Device,
    AccessEventKind Kind,
    AccessDecision Decision,
    AccessReason Reason,
    string Credential,
    string Fingerprint,
    long TimeMs,
    bool ClockTrusted);
