using System.Collections.Concurrent;
using IotProperty.Edge.Access;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tests.Polling;
using IotProperty.Protocols.Modbus;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Lines;

public sealed class LineRunnerTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeTime _time = new();
    private readonly ScriptedDriver _driver = new();
    private readonly RecordingOutbox _outbox = new();
    private readonly Sinks _sinks = new();
    private readonly CancellationTokenSource _stop = new();
    private LineRunner? _line;
    private Task _running = Task.CompletedTask;

    [Fact]
    public async Task What_a_poll_brings_goes_to_rules_at_once_and_thinned_to_the_outbox()
    {
        Start(LineScript.Device("m", points: 1));
        (await _driver.NextAsync()).Answer(7);
        await PassAsync(1_000);
        (await _driver.NextAsync()).Answer(7);
        await PassAsync(1_000);
        await _driver.NextAsync();
        Assert.Equal([7.0, 7.0], _sinks.Samples.Select(s => s.Value));
        Assert.Equal([7.0], _outbox.Samples.Select(s => s.Value));
        Assert.Equal((2, 2), (_line!.StatisticsOf(0).Polls, _line.Requests));
    }

    [Fact]
    public async Task Write_goes_before_the_next_read_and_brings_the_devices_answer()
    {
        Start(LineScript.Device("a", points: 3));
        DriverRequest first = await _driver.NextAsync();
        Task<DriverReply> write = _line!.WriteCoilAsync(_line.Line.Devices[0], 5, true, CancellationToken.None).AsTask();
        first.Answer(1);
        DriverRequest second = await _driver.NextAsync();
        Assert.Equal(("write", "a", (ushort)5, true), (second.What, second.Device, second.Address, second.Value));
        second.Fail(DriverOutcome.TimedOut);
        Assert.Equal(DriverOutcome.TimedOut, (await write).Outcome);
        Assert.Equal(("read", 100), ((await _driver.NextAsync()) is var third ? third.What : "", third.Address));
    }

    [Fact]
    public async Task Resting_line_wakes_up_for_a_write()
    {
        Start(LineScript.Device("a"));
        (await _driver.NextAsync()).Answer(1);
        await Task.Yield();
        Task<DriverReply> write = _line!.WriteCoilAsync(_line.Line.Devices[0], 0, true, CancellationToken.None).AsTask();
        (await _driver.NextAsync()).Answer();
        Assert.Equal(DriverOutcome.Ok, (await write).Outcome);
        Assert.Equal(1, _line.Writes);
    }

    [Fact]
    public async Task An_exchange_of_another_session_goes_before_the_next_read_on_a_bus_and_is_refused_elsewhere()
    {
        Start(LineScript.Device("a", points: 3));
        DriverRequest first = await _driver.NextAsync();
        Task<BusReply> exchange = _line!.ExchangeAsync(new ModbusRtuMasterSession(), new BusTiming { Silence = default, Recovery = default, Gap = default }, CancellationToken.None).AsTask();
        first.Answer(1);
        Assert.Equal(new BusReply(BusOutcome.LineDown, "the line is no bus"), await exchange);
        Assert.Equal("read", (await _driver.NextAsync()).What);
    }

    [Fact]
    public async Task Cancelled_write_is_not_sent()
    {
        Start(LineScript.Device("a", points: 2));
        DriverRequest first = await _driver.NextAsync();
        using CancellationTokenSource impatient = new();
        Task<DriverReply> write = _line!.WriteCoilAsync(_line.Line.Devices[0], 0, true, impatient.Token).AsTask();
        await impatient.CancelAsync();
        first.Answer(1);
        Assert.Equal("read", (await _driver.NextAsync()).What);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
    }

    [Fact]
    public async Task Round_trips_and_refusals_are_counted_for_the_device()
    {
        Start(LineScript.Device("m", points: 2));
        (await _driver.NextAsync()).Answer(7);
        (await _driver.NextAsync()).Fail(DriverOutcome.NoSuchData);
        await PassAsync(1_000);
        (await _driver.NextAsync()).Answer(7);
        await PassAsync(1_000);
        await _driver.NextAsync();
        DeviceStatistics device = _line!.StatisticsOf(0);
        Assert.Equal((3, 3, 1), (device.Requests, device.RoundTrips.Snapshot().Count, device.Refusals));
        Assert.Equal(1_000, device.RealPeriodMs);
        LineFigures figures = _line.Figures();
        Assert.Equal((true, 3, 1), (figures.IsUp, figures.RoundTrips.Count, figures.Devices[0].Exceptions));
        Assert.True(figures.Devices[0].Answers);
    }

    [Fact]
    public async Task Full_queue_answers_at_once()
    {
        Start(LineScript.Device("a"));
        await _driver.NextAsync(); // held up in a read
        Task<DriverReply>[] writes = [.. Enumerable.Range(0, 65).Select(_ => _line!.WriteCoilAsync(_line.Line.Devices[0], 0, true, CancellationToken.None).AsTask())];
        DriverReply refused = await writes[^1];
        Assert.Equal((DriverOutcome.LineDown, "line line already holds 64 writes"), (refused.Outcome, refused.Detail));
        Assert.All(writes.SkipLast(1), w => Assert.False(w.IsCompleted));
    }

    [Fact]
    public async Task Ended_line_answers_those_who_wait_and_those_who_come_later()
    {
        Start(LineScript.Device("a"));
        await _driver.NextAsync();
        Task<DriverReply> waiting = _line!.WriteCoilAsync(_line.Line.Devices[0], 0, true, CancellationToken.None).AsTask();
        await _stop.CancelAsync();
        await _running;
        Assert.Equal(DriverOutcome.LineDown, (await waiting).Outcome);
        Assert.Equal("line line has ended", (await _line.WriteCoilAsync(_line.Line.Devices[0], 0, true, CancellationToken.None)).Detail);
        Assert.True(_line.HasEnded);
    }

    [Fact]
    public async Task Swipe_is_handed_on_with_the_ring()
    {
        AccessDefinition access = new() { SwipeSequence = "p0", SwipeRing = new SwipeRing(PointTable.Holding, 16, 2, SwipeLayout.SequenceU16CardU32), UnlockCoil = 0 };
        Start(LineScript.Device("door", DeviceKind.Door, access: access));
        (await _driver.NextAsync()).Answer(3);
        DriverRequest ring = await _driver.NextAsync();
        Assert.Equal((16, 6), (ring.Address, ring.Registers.Length));
        ring.Answer(3, 0, 42, 2, 0, 41);
        await PassAsync(1_000);
        await _driver.NextAsync();
        (string device, ushort sequence, SwipeEntry[] entries) = Assert.Single(_sinks.Swipes);
        Assert.Equal(("door", 3, 2), (device, sequence, entries.Length));
    }

    [Fact]
    public async Task Broken_driver_ends_the_line_with_its_exception()
    {
        Start(LineScript.Device("a"));
        (await _driver.NextAsync()).Reply.SetException(new InvalidDataException("a broken invariant"));
        await Assert.ThrowsAsync<InvalidDataException>(() => _running);
        Assert.True(_line!.HasEnded);
    }

    [Fact]
    public async Task Line_that_is_down_says_so_until_it_is_up()
    {
        Start(LineScript.Device("a"));
        (await _driver.NextAsync()).Fail(DriverOutcome.LineDown);
        await PassAsync(1_000);
        DriverRequest next = await _driver.NextAsync();
        Assert.True(_line!.IsDown);
        next.Answer(1);
        await PassAsync(1_000);
        await _driver.NextAsync();
        Assert.False(_line.IsDown);
    }

    [Fact]
    public async Task Device_without_a_line_is_an_answer_and_no_exception()
    {
        Start(LineScript.Device("a"));
        LineWriter writer = new();
        writer.Connect([_line!]);
        Assert.Equal("no line has a device 'b'", (await writer.WriteCoilAsync("b", 0, true, CancellationToken.None)).Detail);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (InvalidDataException)
        {
            // Asserted by the test that scripted it.
        }

        _stop.Dispose();
    }

    private void Start(params DeviceConfiguration[] devices)
    {
        EdgeClock clock = new(_time, () => true);
        _line = new LineRunner(LineScript.Line(devices), TimeZoneInfo.Utc, _driver, new LineSinks([_sinks], _sinks, _sinks, _outbox), clock, NullLogger<LineRunner>.Instance);
        _running = Task.Run(() => _line.RunAsync(_stop.Token));
    }

    /// <summary>Lets time pass once the line rests.</summary>
    private async Task PassAsync(long milliseconds)
    {
        await _time.TimersAsync(1).WaitAsync(TimeSpan.FromSeconds(20));
        _time.Advance(milliseconds);
    }

    private sealed class Sinks : IPointSink, IAccessSink, IReadingSink
    {
        public ConcurrentQueue<PointSample> Samples { get; } = [];

        public ConcurrentQueue<(string Device, ushort Sequence, SwipeEntry[] Entries)> Swipes { get; } = [];

        public void OnSamples(ReadOnlySpan<PointSample> samples)
        {
            foreach (PointSample sample in samples)
            {
                Samples.Enqueue(sample);
            }
        }

        public void OnSwipes(string device, ushort sequence, ReadOnlySpan<SwipeEntry> entries, Moment now) => Swipes.Enqueue((device, sequence, entries.ToArray()));

        public void OnReading(MeterReading reading) => throw new InvalidOperationException("no reading was expected");
    }
}
