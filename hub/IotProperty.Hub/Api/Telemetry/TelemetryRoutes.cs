using IotProperty.Hub.Api.Json;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.People;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Api.Telemetry;

/// <summary>Samples and the record of what was delivered.</summary>
internal static class TelemetryRoutes
{
    private const int DefaultLimit = 1000;
    private const int MaxLimit = 10_000;

    // Two hours of a point that changes at every poll of 40 ms; a day of one that is polled twice a second.
    private const int MaxSamplesToThin = 180_000;
    private const int MaxSlices = 2000;
    private const long DefaultSpanMs = 60 * 60 * 1000;

    public static void MapTelemetry(this RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("telemetry");
        group.MapGet("/telemetry", ReadAsync).Requires(Permission.WatchBuilding).Produces<Page<StoredSample>>()
            .WithSummary("Samples of one point (DEVICE/POINT) in [from, to), oldest first. With slices=N the span is cut into N parts, of which first, least, greatest and last remain.");
        group.MapGet("/telemetry/count", async (string site, ITelemetryStore telemetry, CancellationToken cancellationToken) =>
            new SampleCount(await telemetry.CountAsync(site, cancellationToken))).Requires(Permission.WatchBuilding).WithSummary("How many samples of the site are stored.");
        group.MapGet("/batches", async (string site, BatchOverview batches, CancellationToken cancellationToken) =>
            new Page<BatchSpan>(await batches.ReadAsync(site, cancellationToken), null)).Requires(Permission.WatchBuilding)
            .WithSummary("Which batches of the site are committed, by boot epoch and lane.");
        group.MapGet("/gaps", async (string site, [AsParameters] Paging paging, Ledger ledger, CancellationToken cancellationToken) =>
        {
            Page<GapRow> page = await ledger.ReadAsync(
                db => Storage.Paging.ByIdAsync(db.Set<GapRow>().Where(gap => gap.Site == site), gap => gap.Id, paging.Request, cancellationToken), cancellationToken);
            return new Page<GapView>([.. page.Items.Select(GapView.Of)], page.Next);
        }).Requires(Permission.WatchBuilding).WithSummary("Losses that the edge of the site declared, in the order of their ids.");
    }

    private static async Task<IResult> ReadAsync(
        string site, string point, string? from, string? to, string? cursor, int? limit, int? slices,
        ITelemetryStore telemetry, TimeProvider time, CancellationToken cancellationToken)
    {
        if (point.Split('/') is not [{ Length: > 0 } device, { Length: > 0 } name])
        {
            return ApiResults.BadQuery("point", "must be DEVICE/POINT, for instance lift-1/position");
        }

        long toMs = time.GetUtcNow().ToUnixTimeMilliseconds() + 1;
        if (to is not null && !Instant.TryRead(to, out toMs))
        {
            return ApiResults.BadQuery("to", $"must be {Instant.Mend}");
        }

        long fromMs = toMs - DefaultSpanMs;
        string? start = cursor ?? from;
        if (start is not null && !Instant.TryRead(start, out fromMs))
        {
            return ApiResults.BadQuery(cursor is null ? "from" : "cursor", $"must be {Instant.Mend}");
        }

        PointRef wanted = new(device, name);
        if (slices is { } count)
        {
            IReadOnlyList<StoredSample> all = await telemetry.RangeAsync(site, wanted, fromMs, toMs, MaxSamplesToThin, cancellationToken);
            return TypedResults.Ok(new Page<StoredSample>(SampleThinner.Thin(all, fromMs, toMs, Math.Clamp(count, 1, MaxSlices)), null));
        }

        int size = Math.Clamp(limit ?? DefaultLimit, 1, MaxLimit);
        IReadOnlyList<StoredSample> samples = await telemetry.RangeAsync(site, wanted, fromMs, toMs, size, cancellationToken);
        return TypedResults.Ok(PageOf(samples, size));
    }

    /// <summary>A full page ends before its last time, where the next one begins, so that samples of one time are never torn apart.</summary>
    private static Page<StoredSample> PageOf(IReadOnlyList<StoredSample> samples, int size)
    {
        if (samples.Count < size)
        {
            return new Page<StoredSample>(samples, null);
        }

        long last = samples[^1].TimeMs;
        StoredSample[] whole = [.. samples.TakeWhile(sample => sample.TimeMs < last)];
        return whole.Length > 0
            ? new Page<StoredSample>(whole, Instant.Format(last))
            : new Page<StoredSample>(samples, Instant.Format(last + 1));
    }
}

/// <param name="Samples">Stored samples of the site.</param>
public sealed record SampleCount(long Samples);

/// <summary>A declared loss in one piece.</summary>
public sealed record GapView(
    string Site, string Id, Lane Lane, long Epoch, long FirstSequence, long LastSequence, long FromMs, long ToMs, long Records, string Reason, long ReceivedMs)
{
    public static GapView Of(GapRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new GapView(
            row.Site, row.Id, row.Lane, row.Epoch, row.FirstSequence, row.LastSequence, row.FromMs, row.ToMs, row.RecordCount, row.Reason, row.ReceivedMs);
    }
}
