namespace IotProperty.Protocols.Uplink;

/// <summary>
/// A queue of its own from edge to hub. The numeric values are on the wire and in both databases and never change.
/// Lower value, higher priority: events go before readings, readings before telemetry.
/// </summary>
public enum Lane : byte
{
    /// <summary>Alarm transitions, access events, command results, gap records, steps of the clock, tallies. Never dropped before all telemetry is gone.</summary>
    Event = 1,

    /// <summary>Billing-grade meter readings. Never dropped before all telemetry is gone.</summary>
    Reading = 2,

    /// <summary>Samples. When the disk is full the oldest go first and a <see cref="GapRecord"/> says what is missing.</summary>
    Telemetry = 3,
}
