using IotProperty.Protocols.InfluxLine;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>Collects the samples of one point from the series that its marks make, and collapses what repeats exactly.</summary>
internal sealed class VictoriaRange(long fromMs, long toMs)
{
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
        HashSet<(long, int, long, byte, bool)> seen = [];
        return _found
            .OrderBy(one => one.Sample.TimeMs).ThenBy(one => one.Repeat)
            .Where(one => seen.Add((
                one.Sample.TimeMs, one.Repeat, BitConverter.DoubleToInt64Bits(one.Sample.Value), (byte)one.Sample.Quality, one.Sample.ClockTrusted)))
            .Take(limit)
            .Select(one => one.Sample);
    }
}
