using System.Diagnostics;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;

namespace IotProperty.Edge.Uplink;

/// <summary>
/// The spans <c>uplink.publish</c> of one connection: from a traced batch's publish until its receipt. What lies between the end of <c>outbox.store</c> and it is how long the batch
/// had to wait. Bounded by the outbox's windows. Safe on any task.
/// </summary>
internal sealed class PublishSpans(string site)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<BatchNumber, Activity> _open = [];

    public void Published(in OutboundBatch batch)
    {
        // The batch may have been stored before this program was started: what it says of its trace is all that is known.
        if (!EdgeTraces.Source.HasListeners() || BatchCodec.TraceOf(batch.Payload.Span) is not { IsSampled: true } trace)
        {
            return;
        }

        lock (_lock)
        {
            if (_open.TryGetValue(batch.Number, out Activity? before))
            {
                before.AddEvent(new ActivityEvent("published again"));
            }
            else if (EdgeTraces.Source.ContinueApart("uplink.publish", trace.ToActivityContext(), ActivityKind.Producer) is { } span)
            {
                // Names of the OpenTelemetry semantic conventions for messaging.
                span.SetTag("messaging.system", "mqtt");
                span.SetTag("messaging.operation.type", "send");
                span.SetTag("messaging.destination.name", UplinkTopics.Up(site, batch.Number.Lane));
                span.SetTag("messaging.message.body.size", batch.Payload.Length);
                span.SetTag("iotp.epoch", batch.Number.Epoch);
                span.SetTag(EdgeTraces.LaneName, UplinkTopics.Name(batch.Number.Lane));
                span.SetTag(EdgeTraces.Sequence, batch.Number.Sequence);
                _open.Add(batch.Number, span);
            }
        }
    }

    /// <summary>The peer has answered the publish itself.</summary>
    public void Acknowledged(in BatchNumber number, in MqttPublishResult result)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(number, out Activity? span))
            {
                span.AddEvent(new ActivityEvent("acknowledged", tags: new ActivityTagsCollection { ["iotp.mqtt.reason_code"] = (int)result.ReasonCode }));
            }
        }
    }

    public void Receipted(Receipt receipt)
    {
        Activity? span;
        lock (_lock)
        {
            if (!_open.Remove(new BatchNumber(receipt.Key.Epoch, receipt.Key.Lane, receipt.Key.Sequence), out span))
            {
                return;
            }
        }

        span.SetTag(Spans.Outcome, receipt.Status.ToString());
        if (receipt.Status == ReceiptStatus.Refused)
        {
            span.Fail($"the hub refuses it: {Quoted.Of(receipt.Reason)}");
        }

        span.StopApart();
    }

    /// <summary>The connection has ended; on the next one each is published again, and has another span.</summary>
    public void Ended()
    {
        lock (_lock)
        {
            foreach (Activity span in _open.Values)
            {
                span.Fail("the connection ended before the receipt");
                span.StopApart();
            }

            _open.Clear();
        }
    }
}
