using IotProperty.Simulators.World;

namespace IotProperty.SystemTests.Chaos;

/// <summary>What happens in a cycle, drawn from the run's seed and the cycle's number alone: a cycle can be looked at again without those before it.</summary>
/// <param name="Faults">In no order; they may overlap.</param>
/// <param name="Acts">Cards, lift faults, falls of pressure.</param>
public sealed record ChaosPlan(IReadOnlyList<PlannedFault> Faults, IReadOnlyList<PlannedAct> Acts)
{
    /// <summary>Faults begin in the first part of a cycle.</summary>
    private const int LatestStartMs = 2_500;

    private const int MostLastsMs = 2_500;
    private const int LeastLastsMs = 150;
    private const int MostFaults = 3;
    private const int MostActs = 4;

    /// <summary>How often each kind is drawn: what everybody suffers often, what is grave or slow to heal seldom.</summary>
    private static readonly (FaultKind Kind, int Weight)[] Weights =
    [
        (FaultKind.KillHub, 5),
        (FaultKind.FreezeHub, 4),
        (FaultKind.KillEdge, 6),
        (FaultKind.FreezeEdge, 3),
        (FaultKind.KillSimulator, 2),
        (FaultKind.FreezeSimulator, 2),
        (FaultKind.UplinkRefused, 5),
        (FaultKind.UplinkBlackHole, 3),
        (FaultKind.UplinkStalled, 3),
        (FaultKind.UplinkDelayed, 3),
        (FaultKind.UplinkThrottled, 3),
        (FaultKind.UplinkCutMidStream, 6),
        (FaultKind.LineRefused, 2),
        (FaultKind.LineStalled, 2),
        (FaultKind.LineDelayed, 2),
        (FaultKind.LinkRefused, 4),
        (FaultKind.LinkStalled, 4),
        (FaultKind.EdgeDiskFull, 3),
        (FaultKind.EdgeClockStepped, 4),
        (FaultKind.EdgeBootsUnsynchronised, 2),
        (FaultKind.EdgeStoreTorn, 2),
    ];

    public static ChaosPlan Of(long seed, int cycle, IReadOnlySet<FaultKind> possible)
    {
        ArgumentNullException.ThrowIfNull(possible);
        SeededRandom random = new(seed, $"cycle {cycle}");
        (FaultKind Kind, int Weight)[] drawn = [.. Weights.Where(w => possible.Contains(w.Kind))];
        int count = 1 + random.Below(MostFaults);
        PlannedFault[] faults = [.. Enumerable.Range(0, drawn.Length == 0 ? 0 : count).Select(_ => Fault(random, drawn))];
        PlannedAct[] acts = [.. Enumerable.Range(0, random.Below(MostActs + 1)).Select(_ => new PlannedAct(random.Below(LatestStartMs + MostLastsMs), random.Below(1 << 16)))];
        return new ChaosPlan(faults, acts);
    }

    private static PlannedFault Fault(SeededRandom random, (FaultKind Kind, int Weight)[] drawn)
    {
        int ticket = random.Below(drawn.Sum(w => w.Weight));
        int at = 0;
        while (ticket >= drawn[at].Weight)
        {
            ticket -= drawn[at].Weight;
            at++;
        }

        // Short faults are as telling as long ones and leave room for more.
        double lasts = random.NextDouble();
        return new PlannedFault(
            drawn[at].Kind,
            random.Below(LatestStartMs),
            LeastLastsMs + (int)(lasts * lasts * (MostLastsMs - LeastLastsMs)),
            random.Below(1 << 16),
            random.NextDouble());
    }
}
