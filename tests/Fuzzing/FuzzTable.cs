using System.Globalization;
using IotProperty.Protocols.Tests.Fuzzing;

namespace IotProperty.Fuzzing;

/// <summary>One line a codec.</summary>
internal static class FuzzTable
{
    public static string Head { get; } =
        $"{"codec",-8} {"inputs",12} {"MB",8} {"seconds",8} {"inputs/s",10} {"slowest us",11} {"B/input, first quarter",23} {"last quarter",13} {"heap growth",12}  result";

    public static string Row(FuzzResult result)
    {
        double seconds = Math.Max(0.001, result.Took.TotalSeconds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Codec,-8} {result.Inputs,12} {result.Bytes / 1e6,8:F1} {seconds,8:F1} {result.Inputs / seconds,10:F0} {result.SlowestNs / 1_000.0,11:F0} {result.AllocatedFirst,23:F1} {result.AllocatedLast,13:F1} {result.HeapGrowth,12}  {(result.Failure is null ? "ok" : "FAILED")}");
    }
}
