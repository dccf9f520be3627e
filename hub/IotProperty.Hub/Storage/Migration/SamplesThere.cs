using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Hub.Telemetry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>
/// What a move that was broken off has left on a server that keeps what repeats. It must not be written again: repeats are collapsed when they are read only while they are
/// exact, and the server rounds a value by what lies in the same block. On servers where equal lines overwrite each other nothing need be known.
/// </summary>
internal sealed class SamplesThere
{
    private readonly ITimeSeriesEngine _engine;
    private readonly EmbeddedTelemetry _source;
    private readonly MigrationOptions _options;
    private readonly (long FirstMs, long LastMs) _holds;
    private readonly HashSet<(string Site, PointRef Point)> _points = [];
    private (long Series, SampleRounding Rounding)? _rounding;

    private SamplesThere(ITimeSeriesEngine engine, EmbeddedTelemetry source, MigrationOptions options, (long FirstMs, long LastMs) holds)
    {
        _engine = engine;
        _source = source;
        _options = options;
        _holds = holds;
    }

    public static async Task<SamplesThere> LookAsync(
        ITimeSeriesEngine engine, EmbeddedTelemetry source, MigrationOptions options, (long FirstMs, long LastMs) holds, CancellationToken cancellationToken)
    {
        SamplesThere there = new(engine, source, options, holds);
        if (engine.Dialect != SampleDialect.Milliseconds)
        {
            return there;
        }

        // What was written a moment ago may hide from readers until it is written out.
        await (engine.Flush?.FlushAsync(cancellationToken) ?? Task.CompletedTask);
        foreach (string site in source.Sites)
        {
            foreach (LatestSample latest in await engine.LatestAsync(site, cancellationToken))
            {
                there._points.Add((site, latest.Point));
            }
        }

        return there;
    }

    /// <summary>Which samples of the run are there already; null when none of its point is.</summary>
    public async ValueTask<bool[]?> FindAsync(EmbeddedSeries series, SampleColumns run, CancellationToken cancellationToken)
    {
        if (!_points.Contains((series.Site, series.Series.Point)))
        {
            return null;
        }

        List<StoredSample> found = [];
        await foreach (StoredSample sample in SampleReader.ReadAsync(_engine, series, run.TimesMs[0], run.TimesMs[^1] + 1, _options.PageSamples, cancellationToken))
        {
            found.Add(sample);
        }

        return found.Count == 0 ? null : Match(run, found, RoundingOf(series));
    }

    private static bool[] Match(SampleColumns run, List<StoredSample> found, SampleRounding rounding)
    {
        bool[] there = new bool[run.Count];
        int next = 0;
        for (int first = 0, end; first < run.Count; first = end)
        {
            long timeMs = run.TimesMs[first];
            for (end = first + 1; end < run.Count && run.TimesMs[end] == timeMs; end++)
            {
            }

            while (next < found.Count && found[next].TimeMs < timeMs)
            {
                next++;
            }

            List<StoredSample> ofTime = [];
            while (next < found.Count && found[next].TimeMs == timeMs)
            {
                ofTime.Add(found[next++]);
            }

            // Of several samples of one time nobody could say which are missing when not all are there.
            bool all = true;
            for (int i = first; i < end; i++)
            {
                StoredSample wanted = SampleOf(run, i);
                int at = ofTime.FindIndex(sample => rounding.Keeps(wanted, sample));
                all &= at >= 0;
                if (at >= 0)
                {
                    ofTime.RemoveAt(at);
                }
            }

            there.AsSpan(first..end).Fill(all);
        }

        return there;
    }

    private SampleRounding RoundingOf(EmbeddedSeries series)
    {
        if (_rounding is not { } known || known.Series != series.Id)
        {
            known = (series.Id, SampleRounding.Of(_source, series, _holds));
            _rounding = known;
        }

        return known.Rounding;
    }

    private static StoredSample SampleOf(SampleColumns run, int at) =>
        new(run.TimesMs[at], run.Values[at], SampleMark.QualityOf(run.Marks[at]), SampleMark.IsTrusted(run.Marks[at]), SampleMark.IsCorrected(run.Marks[at]));
}
