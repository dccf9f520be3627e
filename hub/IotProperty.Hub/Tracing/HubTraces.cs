using System.Diagnostics;
using IotProperty.Hub.Live;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;

namespace IotProperty.Hub.Tracing;

/// <summary>
/// The hub's spans. A batch goes on with the trace that it bears (<c>ingest</c>, in it <c>ingest.decode</c> and <c>ingest.commit</c>); what it changed is told to those who watch
/// (<c>live.push</c>). Nothing personal and no secret is an attribute: no name, no user, no query string.
/// </summary>
internal static class HubTraces
{
    public const string SourceName = "IotProperty.Hub";

    /// <summary>Where ASP.NET Core makes its server spans.</summary>
    public const string RequestSourceName = "Microsoft.AspNetCore";

    public const string Site = "iotp.site";

    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Begins with the arrival, which lies before anybody knew of the batch's trace; null without tracing and for what is not recorded.</summary>
    /// <param name="bytes">Of the payload.</param>
    /// <param name="arrived">When the batch came.</param>
    public static Activity? BeginIngest(string site, Lane lane, in DecodedBatch decoded, int bytes, DateTimeOffset arrived, TimeProvider time)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        ActivityContext parent = decoded.Trace?.ToActivityContext() ?? default;
        Activity? span = Source.StartActivity("ingest", ActivityKind.Consumer, parent, startTime: arrived);
        if (span is not { IsAllDataRequested: true })
        {
            return span;
        }

        // Names of the OpenTelemetry semantic conventions for messaging.
        span.SetTag("messaging.system", "mqtt");
        span.SetTag("messaging.operation.type", "process");
        span.SetTag("messaging.destination.name", UplinkTopics.Up(site, lane));
        span.SetTag("messaging.message.body.size", bytes);
        span.SetTag(Site, site);
        span.SetTag("iotp.lane", UplinkTopics.Name(lane));
        span.SetTag("iotp.epoch", decoded.Key?.Epoch);
        span.SetTag("iotp.sequence", decoded.Key?.Sequence);
        span.SetTag("iotp.records", decoded.Batch?.RecordCount);
        Activity? decode = Source.StartActivity("ingest.decode", ActivityKind.Internal, span.Context, startTime: arrived);
        decode?.SetEndTime(time.GetUtcNow().UtcDateTime);
        decode?.Stop();
        return span;
    }

    /// <summary>From the moment at which a watcher's stream takes the news until it is written; null where what caused it is not recorded. Links to the watcher's request.</summary>
    public static Activity? BeginPush(in LiveEvent news)
    {
        if (!news.Cause.IsRecorded())
        {
            return null;
        }

        Activity? watcher = Activity.Current;
        Activity? span = Source.ContinueApart("live.push", news.Cause, ActivityKind.Producer);
        span?.SetTag(Site, news.Site);
        span?.SetTag("iotp.live.kind", LiveStream.NameOf(news.Kind));
        if (span is not null && watcher is { Recorded: true })
        {
            span.AddLink(new ActivityLink(watcher.Context));
        }

        return span;
    }
}
