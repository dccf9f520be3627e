using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Alarms;

/// <summary>
/// The hub's record of one occurrence of an alarm rule. Everything here is a function of the transitions and acknowledgements that are
/// stored for it, so that the order in which batches arrive does not matter.
/// </summary>
public sealed record Alarm
{
    public required string Id { get; init; }

    public required string Site { get; init; }

    /// <summary>The edge's name of the occurrence; unique within the site.</summary>
    public required string Occurrence { get; init; }

    public required string Rule { get; init; }

    public required string Device { get; init; }

    /// <summary>The point's id within its device.</summary>
    public required string Point { get; init; }

    /// <summary>The rule's name as the edge declared it when the alarm was first seen; the rule's id where it declared none.</summary>
    public required LocalText Name { get; init; }

    public required AlarmState State { get; init; }

    /// <summary>The level now; <see cref="AlarmLevel.Normal"/> once it has returned.</summary>
    public required AlarmLevel Level { get; init; }

    /// <summary>The most severe level that the occurrence reached.</summary>
    public required AlarmLevel HighestLevel { get; init; }

    /// <summary>Why the rule moved last.</summary>
    public required AlarmCause Cause { get; init; }

    /// <summary>Event time of the earliest transition that is known; milliseconds since the Unix epoch, UTC.</summary>
    public required long RaisedMs { get; init; }

    /// <summary>Event time of the newest transition that is known.</summary>
    public required long ChangedMs { get; init; }

    /// <summary>Event time of the return to normal; null while active.</summary>
    public long? ReturnedMs { get; init; }

    /// <summary>The value that decided last, in the point's unit; null when there was none.</summary>
    public double? Value { get; init; }

    /// <summary>The limit that was crossed last, in the point's unit; null when the cause is not a limit.</summary>
    public double? Limit { get; init; }

    /// <summary>Who acknowledged last; null while unacknowledged.</summary>
    public string? AcknowledgedBy { get; init; }

    public long? AcknowledgedMs { get; init; }

    public string? AcknowledgeComment { get; init; }

    /// <summary>The work order that stands for this occurrence; null when it asked for none.</summary>
    public string? WorkOrder { get; init; }

    /// <summary>False when the edge's clock was not synchronised at any of its transitions.</summary>
    public required bool ClockTrusted { get; init; }

    /// <summary>True when the edge has since corrected every time that it took with an unsynchronised clock; then <see cref="ClockTrusted"/> is false.</summary>
    public bool ClockCorrected { get; init; }
}
