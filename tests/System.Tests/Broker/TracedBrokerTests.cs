using System.Collections.Concurrent;
using System.Diagnostics;
using IotProperty.Edge.Uplink;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Protocols.Uplink;
using IotProperty.SystemTests.Simulation;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.SystemTests.Broker;

/// <summary>A broker in between knows nothing of traces: the batch itself bears the one that it belongs to.</summary>
[Collection(TracesCollection.Name)]
public class TracedBrokerTests
{
    private const string Site = "riverside";

    /// <summary>As collectors see it.</summary>
    private const string HubScope = "IotProperty.Hub";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PeerFact("mosquitto")]
    public async Task Journeys_go_on_behind_a_broker_each_its_own()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync();
        using RecordedSpans spans = new(HubScope, roots: false);
        using IngestMeter meter = new();
        using CancellationTokenSource patience = new(Patience);
        Listeners listeners = new();
        UplinkIngest ingest = new(
            new MemoryTelemetryStore(() => CommitFate.Success), new MemoryLedger(() => CommitFate.Success), listeners, listeners, meter, TimeProvider.System, NullLogger<UplinkIngest>.Instance);
        await using Replica hub = await Replica.StartAsync(broker.Port, ingest);
        await using IMqttLink edge = await new MqttConnector(TimeProvider.System).ConnectAsync(new MqttLinkOptions("127.0.0.1", broker.Port, false, Site, "", "", null), patience.Token);
        await edge.SubscribeAsync(UplinkTopics.Receipt(Site), patience.Token);

        // One that bears a trace, one that bears none, and one more: what lies in one connection does not get into one trace.
        using Activity swipe = Stored();
        using Activity reading = Stored();
        ActivityContext[] borne = [swipe.Context, default, reading.Context];
        for (int sequence = 1; sequence <= borne.Length; sequence++)
        {
            Batch batch = new()
            {
                Key = new BatchKey(Site, 7, Lane.Telemetry, sequence),
                Samples = [new Sample(new("lift-1", "speed"), 1_000, sequence, Quality.Good, true)],
                Trace = TraceContext.Of(borne[sequence - 1]),
            };
            Assert.True((await edge.PublishAsync(new MqttLinkMessage(UplinkTopics.Up(Site, Lane.Telemetry), BatchCodec.Encode(batch), false), patience.Token)).Accepted);
        }

        for (int receipts = 0; receipts < borne.Length;)
        {
            receipts += ReceiptCodec.Decode((await edge.Messages.ReadAsync(patience.Token)).Payload.Span).Value!.Count;
        }

        foreach (Activity stored in (Activity[])[swipe, reading])
        {
            Activity ingested = await spans.OneAsync("ingest", stored);
            Assert.Equal((stored.SpanId, $"iotp/v1/{Site}/up/telemetry", "committed"), (ingested.ParentSpanId, ingested.GetTagItem("messaging.destination.name"), ingested.GetTagItem("iotp.outcome")));
            Assert.Equal(ingested.SpanId, (await spans.OneAsync("ingest.commit", stored)).ParentSpanId);
            Assert.Contains(ingested.Context, listeners.Causes);
        }

        Assert.Equal(borne.Length, listeners.Causes.Count);
        Assert.Single(listeners.Causes, default(ActivityContext));
    }

    /// <summary>A span of an edge.</summary>
    private static Activity Stored()
    {
        Activity stored = new Activity("stored") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        Activity.Current = null;
        return stored;
    }

    /// <summary>Keeps of all that a hub would be told what caused it.</summary>
    private sealed class Listeners : IEdgeDirectory, ILiveFeed
    {
        public ConcurrentQueue<ActivityContext> Causes { get; } = new();

        public ValueTask<bool> TakeStateAsync(EdgeState state, CancellationToken cancellationToken) => ValueTask.FromResult(false);

        public void Heard(string site)
        {
        }

        public void Publish(LiveEvent change) => Causes.Enqueue(change.Cause);

        public IAsyncEnumerable<LiveEvent> WatchAsync(CancellationToken cancellationToken) => throw new NotSupportedException("nobody watches here");
    }
}
