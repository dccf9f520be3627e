using System.Globalization;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

/// <summary>A batch as lines of text that differ whenever a bit of the batch differs (NaN payloads, the sign of zero and the scale of decimals included).</summary>
internal static class BatchText
{
    /// <summary>Samples in the order in which the codec gives them back: by point, points in order of their first sample.</summary>
    public static IReadOnlyList<string> Of(Batch batch) =>
    [
        $"{batch.Key} {batch.ClockCorrectionMs} {batch.Trace}",
        .. batch.Samples.GroupBy(sample => sample.Point).SelectMany(column => column)
            .Select(s => $"{s.Point} {s.TimeMs} {Bits(s.Value)} {s.Quality} {s.ClockTrusted}"),
        .. batch.Readings.Select(r => $"{r with { Value = 0 }} {string.Join(',', decimal.GetBits(r.Value))}"),
        .. batch.Transitions.Select(t => $"{t with { Value = 0, Limit = 0 }} {Bits(t.Value)} {Bits(t.Limit)}"),
        .. batch.AccessEvents.Select(a => a.ToString()),
        .. batch.CommandResults.Select(c => c.ToString()),
        .. batch.Gaps.Select(g => g.ToString()),
        .. batch.ClockSteps.Select(s => s.ToString()),
        .. batch.Tallies.Select(t => t.ToString()),
    ];

    private static string Bits(double value) => BitConverter.DoubleToUInt64Bits(value).ToString("X16", CultureInfo.InvariantCulture);
}
