using IotProperty.Protocols.InfluxLine;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// Collects the samples of one point from the series that its marks make, and collapses what repeats. The server rounds a value by what lies in the same block, so one that was
/// written twice, because the server was killed in between, may come back as two that differ beyond the digits that it keeps.
/// </summary>
internal sealed class VictoriaRange(long fromMs, long toMs)
{
    /// <summary>Twice what the server's rounding changes, as a part of the value.</summary>
    private const double Rounding = 4e-12;

    /// <summary>And as a part of the largest value beside it.</summary>
    private const double RoundingOfLargest = 2e-17;

    private readonly List<(StoredSample Sample, int Repeat)> _found = [];

    public void Add(VictoriaSeries series)
    {
        string? mark = series.Labels.GetValueOrDefault(SampleTags.Mark);
        string? bits = series.Labels.GetValueOrDefault(SampleTags.Bits);
        int repeat = SampleTags.RepeatOf(series.Labels.GetValueOrDefault(SampleTags.Repeat));
        for (int i = 0; i < series.TimesMs.Length; i++)
        {
            if (series.TimesMs[i] >= fromMs && series.TimesMs[i] < toMs
                && SampleTags.TryRead(series.TimesMs[i], series.Values[i], mark, bits, out StoredSample sample))
            {
                _found.Add((sample, repeat));
            }
        }
    }

    /// <summary>The oldest of them, in order of time, then of repeat, then as the server gave them.</summary>
    public IEnumerable<StoredSample> Take(int limit)
    {
        double blur = RoundingOfLargest * _found.Where(one => double.IsFinite(one.Sample.Value)).Select(one => Math.Abs(one.Sample.Value)).DefaultIfEmpty().Max();

        // Of one place in time; there are few, mostly one.
        List<(StoredSample Sample, int Repeat)> seen = [];
        foreach ((StoredSample Sample, int Repeat) one in _found.OrderBy(one => one.Sample.TimeMs).ThenBy(one => one.Repeat))
        {
            if (limit == 0)
            {
                yield break;
            }

            if (seen.Count > 0 && (seen[0].Sample.TimeMs, seen[0].Repeat) != (one.Sample.TimeMs, one.Repeat))
            {
                seen.Clear();
            }

            if (!seen.Exists(other => IsSame(other.Sample, one.Sample, blur)))
            {
                seen.Add(one);
                limit--;
                yield return one.Sample;
            }
        }
    }

    private static bool IsSame(in StoredSample one, in StoredSample other, double blur) =>
        (one.Quality, one.ClockTrusted, one.ClockCorrected) == (other.Quality, other.ClockTrusted, other.ClockCorrected)
        && (BitConverter.DoubleToInt64Bits(one.Value) == BitConverter.DoubleToInt64Bits(other.Value) || Math.Abs(one.Value - other.Value) <= (Rounding * Math.Abs(one.Value)) + blur);
}
