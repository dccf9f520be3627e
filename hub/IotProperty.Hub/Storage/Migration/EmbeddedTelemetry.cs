using System.Collections.Concurrent;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Hub.Telemetry;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>One point of one site in the embedded store.</summary>
internal sealed record EmbeddedSeries(string Site, TelemetrySeries Series)
{
    public long Id => Series.Id;

    /// <summary>For people.</summary>
    public string Name => $"{Site}/{Series.Point}";

    public long Samples => Series.SealedSamples + Series.Head.Count;

    /// <summary>Whether a server may cut its name.</summary>
    public bool HasLongName => SampleLimits.TooLong(Site) || SampleLimits.TooLong(Series.Point.Device) || SampleLimits.TooLong(Series.Point.Point);
}

/// <summary>
/// The samples of <c>telemetry.db</c> of a hub that does not run, read only. Holds in memory what the hub itself would: points, and the journal. Safe for readers on many
/// tasks once it is made.
/// </summary>
internal sealed class EmbeddedTelemetry
{
    private readonly string _connectionString;
    private readonly TelemetryMemory _memory;
    private readonly ConcurrentDictionary<string, string> _damaged = new(StringComparer.Ordinal);

    /// <param name="connectionString">Read only.</param>
    public EmbeddedTelemetry(string connectionString)
    {
        _connectionString = connectionString;
        using SqliteConnection connection = Open();
        _memory = TelemetryDatabase.Load(connection, (place, why) => _damaged.TryAdd(place, why));
        Series = [.. _memory.Sites.Values
            .SelectMany(site => site.Series.Values, (site, series) => new EmbeddedSeries(site.Name, series))
            .OrderBy(series => series.Id)];
    }

    /// <summary>In order of their ids.</summary>
    public IReadOnlyList<EmbeddedSeries> Series { get; private set; }

    public IEnumerable<string> Sites => _memory.Sites.Keys;

    public long Samples => Series.Sum(series => series.Samples);

    /// <summary>Places whose checksum does not hold, as far as they were read, with what is wrong.</summary>
    public IReadOnlyDictionary<string, string> Damaged => _damaged;

    /// <summary>All samples of the site, damaged ones included.</summary>
    public long CountOf(string site) => _memory.Sites[site].Samples;

    /// <summary>How many samples have times outside of [<paramref name="fromMs"/>, <paramref name="toMs"/>].</summary>
    public long CountOutside(long fromMs, long toMs)
    {
        long outside = Series.Sum(series => (long)Outside(series.Series.Head, fromMs, toMs));
        using SqliteConnection connection = Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT id, run FROM block WHERE first_ms < $from OR last_ms > $to";
        command.Parameters.AddWithValue("$from", fromMs);
        command.Parameters.AddWithValue("$to", toMs);
        using SqliteDataReader reader = command.ExecuteReader();
        SampleColumns run = new();
        while (reader.Read())
        {
            run.Clear();
            ReadBlock(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), run);
            outside += Outside(run, fromMs, toMs);
        }

        return outside;
    }

    /// <summary>Passes over points whose names a server may cut.</summary>
    public void LeaveOutLongNames() => Series = [.. Series.Where(series => !series.HasLongName)];

    /// <summary>
    /// The samples of a point with times in [<paramref name="fromMs"/>, <paramref name="toMs"/>], in order of time, then of arrival. Each run ends where a time ends, so
    /// all samples of one time are in one run; the instance is used again for the next one. Memory is bounded by the blocks that overlap each other.
    /// </summary>
    public IEnumerable<SampleColumns> Read(EmbeddedSeries series, long fromMs, long toMs)
    {
        SampleMerge merge = new(fromMs, toMs);
        SampleColumns run = new();
        SampleColumns head = series.Series.Head.Sorted();
        bool headIsIn = head.Count == 0;
        foreach ((long id, long firstMs, byte[] bytes) in Blocks(series.Id, fromMs, toMs))
        {
            if (!headIsIn && head.TimesMs[0] <= firstMs)
            {
                headIsIn = true;
                if (merge.TryTakeBefore(head.TimesMs[0], run))
                {
                    yield return run;
                }

                merge.Add(long.MaxValue, head);
            }

            if (merge.TryTakeBefore(firstMs, run))
            {
                yield return run;
            }

            run.Clear();
            ReadBlock(id, bytes, run);
            merge.Add(id, run);
        }

        if (!headIsIn)
        {
            if (merge.TryTakeBefore(head.TimesMs[0], run))
            {
                yield return run;
            }

            merge.Add(long.MaxValue, head);
        }

        if (merge.TryTakeRest(run))
        {
            yield return run;
        }
    }

    private IEnumerable<(long Id, long FirstMs, byte[] Run)> Blocks(long series, long fromMs, long toMs)
    {
        using SqliteConnection connection = Open();
        using SqliteCommand command = connection.CreateCommand();

        // The order of the index, so that nothing is sorted.
        command.CommandText = "SELECT id, first_ms, run FROM block WHERE series = $series AND first_ms <= $to AND last_ms >= $from ORDER BY first_ms, last_ms, id";
        command.Parameters.AddWithValue("$series", series);
        command.Parameters.AddWithValue("$from", fromMs);
        command.Parameters.AddWithValue("$to", toMs);
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return (reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2));
        }
    }

    private static int Outside(SampleColumns samples, long fromMs, long toMs)
    {
        int count = 0;
        foreach (long timeMs in samples.TimesMs)
        {
            count += timeMs < fromMs || timeMs > toMs ? 1 : 0;
        }

        return count;
    }

    private void ReadBlock(long id, ReadOnlySpan<byte> bytes, SampleColumns into)
    {
        string why = "its checksum does not hold";
        if (!RunSeal.TryOpen(bytes, out ReadOnlySpan<byte> rest) || !SampleRun.TryRead(ref rest, into, out why))
        {
            _damaged.TryAdd($"block {id}", why);
        }
    }

    private SqliteConnection Open()
    {
        SqliteConnection connection = new(_connectionString);
        connection.Open();
        return connection;
    }
}
