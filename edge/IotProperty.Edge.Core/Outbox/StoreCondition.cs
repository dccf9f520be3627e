namespace IotProperty.Edge.Outbox;

/// <summary>How the edge's store fares; a higher value is worse.</summary>
public enum StoreCondition : byte
{
    Sound = 0,

    /// <summary>The disk is nearly full: the oldest telemetry is dropped before its time.</summary>
    LowOnSpace = 1,

    /// <summary>Nothing can be stored: telemetry waits in memory, within bounds, and events and readings with their callers.</summary>
    Unwritable = 2,
}
