using System.Globalization;
using System.Runtime.CompilerServices;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Hub.Telemetry;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>
/// Reads every series back from the time-series server beside the embedded store, in order of time and arrival, counts and hashes both, and names the first samples that
/// differ. Time in milliseconds, order, quality, clock trust and correction, and values that are not finite are compared exactly; so are all other values, every bit, where the server
/// keeps them. Where it keeps decimals (<see cref="SampleDialect.Milliseconds"/>), a value counts as kept when it comes back within <see cref="SampleRounding"/>; then it
/// is counted as rounded and hashed as the embedded store has it.
/// </summary>
internal sealed class SampleComparer(EmbeddedTelemetry source, ITimeSeriesEngine engine, MigrationOptions options, IMigrationReport report)
{
    /// <summary>Returns how many samples differ, are missing or are too many.</summary>
    /// <param name="holds">Which event times were moved and are still held.</param>
    public async Task<long> CompareAsync((long FirstMs, long LastMs) holds, CancellationToken cancellationToken)
    {
        report.Begin("compare telemetry samples", source.Samples, 0);
        long compared = 0;
        long differences = 0;
        foreach (EmbeddedSeries[] group in source.Series.Chunk(options.Comparers * 16))
        {
            SeriesResult[] results = new SeriesResult[group.Length];
            await Parallel.ForEachAsync(
                Enumerable.Range(0, group.Length),
                new ParallelOptions { MaxDegreeOfParallelism = options.Comparers, CancellationToken = cancellationToken },
                async (at, cancel) => results[at] = await CompareAsync(group[at], holds, cancel));
            foreach (SeriesResult result in results)
            {
                result.Told.ForEach(report.Differs);
                report.Compared(result.Compared);
                differences += result.Differences;
                compared += result.Compared.Source.Count;
            }

            report.Progress(compared);
        }

        report.End(compared);
        return differences;
    }

    private async Task<SeriesResult> CompareAsync(EmbeddedSeries series, (long FirstMs, long LastMs) holds, CancellationToken cancellationToken)
    {
        SampleRounding? rounding = engine.Dialect == SampleDialect.Milliseconds ? SampleRounding.Of(source, series, holds) : null;
        using SampleHash left = new();
        using SampleHash right = new();
        SeriesDifferences found = new(series.Name, options.ToldDifferences);
        long rounded = 0;
        using IEnumerator<StoredSample> embedded = Samples(series, holds).GetEnumerator();
        IAsyncEnumerator<StoredSample> moved = ReadBackAsync(series, holds, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (moved.ConfigureAwait(false))
        {
            StoredSample? a = Next(embedded);
            StoredSample? b = await NextAsync(moved);
            while (a is not null || b is not null)
            {
                int order = a is null ? 1 : b is null ? -1 : a.Value.TimeMs.CompareTo(b.Value.TimeMs);
                if (order == 0 && rounding is { } within && !SeriesDifferences.IsSame(a!.Value, b!.Value) && within.Keeps(a.Value, b.Value))
                {
                    rounded++;
                    b = a;
                }

                found.Look(a, b, order);
                if (order <= 0)
                {
                    left.Add(a!.Value);
                    a = Next(embedded);
                }

                if (order >= 0)
                {
                    right.Add(b!.Value);
                    b = await NextAsync(moved);
                }
            }
        }

        return new(new(series.Name, IsSeries: true, (left.Count, left.Take()), (right.Count, right.Take()), rounded), found.Told(), found.Count);
    }

    private IEnumerable<StoredSample> Samples(EmbeddedSeries series, (long FirstMs, long LastMs) holds)
    {
        foreach (SampleColumns run in source.Read(series, holds.FirstMs, holds.LastMs))
        {
            for (int i = 0; i < run.Count; i++)
            {
                byte mark = run.Marks[i];
                yield return new(run.TimesMs[i], run.Values[i], SampleMark.QualityOf(mark), SampleMark.IsTrusted(mark), SampleMark.IsCorrected(mark));
            }
        }
    }

    /// <summary>It begins at the first sample of the embedded series, and asks separately whether there is anything before.</summary>
    private async IAsyncEnumerable<StoredSample> ReadBackAsync(
        EmbeddedSeries series, (long FirstMs, long LastMs) holds, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long firstMs = holds.FirstMs;
        foreach (SampleColumns first in source.Read(series, holds.FirstMs, holds.LastMs))
        {
            firstMs = first.TimesMs[0];
            break;
        }

        foreach (StoredSample before in await engine.RangeAsync(series.Site, series.Series.Point, holds.FirstMs, firstMs, options.PageSamples, cancellationToken))
        {
            yield return before;
        }

        await foreach (StoredSample sample in SampleReader.ReadAsync(engine, series, firstMs, holds.LastMs + 1, options.PageSamples, cancellationToken))
        {
            yield return sample;
        }
    }

    private static StoredSample? Next(IEnumerator<StoredSample> samples) => samples.MoveNext() ? samples.Current : null;

    private static async ValueTask<StoredSample?> NextAsync(IAsyncEnumerator<StoredSample> samples) => await samples.MoveNextAsync() ? samples.Current : null;

    private sealed record SeriesResult(ComparedStore Compared, List<StoreDifference> Told, long Differences);

    /// <summary>Counts what differs, and words the first of it.</summary>
    private sealed class SeriesDifferences(string name, int most)
    {
        private readonly List<StoreDifference> _told = [];

        public long Count { get; private set; }

        public void Look(StoredSample? a, StoredSample? b, int order)
        {
            if (order == 0 && IsSame(a!.Value, b!.Value))
            {
                return;
            }

            if (++Count <= most)
            {
                _told.Add(new(name, order < 0 ? $"the sample {Text(a!.Value)} is missing"
                    : order > 0 ? $"the sample {Text(b!.Value)} is there and not in the embedded store"
                    : $"the sample {Text(a!.Value)} became {Text(b!.Value)}"));
            }
        }

        public List<StoreDifference> Told()
        {
            if (Count > most)
            {
                _told.Add(new(name, $"and {Count - most} samples more"));
            }

            return _told;
        }

        public static bool IsSame(StoredSample a, StoredSample b) =>
            a with { Value = 0 } == b with { Value = 0 } && BitConverter.DoubleToInt64Bits(a.Value) == BitConverter.DoubleToInt64Bits(b.Value);

        private static string Text(StoredSample sample) => string.Create(
            CultureInfo.InvariantCulture,
            $"at {sample.TimeMs} ms, {sample.Value:R}, {sample.Quality}{(sample.ClockTrusted ? "" : sample.ClockCorrected ? ", time corrected" : ", clock not trusted")}");
    }
}
