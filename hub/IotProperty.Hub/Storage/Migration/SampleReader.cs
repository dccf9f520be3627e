using System.Runtime.CompilerServices;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>Reads samples of a point back from a time-series server page by page, so that no answer grows with the series.</summary>
internal static class SampleReader
{
    /// <param name="fromMs">Near the first sample: some servers look for it in windows that grow.</param>
    /// <param name="toMs">Not included.</param>
    public static async IAsyncEnumerable<StoredSample> ReadAsync(
        ITimeSeriesEngine engine, EmbeddedSeries series, long fromMs, long toMs, int pageSamples, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PointRef point = series.Series.Point;
        int limit = pageSamples;
        while (true)
        {
            IReadOnlyList<StoredSample> page = await engine.RangeAsync(series.Site, point, fromMs, toMs, limit, cancellationToken);
            bool isLast = page.Count < limit;
            if (!isLast && page[0].TimeMs == page[^1].TimeMs)
            {
                // More samples of one millisecond than a page holds.
                limit = checked(limit * 2);
                continue;
            }

            // Of the last time there may be more behind the page.
            foreach (StoredSample sample in page.Where(sample => isLast || sample.TimeMs < page[^1].TimeMs))
            {
                yield return sample;
            }

            if (isLast)
            {
                yield break;
            }

            fromMs = page[^1].TimeMs;
            limit = pageSamples;
        }
    }
}
