using IotProperty.Hub.Telemetry;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>
/// What VictoriaMetrics makes of a value: a decimal that is taken as exact when the rest is less than 10^-12 of it, scaled to one exponent for a block of a series, in
/// which the largest value has 18 digits (its source, lib/decimal). The sign of zero is not kept.
/// </summary>
/// <param name="Largest">The greatest magnitude in the series.</param>
internal readonly record struct SampleRounding(double Largest)
{
    private const double Relative = 2e-12;
    private const double OfLargest = 1e-17;

    public static SampleRounding Of(EmbeddedTelemetry source, EmbeddedSeries series, (long FirstMs, long LastMs) holds)
    {
        double largest = 0;
        foreach (SampleColumns run in source.Read(series, holds.FirstMs, holds.LastMs))
        {
            foreach (double value in run.Values)
            {
                largest = double.IsFinite(value) ? Math.Max(largest, Math.Abs(value)) : largest;
            }
        }

        return new(largest);
    }

    /// <summary>Whether a sample came back as that server can keep it: the same in everything but the value's last digits.</summary>
    public bool Keeps(StoredSample committed, StoredSample read) =>
        committed with { Value = 0 } == read with { Value = 0 }
        && (BitConverter.DoubleToInt64Bits(committed.Value) == BitConverter.DoubleToInt64Bits(read.Value)
            || (double.IsFinite(committed.Value) && double.IsFinite(read.Value)
                && Math.Abs(committed.Value - read.Value) <= (Relative * Math.Abs(committed.Value)) + (OfLargest * Largest)));
}
