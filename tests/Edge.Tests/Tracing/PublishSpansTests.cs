using System.Diagnostics;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tests.Storage;
using IotProperty.Edge.Tracing;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Tracing;

public sealed class PublishSpansTests : IDisposable
{
    private const string Site = "riverside";
    private static readonly BatchKey Key = new(Site, 7, Lane.Event, 3);

    private readonly RecordedSpans _spans = new(EdgeTraces.SourceName, roots: false);
    private readonly Activity _stored = EdgeTraces.Source.StartActivity("stored", ActivityKind.Internal, default(ActivityContext), [new("iotp.event", true)])!;
    private readonly PublishSpans _publishes = new(Site);

    public void Dispose()
    {
        _stored.Dispose();
        _spans.Dispose();
    }

    [Fact]
    public async Task A_publish_lasts_until_its_receipt()
    {
        Publish();
        _publishes.Acknowledged(new(Key.Epoch, Key.Lane, Key.Sequence), new MqttPublishResult(0, ""));
        Publish();
        Assert.Same(_stored, Activity.Current);
        _publishes.Receipted(new Receipt(Key with { Sequence = 4 }, ReceiptStatus.Committed, ""));
        Assert.DoesNotContain(_spans.Ended, span => span.TraceId == _stored.TraceId);
        _publishes.Receipted(new Receipt(Key, ReceiptStatus.Committed, ""));
        Activity published = await _spans.OneAsync("uplink.publish", _stored);
        Assert.Equal((_stored.SpanId, ActivityKind.Producer, ActivityStatusCode.Unset), (published.ParentSpanId, published.Kind, published.Status));
        Assert.Equal(["acknowledged", "published again"], published.Events.Select(happened => happened.Name));
        Assert.Equal(
            ("mqtt", "send", "iotp/v1/riverside/up/event", 7L, 3L, "Committed"),
            (published.GetTagItem("messaging.system"), published.GetTagItem("messaging.operation.type"), published.GetTagItem("messaging.destination.name"), published.GetTagItem("iotp.epoch"), published.GetTagItem("iotp.sequence"), published.GetTagItem("iotp.outcome")));
    }

    [Fact]
    public async Task A_refusal_and_a_lost_connection_are_errors()
    {
        Publish();
        _publishes.Receipted(new Receipt(Key, ReceiptStatus.Refused, "no such site"));
        Publish();
        _publishes.Ended();
        IReadOnlyList<Activity> published = await _spans.SomeAsync("uplink.publish", 2, _stored);
        Assert.All(published, span => Assert.Equal(ActivityStatusCode.Error, span.Status));
        Assert.Equal([true, false], published.Select(span => span.StatusDescription!.Contains("no such site", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_batch_without_a_trace_has_no_span()
    {
        _publishes.Published(Batch(null));
        _publishes.Published(Batch(TraceContext.Of(_stored.Context)!.Value with { Flags = 0 }));
        _publishes.Ended();
        Assert.DoesNotContain(_spans.Ended, span => span.TraceId == _stored.TraceId);
    }

    private void Publish() => _publishes.Published(Batch(TraceContext.Of(_stored.Context)));

    private static OutboundBatch Batch(TraceContext? trace) =>
        new(new(Key.Epoch, Key.Lane, Key.Sequence), BatchCodec.Encode(new Batch { Key = Key, Transitions = [OutboxBench.Transition("o-1")], Trace = trace }));
}
