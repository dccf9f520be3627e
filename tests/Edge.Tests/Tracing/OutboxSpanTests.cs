using System.Diagnostics;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Edge.Tests.Storage;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Tracing;

/// <summary>Which trace a batch bears, from the read to the bytes that are published.</summary>
public sealed class OutboxSpanTests : IDisposable
{
    private readonly RecordedSpans _spans = new(EdgeTraces.SourceName, roots: false);

    public void Dispose() => _spans.Dispose();

    [Fact]
    public async Task A_batch_of_many_reads_bears_the_first_recorded_one_and_the_others_link_to_it()
    {
        await using OutboxBench bench = new();
        await bench.ConnectAsync();
        bench.Outbox.Add(bench.Sample(1));
        Activity first = Read(bench, "pressure", "flow");
        Activity second = Read(bench, "pressure");
        await bench.PassAsync(10);
        Batch batch = await bench.NextAsync();
        Assert.Equal(4, batch.Samples.Length);
        Activity carrier = await _spans.OneAsync("outbox.store", first);
        Activity other = await _spans.OneAsync("outbox.store", second);
        Assert.Equal(TraceContext.Of(carrier.Context), batch.Trace);
        Assert.Equal((first.SpanId, second.SpanId), (carrier.ParentSpanId, other.ParentSpanId));
        Assert.Empty(carrier.Links);
        Assert.Equal((carrier.TraceId, carrier.SpanId), (Assert.Single(other.Links).Context.TraceId, other.Links.Single().Context.SpanId));
        Assert.Equal(("pump-1", "telemetry"), (carrier.GetTagItem("iotp.device"), carrier.GetTagItem("iotp.lane")));
    }

    [Fact]
    public async Task A_batch_without_a_recorded_read_bears_nothing()
    {
        await using OutboxBench bench = new();
        await bench.ConnectAsync();
        using (EdgeTraces.BeginRead(readsSwipes: false))
        {
            bench.Outbox.Add(bench.Sample(1));
        }

        await bench.PassAsync(10);
        Assert.Null((await bench.NextAsync()).Trace);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_row_that_gathers_more_keeps_the_trace_that_it_bore_first(bool isFirstRecorded)
    {
        await using OutboxBench bench = new();
        Activity? first = isFirstRecorded ? Read(bench, "pressure") : null;
        if (first is null)
        {
            bench.Outbox.Add(bench.Sample(1));
        }

        await bench.PassAsync(10);
        Activity second = Read(bench, "pressure");
        await bench.PassAsync(250);
        await bench.ConnectAsync();
        Batch batch = await bench.NextAsync();
        Assert.Equal(2, batch.Samples.Length);
        Activity carrier = await _spans.OneAsync("outbox.store", first ?? second);
        Activity joined = await _spans.OneAsync("outbox.store", second);
        Assert.Equal(TraceContext.Of(carrier.Context), batch.Trace);
        Assert.Equal(isFirstRecorded ? 1 : 0, joined.Links.Count());
    }

    [Fact]
    public async Task Events_bear_the_journey_of_their_caller_through_a_kill_and_until_they_are_on_disk()
    {
        await using OutboxBench bench = new();
        using Activity? caller = EdgeTraces.BeginRead(readsSwipes: true);
        await bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None);
        Activity stored = await _spans.OneAsync("outbox.store", caller);
        Assert.Equal((caller!.SpanId, "event", 1), (stored.ParentSpanId, stored.GetTagItem("iotp.lane"), stored.GetTagItem("iotp.records")));

        await using SqliteOutbox next = bench.OpenAsAfterKill();
        Batch batch = await OutboxBench.NextAsync(await next.ConnectAsync(CancellationToken.None));
        Assert.Equal(TraceContext.Of(stored.Context), batch.Trace);
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_lengthens_the_journey_and_does_not_end_it()
    {
        int failures = 1;
        StoreSeams seams = new()
        {
            Commit = commit =>
            {
                if (Volatile.Read(ref failures) == 0)
                {
                    throw new Microsoft.Data.Sqlite.SqliteException("disk I/O error", 10);
                }

                commit();
            },
        };
        await using OutboxBench bench = new(seams: seams);
        Volatile.Write(ref failures, 0);
        Activity read = Read(bench, "pressure");
        bench.Time.Advance(10);
        await Assert.ThrowsAsync<OutboxUnavailableException>(() => bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition("o-1")] }, CancellationToken.None).AsTask());
        Assert.DoesNotContain(_spans.Ended, span => span.OperationName == "outbox.store" && span.TraceId == read.TraceId);

        Volatile.Write(ref failures, 1);
        await bench.PassAsync(2_000);
        await bench.PassAsync(2_000);
        await bench.ConnectAsync();
        Activity stored = await _spans.OneAsync("outbox.store", read);
        Assert.Contains(stored.Events, happened => happened.Name == "the store could not be written");
        Batch batch = await bench.NextAsync();
        Assert.Equal(TraceContext.Of(stored.Context), batch.Trace);
    }

    /// <summary>A recorded read that brings these points. Later than the one before.</summary>
    private static Activity Read(OutboxBench bench, params string[] points)
    {
        bench.Time.Advance(1);
        Activity read = EdgeTraces.BeginRead(readsSwipes: true)!;
        foreach (string point in points)
        {
            bench.Outbox.Add(bench.Sample(1, point));
        }

        read.Stop();
        return read;
    }
}
