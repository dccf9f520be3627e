using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Api.Telemetry;

/// <summary>Makes a long span drawable without hiding a peak: of each slice of time the first, least, greatest and last sample remain, and every change of quality.</summary>
public static class SampleThinner
{
    public static IReadOnlyList<StoredSample> Thin(IReadOnlyList<StoredSample> samples, long fromMs, long toMs, int slices)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count <= slices * 4L)
        {
            return samples;
        }

        double widthMs = Math.Max(1, (toMs - fromMs) / (double)slices);
        List<StoredSample> kept = [];
        int start = 0;
        while (start < samples.Count)
        {
            double slice = Math.Floor((samples[start].TimeMs - fromMs) / widthMs);
            Quality quality = samples[start].Quality;
            int end = start;
            int least = start;
            int greatest = start;
            while (end < samples.Count && samples[end].Quality == quality && Math.Floor((samples[end].TimeMs - fromMs) / widthMs) == slice)
            {
                least = samples[end].Value < samples[least].Value ? end : least;
                greatest = samples[end].Value > samples[greatest].Value ? end : greatest;
                end++;
            }

            SortedSet<int> chosen = [start, least, greatest, end - 1];
            kept.AddRange(chosen.Select(index => samples[index]));
            start = end;
        }

        return kept;
    }
}
