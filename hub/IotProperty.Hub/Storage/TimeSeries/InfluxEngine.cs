using System.Globalization;
using IotProperty.Protocols.InfluxLine;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// InfluxDB: line protocol in, InfluxQL out, as version 1.6 and later ones accept. It answers a write after it has synced its log (<c>wal-fsync-delay = "0s"</c>, its
/// default; another setting breaks the promise of a receipt).
/// </summary>
public sealed class InfluxEngine : ITimeSeriesEngine
{
    private const long NanosecondsPerMs = 1_000_000;

    // InfluxDB keeps the outermost nanoseconds for itself.
    private const long FirstMs = (long.MinValue / NanosecondsPerMs) + 1;
    private const long LastMs = (long.MaxValue / NanosecondsPerMs) - 1;

    private readonly TimeSeriesHttp _http;
    private readonly Uri _write;
    private readonly Uri _query;
    private readonly string _database;

    /// <param name="url">Such as <c>http://127.0.0.1:8086</c>.</param>
    /// <param name="database">Made when it is not there.</param>
    /// <param name="user">Null for a server without login.</param>
    public InfluxEngine(Uri url, string database, string? user = null, string? password = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentException.ThrowIfNullOrEmpty(database);
        _http = new("InfluxDB", user, password);
        _database = database;
        _write = TimeSeriesHttp.Below(url, $"/write?db={Uri.EscapeDataString(database)}&precision=ns");
        _query = TimeSeriesHttp.Below(url, $"/query?db={Uri.EscapeDataString(database)}&epoch=ns");
    }

    public string Name => "InfluxDB";

    public SampleDialect Dialect => SampleDialect.Nanoseconds;

    public IFlushProof? Flush => null;

    /// <inheritdoc/>
    public (long FirstMs, long LastMs) Holds => (FirstMs, LastMs);

    /// <summary>Makes the database when it is not there. A retention policy needs no look: the server refuses points beyond it, and the commit fails with its words.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        string name = Identifier(_database);
        InfluxAnswer answer = await ReadAsync($"SHOW RETENTION POLICIES ON {name}", cancellationToken);
        if (answer.Error.Length > 0)
        {
            // Only who may administrate the server makes the database; anybody else is told so by this answer.
            await AskAsync($"CREATE DATABASE {name}", cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken cancellationToken) => PrepareAsync(cancellationToken);

    public Task WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken) => _http.PostAsync(_write, lines, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredSample>> RangeAsync(
        string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken)
    {
        if (limit <= 0 || fromMs >= toMs || fromMs > LastMs || toMs <= FirstMs)
        {
            return [];
        }

        string since = fromMs <= FirstMs ? "" : $" AND time >= {Nanoseconds(fromMs)}";
        string until = toMs > LastMs ? "" : $" AND time < {Nanoseconds(toMs)}";
        InfluxAnswer answer = await AskAsync(
            $"""
            SELECT "{SampleTags.Field}", "{SampleTags.Mark}", "{SampleTags.Bits}", "{SampleTags.Repeat}" FROM "{SampleTags.Measurement}"
             WHERE "{SampleTags.Site}" = {Text(site)} AND "{SampleTags.Device}" = {Text(point.Device)} AND "{SampleTags.Point}" = {Text(point.Point)}{since}{until}
             LIMIT {limit.ToString(CultureInfo.InvariantCulture)}
            """,
            cancellationToken);
        List<(long Nanoseconds, int Repeat, StoredSample Sample)> found = [];
        foreach (InfluxCell[] row in answer.Series.Where(series => series.Columns.Count == 5).SelectMany(series => series.Rows))
        {
            if (SampleTags.TryRead(MsOf(row[0].Whole), row[1].Number, row[2].Text, row[3].Text, out StoredSample sample))
            {
                found.Add((row[0].Whole, SampleTags.RepeatOf(row[4].Text), sample));
            }
        }

        // OrderBy is stable: what the server cannot tell apart stays in its order.
        return [.. found.OrderBy(one => one.Nanoseconds).ThenBy(one => one.Repeat).Select(one => one.Sample)];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken)
    {
        InfluxAnswer answer = await AskAsync(
            $"""
            SELECT last("{SampleTags.Field}") FROM "{SampleTags.Measurement}" WHERE "{SampleTags.Site}" = {Text(site)}
             GROUP BY "{SampleTags.Device}", "{SampleTags.Point}", "{SampleTags.Mark}", "{SampleTags.Bits}", "{SampleTags.Repeat}"
            """,
            cancellationToken);
        Dictionary<PointRef, (long Nanoseconds, int Repeat, StoredSample Sample)> latest = [];
        foreach (InfluxSeries series in answer.Series.Where(series => series.Columns.Count == 2 && series.Rows.Count > 0))
        {
            InfluxCell[] row = series.Rows[^1];
            if (!SampleTags.TryRead(
                MsOf(row[0].Whole), row[1].Number, series.Tags.GetValueOrDefault(SampleTags.Mark), series.Tags.GetValueOrDefault(SampleTags.Bits), out StoredSample sample))
            {
                continue;
            }

            PointRef point = new(TagText.Decode(series.Tags[SampleTags.Device]), TagText.Decode(series.Tags[SampleTags.Point]));
            int repeat = SampleTags.RepeatOf(series.Tags.GetValueOrDefault(SampleTags.Repeat));
            if (!latest.TryGetValue(point, out var known) || (row[0].Whole, repeat).CompareTo((known.Nanoseconds, known.Repeat)) >= 0)
            {
                latest[point] = (row[0].Whole, repeat, sample);
            }
        }

        return [.. latest.Select(pair => new LatestSample(site, pair.Key, pair.Value.Sample))];
    }

    public void Dispose() => _http.Dispose();

    private async Task<InfluxAnswer> AskAsync(string question, CancellationToken cancellationToken)
    {
        InfluxAnswer answer = await ReadAsync(question, cancellationToken);
        return answer.Error.Length == 0 ? answer : throw new IOException($"InfluxDB, asked {question}: {answer.Error}");
    }

    private async Task<InfluxAnswer> ReadAsync(string question, CancellationToken cancellationToken)
    {
        byte[] json = await _http.AskAsync(_query, [new("q", question)], cancellationToken);
        return InfluxAnswer.TryRead(json, out InfluxAnswer answer, out string why) ? answer : throw new IOException($"InfluxDB answered what cannot be read: {why}");
    }

    private static long MsOf(long nanoseconds) => nanoseconds >= 0 ? nanoseconds / NanosecondsPerMs : ((nanoseconds + 1) / NanosecondsPerMs) - 1;

    private static string Nanoseconds(long ms) => (ms * NanosecondsPerMs).ToString(CultureInfo.InvariantCulture);

    // An encoded tag holds no backslash and no line break, so the quote alone is left to escape.
    private static string Text(string name) => $"'{TagText.Encode(name).Replace("'", "\\'", StringComparison.Ordinal)}'";

    private static string Identifier(string name) => $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
