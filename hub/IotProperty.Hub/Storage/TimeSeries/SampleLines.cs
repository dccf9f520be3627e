using System.Globalization;
using System.Runtime.InteropServices;
using IotProperty.Hub.Telemetry;
using IotProperty.Protocols.InfluxLine;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// Writes batches as lines. Remembers what the lines of a series begin with, so that a sample costs no text. One user at a time.
/// </summary>
internal sealed class SampleLines(SampleDialect dialect, InfluxLineWriter writer)
{
    /// <summary>So many samples of one point and millisecond have a nanosecond of their own in each batch; further ones get a tag.</summary>
    public const int RepeatsPerMs = 64;

    /// <summary>Batches whose (131 · epoch + sequence) are equal modulo this share their nanoseconds.</summary>
    public const int BatchesPerMs = 1_000_000 / RepeatsPerMs;

    private const long NanosecondsPerMs = 1_000_000;
    private const int MaxSeries = 200_000;

    private readonly Dictionary<string, Dictionary<PointRef, Series>> _sites = new(StringComparer.Ordinal);
    private readonly Dictionary<(PointRef, long), int> _times = [];
    private int _series;
    private long _batches;

    /// <summary>The lines so far; <see cref="Clear"/> begins anew.</summary>
    public ReadOnlyMemory<byte> Written => writer.Written;

    public void Clear() => writer.CutTo(0);

    /// <summary>Adds the lines of a batch: the same for the same batch.</summary>
    public void Add(Batch batch)
    {
        int start = writer.Length;
        Dictionary<PointRef, Series> site = SeriesOf(batch.Key.Site);
        _batches++;
        if (!TryAddInOrder(batch, site))
        {
            writer.CutTo(start);
            AddInAnyOrder(batch, site);
        }
    }

    /// <summary>
    /// Adds samples that were stored without their batches: of one point, in order of time, with all that have the same time. Those of one millisecond are numbered in
    /// their order, as if one batch had brought them, so the same samples always make the same lines.
    /// </summary>
    /// <param name="site">The site's id.</param>
    /// <param name="point">The point.</param>
    /// <param name="run">Its samples.</param>
    /// <param name="passedOver">Samples that are numbered and not written; null: none.</param>
    public void Add(string site, PointRef point, SampleColumns run, bool[]? passedOver = null)
    {
        Series series = SeriesOf(SeriesOf(site), site, point);
        int repeat = 0;
        for (int i = 0; i < run.Count; i++)
        {
            repeat = i > 0 && run.TimesMs[i] == run.TimesMs[i - 1] ? repeat + 1 : 0;
            if (passedOver is not null && passedOver[i])
            {
                continue;
            }

            Line(series, slot: repeat % RepeatsPerMs, run.TimesMs[i], run.Values[i], run.Marks[i], repeat);
        }
    }

    /// <summary>The nanosecond within its millisecond of a sample.</summary>
    public static int SlotOf(BatchKey key, int repeat)
    {
        ulong place = unchecked(((ulong)key.Epoch * 131) + (ulong)key.Sequence) % BatchesPerMs;
        return ((int)place * RepeatsPerMs) + (repeat % RepeatsPerMs);
    }

    /// <summary>Edges send the samples of a point together and in order of time: then a glance at the last time tells a repeat.</summary>
    private bool TryAddInOrder(Batch batch, Dictionary<PointRef, Series> site)
    {
        Series? series = null;
        PointRef point = default;
        foreach (ref readonly Sample sample in batch.Samples.AsSpan())
        {
            if (series is null || sample.Point != point)
            {
                point = sample.Point;
                series = SeriesOf(site, batch.Key.Site, point);
                if (series.Batch != _batches)
                {
                    series.Batch = _batches;
                    series.LastMs = long.MinValue;
                    series.Repeat = -1;
                }
            }

            if (sample.TimeMs < series.LastMs)
            {
                return false;
            }

            series.Repeat = sample.TimeMs == series.LastMs ? series.Repeat + 1 : 0;
            series.LastMs = sample.TimeMs;
            Line(series, batch, sample, series.Repeat);
        }

        return true;
    }

    private void AddInAnyOrder(Batch batch, Dictionary<PointRef, Series> site)
    {
        _times.Clear();
        foreach (ref readonly Sample sample in batch.Samples.AsSpan())
        {
            int repeat = _times.TryGetValue((sample.Point, sample.TimeMs), out int known) ? known + 1 : 0;
            _times[(sample.Point, sample.TimeMs)] = repeat;
            Line(SeriesOf(site, batch.Key.Site, sample.Point), batch, sample, repeat);
        }
    }

    private void Line(Series series, Batch batch, in Sample sample, int repeat)
    {
        byte mark = SampleMark.Of(sample.Quality, sample.ClockTrusted, !sample.ClockTrusted && batch.ClockCorrectionMs != 0);
        Line(series, dialect == SampleDialect.Nanoseconds ? SlotOf(batch.Key, repeat) : 0, sample.TimeMs, sample.Value, mark, repeat);
    }

    private void Line(Series series, int slot, long timeMs, double value, byte mark, int repeat)
    {
        bool finite = double.IsFinite(value);
        int number = dialect == SampleDialect.Nanoseconds ? repeat / RepeatsPerMs : repeat;
        long timestamp = dialect == SampleDialect.Nanoseconds ? (timeMs * NanosecondsPerMs) + slot : timeMs;
        byte[] prefix = finite && number == 0 ? series.Prefix(mark) : series.RarePrefix(mark, finite ? null : value, number);
        writer.Line(prefix, finite ? value : 0, timestamp);
    }

    private Dictionary<PointRef, Series> SeriesOf(string site)
    {
        if (_series > MaxSeries)
        {
            _sites.Clear();
            _series = 0;
        }

        if (!_sites.TryGetValue(site, out Dictionary<PointRef, Series>? series))
        {
            _sites.Add(site, series = []);
        }

        return series;
    }

    private Series SeriesOf(Dictionary<PointRef, Series> site, string name, PointRef point)
    {
        if (!site.TryGetValue(point, out Series? series))
        {
            site.Add(point, series = new(name, point));
            _series++;
        }

        return series;
    }

    private sealed class Series(string site, PointRef point)
    {
        private readonly byte[]?[] _prefixes = new byte[]?[12];

        /// <summary>Which batch <see cref="LastMs"/> and <see cref="Repeat"/> belong to.</summary>
        public long Batch { get; set; }

        public long LastMs { get; set; }

        public int Repeat { get; set; }

        public byte[] Prefix(byte mark)
        {
            int at = (int)SampleMark.QualityOf(mark) + (SampleMark.IsTrusted(mark) ? 4 : SampleMark.IsCorrected(mark) ? 8 : 0);
            return _prefixes[at] ??= RarePrefix(mark, null, 0);
        }

        public byte[] RarePrefix(byte mark, double? notFinite, int repeat)
        {
            List<KeyValuePair<string, string>> tags =
            [
                new(SampleTags.Site, TagText.Encode(site)),
                new(SampleTags.Device, TagText.Encode(point.Device)),
                new(SampleTags.Point, TagText.Encode(point.Point)),
                new(SampleTags.Mark, SampleTags.MarkText(mark)),
            ];
            if (notFinite is { } value)
            {
                tags.Add(new(SampleTags.Bits, SampleTags.BitsText(value)));
            }

            if (repeat > 0)
            {
                tags.Add(new(SampleTags.Repeat, repeat.ToString(CultureInfo.InvariantCulture)));
            }

            return InfluxLineText.Prefix(SampleTags.Measurement, CollectionsMarshal.AsSpan(tags), SampleTags.Field);
        }
    }
}
