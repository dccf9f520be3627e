namespace IotProperty.Protocols.Uplink;

/// <summary>The state of one alarm rule. The numeric values are on the wire and never change; a higher one is more severe.</summary>
public enum AlarmLevel : byte
{
    Normal = 0,
    Warning = 1,
    Alarm = 2,
}

/// <summary>Why a rule moved. The numeric values are on the wire and never change.</summary>
public enum AlarmCause : byte
{
    /// <summary>The value crossed a limit of the rule, in either direction.</summary>
    Limit = 0,

    /// <summary>The point brought no good value for longer than the rule's staleness limit; on the way back: good values are coming again.</summary>
    Stale = 1,

    /// <summary>The rule was removed or changed in the configuration while it was active.</summary>
    Reconfigured = 2,
}

/// <summary>The edge's decision that a rule was entered, left, or changed its level.</summary>
/// <param name="Occurrence">
/// Names one stay outside <see cref="AlarmLevel.Normal"/>: the same text on the transition that leaves normal, on every change of
/// level and on the one that returns. Unique for ever within the site, restarts of the edge included.
/// </param>
/// <param name="Ordinal">0 for the transition that leaves normal, then 1, 2 … within the occurrence; the order of truth when batches overtake each other.</param>
/// <param name="Rule">The rule's id in the site's configuration.</param>
/// <param name="Point">The point that the rule watches.</param>
/// <param name="From">The level before.</param>
/// <param name="To">The level after; differs from <paramref name="From"/>.</param>
/// <param name="Cause">Why the rule moved.</param>
/// <param name="TimeMs">Event time: when the decision fell; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Value">The value that decided, in the point's unit; NaN when there is none.</param>
/// <param name="Limit">The limit that was crossed, in the point's unit; NaN when <paramref name="Cause"/> is not <see cref="AlarmCause.Limit"/>.</param>
/// <param name="ClockTrusted">Whether the edge's clock was synchronised.</param>
public sealed record AlarmTransition(
    string Occurrence,
    int Ordinal,
    string Rule,
    PointRef Point,
    AlarmLevel From,
    AlarmLevel To,
    AlarmCause Cause,
    long TimeMs,
    double Value,
    double Limit,
    bool ClockTrusted);
