namespace IotProperty.Protocols.Uplink;

/// <summary>The wall clock of an edge jumped: it was set by its time daemon or by hand. Explains times that do not follow each other.</summary>
/// <param name="Id">Unique for ever within the site.</param>
/// <param name="TimeMs">UTC after the step; milliseconds since the Unix epoch.</param>
/// <param name="StepMs">By how much; positive: forward.</param>
/// <param name="UptimeMs">Monotonic milliseconds since the start of the edge, which no step moves.</param>
/// <param name="ClockTrusted">Whether the clock was synchronised after the step.</param>
public sealed record ClockStep(string Id, long TimeMs, long StepMs, long UptimeMs, bool ClockTrusted);
