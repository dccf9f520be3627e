using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using IotProperty.Tracing;
using Microsoft.Extensions.Logging;

namespace IotProperty.SystemTests.Traces;

/// <summary>The way from a program to its collector, bounds included.</summary>
public sealed class TraceExportTests : IDisposable
{
    private const string Secret = "Bearer swordfish";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ActivitySource _source = new($"test-{Guid.NewGuid()}");
    private readonly Log _log = new();

    public void Dispose() => _source.Dispose();

    [Fact]
    public async Task What_waits_is_sent_at_the_end_with_what_the_collector_wants_to_be_shown()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync(Secret);
        TraceExport export = Start(collector.Endpoint, ratio: 1);
        using (Activity? parent = _source.StartActivity("parent"))
        {
            _source.StartActivity("child")!.SetTag("iotp.device", "pump-1").Dispose();
        }

        await StopAsync(export);
        OtlpSpan child = collector.Spans.Single(span => span.Name == "child");
        Assert.Equal(collector.Spans.Single(span => span.Name == "parent").Id, child.Parent);
        Assert.Equal(("pump-1", "test", "1.2.3", "one", "riverside"), (child.Attributes["iotp.device"], child.Service, child.Resource["service.version"], child.Resource["service.instance.id"], child.Resource["iotp.site"]));
        Assert.Equal((2, 0, 0), (export.Counters.Exported, export.Counters.Failed, export.Counters.Dropped));
        Assert.DoesNotContain(_log.Lines, line => line.Contains("swordfish", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_what_begins_here_the_ratio_is_recorded_and_every_event_and_of_what_goes_on_what_was()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync(Secret);
        TraceExport export = Start(collector.Endpoint, ratio: 0);
        using (Activity? read = _source.StartActivity("read"))
        {
            Assert.False(read!.Recorded);
            Assert.False(_source.Here().IsRecorded());
            Assert.Null(_source.Continue("next", _source.Here()));
        }

        _source.ContinueOrBegin("event", default)!.Dispose();
        ActivityContext remote = new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true);
        _source.Continue("remote", remote)!.Dispose();
        await StopAsync(export);
        Assert.Equal(["event", "remote"], collector.Spans.Select(span => span.Name).Order(StringComparer.Ordinal));
        Assert.Equal(remote.SpanId.ToHexString(), collector.Spans.Single(span => span.Name == "remote").Parent);
    }

    [Fact]
    public async Task A_collector_that_refuses_is_named_once_with_its_reason_and_the_spans_are_counted()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync("another secret");
        TraceExport export = Start(collector.Endpoint, ratio: 1);
        for (int spans = 0; spans < 1_000; spans++)
        {
            _source.StartActivity("span")!.Dispose();
        }

        using CancellationTokenSource patience = new(Patience);
        while (export.Counters.Failed < 1_000)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }

        await StopAsync(export);
        Assert.True(collector.Refused > 1, "one refusal proves nothing");
        Assert.Equal((0, 1_000), (export.Counters.Exported, export.Counters.Failed));
        string told = Assert.Single(_log.Lines, line => line.Contains("are not taken", StringComparison.Ordinal));
        Assert.Contains("HTTP 401", told, StringComparison.Ordinal);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("swordfish", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Before_a_silent_collector_spans_beyond_the_bound_are_dropped_and_a_stop_ends()
    {
        const int TooMany = 100;
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        TraceExport export = Start(new Uri($"http://{silent.LocalEndpoint}"), ratio: 1);
        for (int spans = 0; spans < BoundedSpans.MaxWaiting + TooMany; spans++)
        {
            _source.StartActivity("span")!.Dispose();
        }

        Assert.Equal(TooMany, export.Counters.Dropped);
        Assert.Single(_log.Lines, line => line.Contains("they are dropped and counted; a smaller ratio", StringComparison.Ordinal));
        await StopAsync(export);
        Assert.Equal(0, export.Counters.Exported);
    }

    private TraceExport Start(Uri endpoint, double ratio) => TraceExport.Start(
        new TraceExportOptions(new TraceTarget(endpoint, ratio, [new("Authorization", Secret)]), "test", "1.2.3", "one", [_source.Name])
        {
            Attributes = new Dictionary<string, object> { ["iotp.site"] = "riverside" },
        },
        _log);

    private static Task StopAsync(TraceExport export) => Task.Run(export.Dispose).WaitAsync(Patience);

    private sealed class Log : ILogger
    {
        private readonly ConcurrentQueue<string> _lines = [];

        public IReadOnlyList<string> Lines => [.. _lines];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(formatter(state, exception));
    }
}
