using System.Diagnostics;
using System.Runtime;

namespace IotProperty.Benchmarks.Harness;

/// <summary>What interleaved rounds of a subject and its baseline showed.</summary>
/// <param name="SubjectPerSecond">Operations a second; median of the rounds.</param>
/// <param name="BaselinePerSecond">Operations a second; median of the rounds.</param>
/// <param name="Ratio">Median of the rounds' ratios.</param>
/// <param name="SubjectBytesPerOperation">Bytes that the whole process allocated on the managed heap during the subject's rounds.</param>
public sealed record Comparison(double SubjectPerSecond, double BaselinePerSecond, double Ratio, double SubjectBytesPerOperation);

/// <summary>What measuring one subject alone showed.</summary>
/// <param name="PerSecond">Operations a second; median of the rounds.</param>
/// <param name="BytesPerOperation">Bytes that the whole process allocated on the managed heap.</param>
public sealed record Rate(double PerSecond, double BytesPerOperation)
{
    public double NanosecondsPerOperation => 1e9 / PerSecond;
}

/// <summary>
/// Measures. An operation is given as a delegate that performs the asked number of operations one after the other. Rounds of subject and baseline
/// alternate within one process, so that whatever else the machine does hits both alike.
/// </summary>
/// <param name="rounds">How many rounds count; an odd number has a true median.</param>
/// <param name="roundMs">How long a round shall last, about.</param>
public sealed class BenchmarkRun(int rounds, int roundMs)
{
    private const int MaxOperationsPerRound = 50_000_000;

    // The runtime recompiles hot code in the background, later still on a busy machine; a shorter warm-up would measure its first draft.
    private const int LeastWarmUpMs = 750;
    private const int MostWarmUpMs = 20_000;

    // A warm-up goes on while a slice of this length still brings more than so many newly compiled methods.
    private const int SettlingMs = 500;
    private const int FewMethods = 8;

    public static BenchmarkRun Full { get; } = new(rounds: 21, roundMs: 250);

    public static BenchmarkRun Quick { get; } = new(rounds: 11, roundMs: 80);

    public int Rounds { get; } = rounds;

    public int RoundMs { get; } = roundMs;

    public async Task<Comparison> CompareAsync(Func<int, Task> subject, Func<int, Task> baseline)
    {
        int subjectOperations = await OperationsPerRoundAsync(subject);
        int baselineOperations = await OperationsPerRoundAsync(baseline);
        double[] subjectRates = new double[Rounds];
        double[] baselineRates = new double[Rounds];
        double[] ratios = new double[Rounds];
        long allocated = 0;
        for (int round = 0; round < Rounds; round++)
        {
            // Who goes first alternates too: the first of a pair pays for the garbage and the cold caches of the pair before.
            if (round % 2 == 0)
            {
                (subjectRates[round], long bytes) = await RoundAsync(subject, subjectOperations);
                allocated += bytes;
                (baselineRates[round], _) = await RoundAsync(baseline, baselineOperations);
            }
            else
            {
                (baselineRates[round], _) = await RoundAsync(baseline, baselineOperations);
                (subjectRates[round], long bytes) = await RoundAsync(subject, subjectOperations);
                allocated += bytes;
            }

            ratios[round] = subjectRates[round] / baselineRates[round];
        }

        double bytesPerOperation = (double)allocated / ((double)subjectOperations * Rounds);
        return new Comparison(Median(subjectRates), Median(baselineRates), Median(ratios), bytesPerOperation);
    }

    public async Task<Rate> MeasureAsync(Func<int, Task> subject)
    {
        int operations = await OperationsPerRoundAsync(subject);
        double[] rates = new double[Rounds];
        long allocated = 0;
        for (int round = 0; round < Rounds; round++)
        {
            (rates[round], long bytes) = await RoundAsync(subject, operations);
            allocated += bytes;
        }

        return new Rate(Median(rates), (double)allocated / ((double)operations * Rounds));
    }

    /// <summary>For operations that are synchronous.</summary>
    public Task<Comparison> CompareAsync(Action<int> subject, Action<int> baseline) => CompareAsync(AsTask(subject), AsTask(baseline));

    /// <summary>For operations that are synchronous.</summary>
    public Task<Rate> MeasureAsync(Action<int> subject) => MeasureAsync(AsTask(subject));

    public static double Median(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static Func<int, Task> AsTask(Action<int> operation) => count =>
    {
        operation(count);
        return Task.CompletedTask;
    };

    /// <summary>Warms up until tiered compilation has settled, and finds how many operations fill a round.</summary>
    private async Task<int> OperationsPerRoundAsync(Func<int, Task> operation)
    {
        int count = 1;
        long begun = Stopwatch.GetTimestamp();
        Settling settling = new(begun);
        while (true)
        {
            long start = Stopwatch.GetTimestamp();
            await operation(count);
            double elapsedMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            double warmMs = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            if (warmMs >= MostWarmUpMs || (settling.Ended() && warmMs >= Math.Max(RoundMs * 3, LeastWarmUpMs)))
            {
                return (int)Math.Clamp(count * RoundMs / Math.Max(elapsedMs, 0.001), 1, MaxOperationsPerRound);
            }

            if (elapsedMs < RoundMs / 4.0)
            {
                count = Math.Min(count * 2, MaxOperationsPerRound);
            }
        }
    }

    private static async Task<(double PerSecond, long AllocatedBytes)> RoundAsync(Func<int, Task> operation, int count)
    {
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        await operation(count);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (count / seconds, GC.GetTotalAllocatedBytes(precise: true) - bytes);
    }

    /// <summary>Watches the runtime compile, slice by slice.</summary>
    private sealed class Settling(long begun)
    {
        private long _sliceBegun = begun;
        private long _compiled = JitInfo.GetCompiledMethodCount();

        /// <summary>Whether the last whole slice brought next to nothing new.</summary>
        public bool Ended()
        {
            if (Stopwatch.GetElapsedTime(_sliceBegun).TotalMilliseconds < SettlingMs)
            {
                return false;
            }

            long before = _compiled;
            _compiled = JitInfo.GetCompiledMethodCount();
            _sliceBegun = Stopwatch.GetTimestamp();
            return _compiled - before <= FewMethods;
        }
    }
}
