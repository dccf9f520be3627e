using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

internal static class GapNumbers
{
    /// <summary>The batches that a gap record declares lost.</summary>
    public static IEnumerable<BatchNumber> Numbers(this GapRecord gap)
    {
        for (long sequence = gap.FirstSequence; sequence <= gap.LastSequence; sequence++)
        {
            yield return new BatchNumber(gap.Epoch, gap.Lane, sequence);
        }
    }
}
