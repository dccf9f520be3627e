namespace IotProperty.SystemTests.Chaos;

public enum FaultKind
{
    KillHub,
    FreezeHub,
    KillEdge,
    FreezeEdge,
    KillSimulator,
    FreezeSimulator,
    UplinkRefused,
    UplinkBlackHole,
    UplinkStalled,
    UplinkDelayed,
    UplinkThrottled,
    UplinkCutMidStream,
    LineRefused,
    LineStalled,
    LineDelayed,
    LinkRefused,
    LinkStalled,
    EdgeDiskFull,
    EdgeClockStepped,
    EdgeBootsUnsynchronised,
    EdgeStoreTorn,
}

/// <summary>One fault of a cycle.</summary>
/// <param name="Kind">What breaks.</param>
/// <param name="AtMs">When in the cycle.</param>
/// <param name="LastsMs">Until it is healed.</param>
/// <param name="Pick">Which of several programs, lines or links; modulo their number.</param>
/// <param name="Amount">How much, in whatever the kind measures itself; uniform in [0, 1).</param>
public sealed record PlannedFault(FaultKind Kind, int AtMs, int LastsMs, int Pick, double Amount);

/// <summary>Something that people or devices do meanwhile.</summary>
/// <param name="AtMs">When in the cycle.</param>
/// <param name="Pick">Which of them.</param>
public sealed record PlannedAct(int AtMs, int Pick);
