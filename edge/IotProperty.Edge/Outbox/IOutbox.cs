using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Outbox;

/// <summary>
/// Where everything that must reach the hub goes first. Safe for callers on any task.
/// Events and readings: when the returned task completes, they are synced to disk; only then may the caller act on them (unlock a door, show an
/// alarm). Telemetry is grouped: it is synced within the stated loss window (<c>outbox.flushMs</c> in the site's configuration).
/// </summary>
public interface IOutbox
{
    /// <summary>Names an occurrence or event: unique for ever within the site, restarts included.</summary>
    string NewId();

    /// <summary>Takes a sample for the next telemetry batch. Never blocks: a full buffer is flushed by the store's own task, and the disk quota drops the oldest telemetry.</summary>
    void Add(in Sample sample);

    /// <summary>
    /// How often telemetry was given up since the start, each time declared by a gap record. Whoever tells only what differs from what was told before must tell everything
    /// again when this has grown: the last change may be among what is gone, and the hub would show the value before it as if it were the present one.
    /// </summary>
    long TelemetryLosses { get; }

    /// <summary>Stores events; completes when they are synced to disk.</summary>
    ValueTask AddAsync(OutboxEvents events, CancellationToken cancellationToken);

    /// <summary>Stores meter readings; completes when they are synced to disk.</summary>
    ValueTask AddAsync(IReadOnlyList<MeterReading> readings, CancellationToken cancellationToken);
}

/// <summary>Events that belong into one batch because they were decided together.</summary>
public sealed record OutboxEvents
{
    public IReadOnlyList<AlarmTransition> Transitions { get; init; } = [];

    public IReadOnlyList<AccessEvent> AccessEvents { get; init; } = [];

    public IReadOnlyList<CommandResult> CommandResults { get; init; } = [];

    public IReadOnlyList<GapRecord> Gaps { get; init; } = [];

    /// <summary>
    /// State that follows from these events, written in the same transaction: either both survive a kill or neither. May stand alone, without events.
    /// See <see cref="IEdgeStateStore"/> for reading it back.
    /// </summary>
    public IReadOnlyList<StateWrite> State { get; init; } = [];
}
