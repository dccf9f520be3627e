using IotProperty.Simulators.Scenarios.Hub;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>Batches of each boot epoch and lane are there from the first to the last without a hole that no gap record declares, and no batch is there of a boot that never was.</summary>
public static class BatchCheck
{
    public static IReadOnlyList<string> Judge(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        List<string> wrong = [];
        foreach (HubBatchSpan span in evidence.Batches)
        {
            long missing = span.MaxSequence - span.Count;
            long declared = evidence.Gaps.Where(g => g.Epoch == span.Epoch && g.Lane == span.Lane)
                .SelectMany(g => Sequences(g, span.MaxSequence)).Distinct().Count();
            if (missing < 0 || missing > declared || span.MinSequence < 1)
            {
                wrong.Add($"epoch {span.Epoch}, lane {span.Lane}: {span.Count} batches from {span.MinSequence} to {span.MaxSequence}, {declared} declared as lost");
            }
        }

        int epochs = evidence.Batches.Select(b => b.Epoch).Distinct().Count();
        if (epochs > evidence.Boots)
        {
            wrong.Add($"the hub knows {epochs} boot epochs of an edge that was started {evidence.Boots} times");
        }

        return wrong;
    }

    private static IEnumerable<long> Sequences(HubGap gap, long max)
    {
        for (long sequence = Math.Max(1, gap.FirstSequence); sequence <= Math.Min(gap.LastSequence, max); sequence++)
        {
            yield return sequence;
        }
    }
}
