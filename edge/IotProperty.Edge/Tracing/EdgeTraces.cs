using System.Diagnostics;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;

namespace IotProperty.Edge.Tracing;

/// <summary>
/// The edge's spans. A journey begins with a read (<c>line.read</c>), goes on with what is decided (<c>alarm.judge</c>, <c>access.decide</c>, <c>reading.take</c>), to the disk
/// (<c>outbox.store</c>) and to the hub (<c>uplink.publish</c>). What comes together goes on together: a batch bears the context of the first journey in it, the others link to
/// that one. Nothing personal and no secret is an attribute: no card, no credential, no fingerprint.
/// </summary>
internal static class EdgeTraces
{
    public const string SourceName = "IotProperty.Edge";

    public const string Line = "iotp.line";
    public const string Device = "iotp.device";
    public const string LaneName = "iotp.lane";
    public const string Sequence = "iotp.sequence";
    public const string Samples = "iotp.samples";
    public const string Records = "iotp.records";

    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Begins the journey of what a device is asked for. A door's ring is asked for only when somebody stood before it.</summary>
    public static Activity? BeginRead(bool readsSwipes) =>
        readsSwipes ? Source.ContinueOrBegin("line.read", default) : Source.StartActivity("line.read");

    /// <param name="resent">How often the request was sent again.</param>
    public static void Describe(this Activity span, LineConfiguration line, DeviceConfiguration device, ReadBlock block, in DriverReply reply, long resent)
    {
        span.SetTag(Line, line.Id);
        span.SetTag(Device, device.Id);
        span.SetTag("iotp.protocol", FieldProtocols.Name(device.Profile.Protocol));
        span.SetTag("iotp.block", block.ToString());
        span.SetTag("iotp.attempts", resent + 1);
        span.Ended(reply);
    }

    public static void Ended(this Activity? span, in DriverReply reply)
    {
        span?.SetTag(Spans.Outcome, reply.Outcome.ToString());
        if (reply.Outcome != DriverOutcome.Ok)
        {
            span.Fail(reply.Detail.Length > 0 ? reply.Detail : reply.Outcome.ToString());
        }
    }

    /// <summary>The span's context, as it travels with a batch.</summary>
    public static TraceContext? ContextOf(Activity? span) => span is { Recorded: true } ? TraceContext.Of(span.Context) : null;
}
