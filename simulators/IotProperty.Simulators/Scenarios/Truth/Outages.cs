namespace IotProperty.Simulators.Scenarios.Truth;

/// <summary>When the edge was killed and how much a kill may cost; times in milliseconds since the Unix epoch, UTC.</summary>
/// <param name="KilledMs">When SIGKILL was sent; null when the edge was not killed.</param>
/// <param name="BackMs">When the edge was started again.</param>
public sealed record Outages(long? KilledMs, long? BackMs)
{
    /// <summary>The demo's <c>outbox.flushMs</c>, after which a sample must be on its way to the disk …</summary>
    public const long FlushMs = 1_000;

    /// <summary>… and how long that way may take on a busy disk.</summary>
    public const long CommitMs = 250;

    /// <summary>Answers that were on the wire when the edge died.</summary>
    private const long InFlightMs = 200;

    /// <summary>Whether a sample served at this time may be lost: the stated loss window of telemetry.</summary>
    public bool MayLoseTelemetry(long servedMs) => KilledMs is { } killed && servedMs >= killed - FlushMs - CommitMs && servedMs <= killed + InFlightMs;

    /// <summary>Whether an event or reading served at this time may be lost: it was read but its sync to disk was still under way.</summary>
    public bool MayLoseEvent(long servedMs) => KilledMs is { } killed && servedMs >= killed - CommitMs && servedMs <= killed + InFlightMs;

    /// <summary>Whether an answer that was formed at this time on a slow wire may have been under way, or in the loss window, when the edge died.</summary>
    public bool MayBeOnTheWire(long servedMs, long wireMs) => KilledMs is { } killed && servedMs >= killed - wireMs - FlushMs - CommitMs && servedMs <= killed + wireMs;

    /// <summary>Whether the edge could not see what happened at this time.</summary>
    public bool EdgeIsAway(long ms) => KilledMs is { } killed && BackMs is { } back && ms >= killed - CommitMs && ms <= back + 5_000;
}
