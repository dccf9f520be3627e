namespace IotProperty.Protocols.Uplink;

/// <summary>Declares that batches of a lane were given up, so that nobody takes their absence for silence.</summary>
/// <param name="Id">Unique for ever within the site.</param>
/// <param name="Lane">The lane that lost batches.</param>
/// <param name="Epoch">The boot epoch of the lost batches.</param>
/// <param name="FirstSequence">The first lost batch.</param>
/// <param name="LastSequence">The last lost batch, inclusive.</param>
/// <param name="FromMs">Event time of the oldest lost record; milliseconds since the Unix epoch, UTC.</param>
/// <param name="ToMs">Event time of the newest lost record; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Records">How many records are lost.</param>
/// <param name="Reason">Why, for people: <c>disk quota</c>, <c>refused by hub: …</c>.</param>
public sealed record GapRecord(
    string Id,
    Lane Lane,
    long Epoch,
    long FirstSequence,
    long LastSequence,
    long FromMs,
    long ToMs,
    int Records,
    string Reason);
