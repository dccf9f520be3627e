using IotProperty.Protocols.InfluxLine;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>Puts values and times of last samples together and finds the last of each point among the series that its marks make.</summary>
internal sealed class VictoriaLatest(string site)
{
    private readonly Dictionary<(PointRef Point, string? Mark, string? Bits, int Repeat), (double? Value, double? Seconds)> _series = [];

    /// <summary>How many points have been seen.</summary>
    public int Count => _series.Keys.Select(key => key.Point).Distinct().Count();

    public static PointRef PointOf(IReadOnlyDictionary<string, string> labels) =>
        new(TagText.Decode(labels.GetValueOrDefault(SampleTags.Device, "")), TagText.Decode(labels.GetValueOrDefault(SampleTags.Point, "")));

    public void Clear() => _series.Clear();

    public void Add(PrometheusValue value)
    {
        (PointRef, string?, string?, int) key = KeyOf(value.Labels);
        (double? Value, double? Seconds) known = _series.GetValueOrDefault(key);
        _series[key] = value.Labels.GetValueOrDefault("q") == "t" ? (known.Value, value.Value) : (value.Value, known.Seconds);
    }

    /// <summary>The last sample of an exported series, for points that have not been seen.</summary>
    public void Add(VictoriaSeries series)
    {
        int last = -1;
        for (int i = 0; i < series.TimesMs.Length; i++)
        {
            last = last < 0 || series.TimesMs[i] >= series.TimesMs[last] ? i : last;
        }

        if (last >= 0)
        {
            _series.TryAdd(KeyOf(series.Labels), (series.Values[last], series.TimesMs[last] / 1000.0));
        }
    }

    public IReadOnlyList<LatestSample> Take()
    {
        Dictionary<PointRef, (long TimeMs, int Repeat, StoredSample Sample)> latest = [];
        foreach (((PointRef point, string? mark, string? bits, int repeat), (double? value, double? seconds)) in _series)
        {
            // A sample that came between the two halves of the answer may show in one of them only.
            if (value is null || seconds is null || !SampleTags.TryRead((long)Math.Round(seconds.Value * 1000), value.Value, mark, bits, out StoredSample sample))
            {
                continue;
            }

            if (!latest.TryGetValue(point, out var known) || (sample.TimeMs, repeat).CompareTo((known.TimeMs, known.Repeat)) >= 0)
            {
                latest[point] = (sample.TimeMs, repeat, sample);
            }
        }

        return [.. latest.Select(pair => new LatestSample(site, pair.Key, pair.Value.Sample))];
    }

    private static (PointRef Point, string? Mark, string? Bits, int Repeat) KeyOf(IReadOnlyDictionary<string, string> labels) => (
        PointOf(labels),
        labels.GetValueOrDefault(SampleTags.Mark),
        labels.GetValueOrDefault(SampleTags.Bits),
        SampleTags.RepeatOf(labels.GetValueOrDefault(SampleTags.Repeat)));
}
