using System.Collections.Immutable;

namespace IotProperty.Protocols.Uplink;

/// <summary>Names one batch for ever: the key of deduplication and of receipts.</summary>
/// <param name="Site">The site's id; also the MQTT client id of its edge.</param>
/// <param name="Epoch">The edge's boot epoch: grows with every start of the edge, positive.</param>
/// <param name="Lane">The lane.</param>
/// <param name="Sequence">1, 2, 3 … within (site, epoch, lane), without holes.</param>
public readonly record struct BatchKey(string Site, long Epoch, Lane Lane, long Sequence);

/// <summary>
/// The unit that travels from edge to hub, is committed there in one transaction and is answered with one receipt.
/// The records of a lane are described at <see cref="Uplink.Lane"/>; lists of other lanes stay empty.
/// </summary>
public sealed record Batch
{
    public required BatchKey Key { get; init; }

    /// <summary>Telemetry lane. Within one point in order of time.</summary>
    public ImmutableArray<Sample> Samples { get; init; } = [];

    /// <summary>Reading lane.</summary>
    public ImmutableArray<MeterReading> Readings { get; init; } = [];

    /// <summary>Event lane.</summary>
    public ImmutableArray<AlarmTransition> Transitions { get; init; } = [];

    /// <summary>Event lane.</summary>
    public ImmutableArray<AccessEvent> AccessEvents { get; init; } = [];

    /// <summary>Event lane.</summary>
    public ImmutableArray<CommandResult> CommandResults { get; init; } = [];

    /// <summary>Event lane.</summary>
    public ImmutableArray<GapRecord> Gaps { get; init; } = [];

    /// <summary>Event lane.</summary>
    public ImmutableArray<ClockStep> ClockSteps { get; init; } = [];

    /// <summary>Event lane. Travel in batches of their own, so that a hub which does not know them refuses nothing else with them.</summary>
    public ImmutableArray<HourTally> Tallies { get; init; } = [];

    /// <summary>
    /// 0, or by how many milliseconds the edge has corrected the times of those records of this batch whose clock was not trusted: they were taken before the
    /// clock was synchronised, and the step of the clock said by how much it had been wrong. Never changes after the first publish.
    /// </summary>
    public long ClockCorrectionMs { get; init; }

    /// <summary>The span that stored the batch at the edge; null where it is not traced. Never changes after the first publish.</summary>
    public TraceContext? Trace { get; init; }

    /// <summary>How many records of all kinds the batch holds.</summary>
    public int RecordCount =>
        Samples.Length + Readings.Length + Transitions.Length + AccessEvents.Length + CommandResults.Length + Gaps.Length + ClockSteps.Length + Tallies.Length;
}
