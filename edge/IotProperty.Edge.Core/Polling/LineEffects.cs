using IotProperty.Edge.Access;
using IotProperty.Edge.Points;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Polling;

/// <summary>How a read ended, as the polling core needs to know it.</summary>
public enum ReplyKind : byte
{
    /// <summary>The device answered with what was asked for.</summary>
    Answered,

    /// <summary>Nothing came in time.</summary>
    NoAnswer,

    /// <summary>The device is there and answered with an error.</summary>
    Refused,

    /// <summary>
    /// The device is there and says that it has not got all of what was asked for (Modbus exceptions 2 and 3, DL/T 645 error bit 1): the rest of it may be readable.
    /// </summary>
    NoSuchData,

    /// <summary>Bytes came that are no answer.</summary>
    Malformed,

    /// <summary>The line itself is down; nobody was asked.</summary>
    LineDown,
}

/// <summary>A device came back or was given up; for the log, which knows state changes and not every poll.</summary>
public readonly record struct DeviceChange(string Device, bool Answers);

/// <summary>What a point of type string says.</summary>
public readonly record struct PointText(PointRef Point, string Text);

/// <summary>A door's or gate's ring, read because its counter moved.</summary>
public readonly record struct SwipeReport(string Device, ushort Sequence, SwipeEntry[] Entries, Moment At);

/// <summary>
/// What one step of the polling core wants done, in the order of the members. One instance is reused for all steps of a line; the core clears it first.
/// </summary>
public sealed class LineEffects
{
    /// <summary>For alarms and access: all that the step learnt. One device, one moment.</summary>
    public List<PointSample> Samples { get; } = [];

    /// <summary>For the hub: what passed deadband and silence.</summary>
    public List<Sample> Thinned { get; } = [];

    /// <summary>For the hub, synced: billing-grade readings.</summary>
    public List<MeterReading> Readings { get; } = [];

    /// <summary>For people: what a device says of itself.</summary>
    public List<PointText> Texts { get; } = [];

    public SwipeReport? Swipes { get; internal set; }

    /// <summary>What the device has not got, found out just now; from here on it is asked for only rarely.</summary>
    public ReadBlock? Refused { get; internal set; }

    public DeviceChange? Change { get; internal set; }

    internal void Clear()
    {
        Samples.Clear();
        Thinned.Clear();
        Readings.Clear();
        Texts.Clear();
        Refused = null;
        Swipes = null;
        Change = null;
    }
}

/// <summary>What the line shall do now: read <see cref="Block"/> from a device, or rest until <see cref="UntilMs"/> (unless a message comes).</summary>
/// <param name="Device">The device's index on the line.</param>
/// <param name="Block">Null to rest.</param>
/// <param name="UntilMs">Monotonic milliseconds; only when resting.</param>
public readonly record struct LineAction(int Device, ReadBlock? Block, long UntilMs)
{
    /// <summary>Whether the block is a door's ring, which is read because somebody stood before it.</summary>
    public bool ReadsSwipes { get; init; }
}
