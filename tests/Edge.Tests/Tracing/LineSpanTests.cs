using System.Diagnostics;
using IotProperty.Edge.Access;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Points;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tests.Lines;
using IotProperty.Edge.Tests.Polling;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using IotProperty.Tracing;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Tracing;

[Collection(TracesCollection.Name)]
public sealed class LineSpanTests : IAsyncDisposable
{
    private readonly FakeTime _time = new();
    private readonly ScriptedDriver _driver = new();
    private readonly Sinks _sinks = new();
    private readonly CancellationTokenSource _stop = new();
    private LineRunner? _line;
    private Task _running = Task.CompletedTask;

    [Fact]
    public async Task A_read_is_a_root_span_that_its_sinks_are_inside_of()
    {
        using RecordedSpans spans = new(EdgeTraces.SourceName);
        Start();
        (await _driver.NextAsync()).Answer(7);
        Activity read = await spans.OneAsync("line.read");
        Assert.Equal(default, read.ParentSpanId);
        Assert.Equal(ActivityStatusCode.Unset, read.Status);
        Assert.Equal(
            ["iotp.attempts=1", "iotp.block=holding 0, 1 long", "iotp.device=m", "iotp.line=line", "iotp.outcome=Ok", "iotp.protocol=modbus", "iotp.samples.kept=1", "iotp.samples=1"],
            read.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(read.Context, Assert.Single(_sinks.Contexts));
    }

    [Fact]
    public async Task A_read_that_nobody_answers_is_an_error()
    {
        using RecordedSpans spans = new(EdgeTraces.SourceName);
        Start();
        (await _driver.NextAsync()).Fail(DriverOutcome.TimedOut);
        Activity read = await spans.OneAsync("line.read");
        Assert.Equal((ActivityStatusCode.Error, "scripted"), (read.Status, read.StatusDescription));
        Assert.Equal("TimedOut", read.GetTagItem("iotp.outcome"));
    }

    [Fact]
    public async Task A_read_that_was_not_sampled_leads_nowhere()
    {
        using RecordedSpans spans = new(EdgeTraces.SourceName, roots: false);
        Start();
        (await _driver.NextAsync()).Answer(7);
        await _sinks.Heard.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal([default], _sinks.Contexts);
        Assert.Empty(spans.Ended);
    }

    [Fact]
    public async Task A_write_goes_on_with_the_journey_of_whoever_writes()
    {
        using RecordedSpans spans = new(EdgeTraces.SourceName, roots: false);
        Start();
        DriverRequest first = await _driver.NextAsync();
        using Activity? writer = EdgeTraces.Source.ContinueOrBegin("test", default);
        Task<DriverReply> write = _line!.WriteCoilAsync(_line.Line.Devices[0], 5, true, CancellationToken.None).AsTask();
        first.Answer(1);
        (await _driver.NextAsync()).Answer();
        await write;
        Activity written = await spans.OneAsync("line.write");
        Assert.Equal(writer!.SpanId, written.ParentSpanId);
        Assert.Equal("m", written.GetTagItem("iotp.device"));
    }

    /// <summary>Whatever a line, a door, a rule or the store asks at each of its steps.</summary>
    [OptimizedFact]
    public void Without_tracing_nothing_is_allocated()
    {
        Assert.False(EdgeTraces.Source.HasListeners());
        Assert.Equal(0, Allocations.LeastOfFiveRounds(1_000, () =>
        {
            using Activity? read = EdgeTraces.BeginRead(readsSwipes: false);
            using Activity? ring = EdgeTraces.BeginRead(readsSwipes: true);
            using Activity? next = EdgeTraces.Source.Continue("next", EdgeTraces.Source.Here());
            using Activity? apart = EdgeTraces.Source.ContinueOrBegin("other", default);
        }));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private void Start()
    {
        _line = new LineRunner(
            LineScript.Line(LineScript.Device("m", points: 1)), TimeZoneInfo.Utc, _driver, new LineSinks([_sinks], _sinks, _sinks, new RecordingOutbox()), new EdgeClock(_time, () => true), NullLogger<LineRunner>.Instance);
        _running = Task.Run(() => _line.RunAsync(_stop.Token));
    }

    private sealed class Sinks : IPointSink, IAccessSink, IReadingSink
    {
        public List<ActivityContext> Contexts { get; } = [];

        public TaskCompletionSource Heard { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnSamples(ReadOnlySpan<PointSample> samples)
        {
            Contexts.Add(EdgeTraces.Source.Here());
            Heard.TrySetResult();
        }

        public void OnSwipes(string device, ushort sequence, ReadOnlySpan<SwipeEntry> entries, Moment now) => throw new InvalidOperationException("no swipe was expected");

        public void OnReading(MeterReading reading) => throw new InvalidOperationException("no reading was expected");
    }
}
