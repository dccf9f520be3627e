using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.InfluxLine;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// VictoriaMetrics: line protocol in, export and PromQL out. It answers a write before it syncs; a snapshot makes it sync, which is the proof that is waited for.
/// It keeps values as decimals with one exponent for a block of a series: about 15 significant digits, fewer where the magnitudes of one series differ widely, and
/// no negative zero. It keeps milliseconds; what repeats exactly is collapsed when it is read.
/// </summary>
public sealed class VictoriaEngine : ITimeSeriesEngine, IFlushProof
{
    /// <summary>What the server takes of the future: two days, less what clocks may differ.</summary>
    private const long FutureMs = (48 - 1) * 3_600_000L;

    // A timestamp of 0 would mean "now" to the server, and it has none below.
    private const long EarliestMs = 1;
    private const long FirstWindowMs = 3_600_000;

    // PromQL looks some minutes further back than it is told to, and finds nothing at all when that lies before 1970, where edges without a clock begin.
    private const long FirstMinutesMs = 600_000;
    private const string Metric = SampleTags.Measurement + "_" + SampleTags.Field;

    private static readonly long[] LatestWindowsMs = [3_600_000, 86_400_000, 32 * 86_400_000L];

    private readonly TimeSeriesHttp _http = new("VictoriaMetrics", null, null);
    private readonly SemaphoreSlim _showing = new(1);
    private readonly TimeProvider _time;
    private readonly Uri _write;
    private readonly Uri _writeRoot;
    private readonly Uri _readRoot;
    private int _hidden;
    private long _retentionMs = long.MaxValue;

    /// <param name="writeUrl">Such as <c>http://127.0.0.1:8428</c>.</param>
    /// <param name="readUrl">The same for a single server.</param>
    /// <param name="time">For what the server takes of past and future.</param>
    public VictoriaEngine(Uri writeUrl, Uri readUrl, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(writeUrl);
        ArgumentNullException.ThrowIfNull(readUrl);
        _time = time;
        _writeRoot = writeUrl;
        _readRoot = readUrl;
        _write = TimeSeriesHttp.Below(writeUrl, "/write?precision=ms");
    }

    public string Name => "VictoriaMetrics";

    public SampleDialect Dialect => SampleDialect.Milliseconds;

    public IFlushProof? Flush => this;

    /// <summary>What is outside, the server would drop and still say that it took it.</summary>
    public (long FirstMs, long LastMs) Holds
    {
        get
        {
            long nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
            return (Math.Max(EarliestMs, nowMs - Math.Min(nowMs, Volatile.Read(ref _retentionMs)) + EarliestMs), nowMs + FutureMs);
        }
    }

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        byte[] metrics = await _http.GetAsync(TimeSeriesHttp.Below(_writeRoot, "/metrics"), cancellationToken);
        if (!PrometheusText.TryLabel(metrics, "flag{name=\"retentionPeriod\"", "value", out string period) || !VictoriaPeriod.TryRead(period, out long retentionMs))
        {
            throw new IOException($"VictoriaMetrics does not say at {_writeRoot}metrics how long it keeps samples (-retentionPeriod): is it one?");
        }

        // An hour less, for clocks that differ and samples on their way.
        Volatile.Write(ref _retentionMs, retentionMs - Math.Min(retentionMs / 2, FirstWindowMs));
    }

    /// <inheritdoc/>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        await _http.GetAsync(TimeSeriesHttp.Below(_readRoot, "/api/v1/query?query=1"), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        await _http.PostAsync(_write, lines, cancellationToken);
        Volatile.Write(ref _hidden, 1);
    }

    /// <inheritdoc/>
    public async Task<long> LifeAsync(CancellationToken cancellationToken)
    {
        byte[] metrics = await _http.GetAsync(TimeSeriesHttp.Below(_writeRoot, "/metrics"), cancellationToken);
        if (!PrometheusText.TryValue(metrics, "process_start_time_seconds", out double started) || _http.ServerTime is not { } now)
        {
            throw new IOException($"VictoriaMetrics does not say at {_writeRoot}metrics when it was started: is it one?");
        }

        // Starts are told in whole seconds: only when a later run cannot bear the same second does it name this one.
        return now.ToUnixTimeSeconds() - (long)started >= 2 ? (long)started : 0;
    }

    /// <summary>A snapshot writes out and syncs all that is in memory; it is deleted again at once.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        byte[] answer = await _http.GetAsync(TimeSeriesHttp.Below(_writeRoot, "/snapshot/create"), cancellationToken);
        if (ReadSnapshot(answer) is not { } name)
        {
            throw new IOException("VictoriaMetrics made no snapshot, so it is not known whether samples are on disk");
        }

        await _http.GetAsync(TimeSeriesHttp.Below(_writeRoot, $"/snapshot/delete?snapshot={Uri.EscapeDataString(name)}"), cancellationToken);
    }

    /// <summary>
    /// Windows of time that double until enough is found: the export has no limit of samples. Its times are in seconds, so a millisecond more is asked on both sides.
    /// </summary>
    public async Task<IReadOnlyList<StoredSample>> RangeAsync(
        string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken)
    {
        long beginMs = Math.Max(fromMs, EarliestMs);
        long endMs = Math.Min(toMs, _time.GetUtcNow().ToUnixTimeMilliseconds() + FutureMs + FirstWindowMs);
        List<StoredSample> found = [];
        if (limit <= 0 || beginMs >= endMs)
        {
            return found;
        }

        await ShowAsync(cancellationToken);
        string selector = $"{Metric}{{{SampleTags.Site}={Text(site)},{SampleTags.Device}={Text(point.Device)},{SampleTags.Point}={Text(point.Point)}}}";
        for (long windowMs = FirstWindowMs; beginMs < endMs && found.Count < limit; windowMs *= 2)
        {
            long untilMs = Math.Min(endMs, beginMs + windowMs);
            VictoriaRange range = new(beginMs, untilMs);
            foreach (VictoriaSeries series in await ExportAsync(selector, beginMs - 1, untilMs + 1, cancellationToken))
            {
                range.Add(series);
            }

            found.AddRange(range.Take(limit - found.Count));
            beginMs = untilMs;
        }

        return found;
    }

    /// <summary>Looks back in windows, the last one over all time, until every point of the site has shown itself.</summary>
    public async Task<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken)
    {
        await ShowAsync(cancellationToken);
        string selector = $"{Metric}{{{SampleTags.Site}={Text(site)}}}";
        long atMs = _time.GetUtcNow().ToUnixTimeMilliseconds() + FutureMs + FirstWindowMs;
        HashSet<PointRef> wanted = await PointsAsync(selector, atMs, cancellationToken);
        VictoriaLatest latest = new(site);
        foreach (long windowMs in LatestWindowsMs.Append(atMs))
        {
            if (latest.Count >= wanted.Count)
            {
                break;
            }

            long backSeconds = Math.Min(atMs - FirstMinutesMs, windowMs + FutureMs + FirstWindowMs) / 1000;
            latest.Clear();
            foreach (PrometheusValue value in await LastAsync(selector, atMs / 1000, backSeconds, cancellationToken))
            {
                latest.Add(value);
            }
        }

        if (latest.Count < wanted.Count)
        {
            foreach (VictoriaSeries series in await ExportAsync(selector, EarliestMs, FirstMinutesMs + FirstWindowMs, cancellationToken))
            {
                latest.Add(series);
            }
        }

        return latest.Take();
    }

    public void Dispose()
    {
        _http.Dispose();
        _showing.Dispose();
    }

    /// <summary>New samples hide for a second; who reads after a commit shall see it. A cluster has no such address, and its samples show themselves a little later.</summary>
    private async Task ShowAsync(CancellationToken cancellationToken)
    {
        await _showing.WaitAsync(cancellationToken);
        try
        {
            if (Interlocked.Exchange(ref _hidden, 0) == 1)
            {
                await _http.GetAsync(TimeSeriesHttp.Below(_writeRoot, "/internal/force_flush"), cancellationToken);
            }
        }
        catch
        {
            Volatile.Write(ref _hidden, 1);
            throw;
        }
        finally
        {
            _showing.Release();
        }
    }

    private async Task<IReadOnlyList<VictoriaSeries>> ExportAsync(string selector, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        byte[] lines = await _http.AskAsync(
            TimeSeriesHttp.Below(_readRoot, "/api/v1/export"),
            [new("match[]", selector), new("start", Seconds(Math.Max(EarliestMs, fromMs))), new("end", Seconds(toMs))],
            cancellationToken);
        return VictoriaSeries.TryRead(lines, out IReadOnlyList<VictoriaSeries> series, out string why) ? series : throw Unreadable(why);
    }

    // A start of 0 would mean "some minutes ago"; the server looks days up, so the first second counts all the same.
    private async Task<HashSet<PointRef>> PointsAsync(string selector, long toMs, CancellationToken cancellationToken)
    {
        byte[] json = await _http.AskAsync(
            TimeSeriesHttp.Below(_readRoot, "/api/v1/series"), [new("match[]", selector), new("start", "1"), new("end", Seconds(toMs))], cancellationToken);
        return PrometheusSeries.TryRead(json, out IReadOnlyList<IReadOnlyDictionary<string, string>> series, out string why)
            ? [.. series.Select(VictoriaLatest.PointOf)]
            : throw Unreadable(why);
    }

    /// <summary>Value and time of the last sample of every series in (at − back, at]; the label <c>q</c> tells which is which.</summary>
    private async Task<IReadOnlyList<PrometheusValue>> LastAsync(string selector, long atSeconds, long backSeconds, CancellationToken cancellationToken)
    {
        string window = $"{selector}[{backSeconds.ToString(CultureInfo.InvariantCulture)}s]";
        byte[] json = await _http.AskAsync(
            TimeSeriesHttp.Below(_readRoot, "/api/v1/query"),
            [
                new("query", $"union(label_set(last_over_time({window}),\"q\",\"v\"),label_set(tlast_over_time({window}),\"q\",\"t\"))"),
                new("time", atSeconds.ToString(CultureInfo.InvariantCulture)),
            ],
            cancellationToken);
        return PrometheusVector.TryRead(json, out PrometheusVector vector, out string why) ? vector.Values : throw Unreadable(why);
    }

    private static string? ReadSnapshot(byte[] answer)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(answer);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("snapshot", out JsonElement name)
                && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IOException Unreadable(string why) => new($"VictoriaMetrics answered what cannot be read: {why}");

    private static string Seconds(long ms) => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000}.{ms % 1000:000}");

    // An encoded label holds no backslash and no line break, so the quote alone is left to escape.
    private static string Text(string name) => $"\"{TagText.Encode(name).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
