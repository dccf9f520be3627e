namespace IotProperty.Tests;

/// <summary>Counts what code allocates on the calling thread.</summary>
public static class Allocations
{
    /// <summary>
    /// The bytes of the leanest of five rounds. The runtime itself allocates a little now and then while it warms code up; what the code allocates, it allocates in
    /// every round.
    /// </summary>
    public static long LeastOfFiveRounds(int timesARound, Action action)
    {
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < timesARound; i++)
            {
                action();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
