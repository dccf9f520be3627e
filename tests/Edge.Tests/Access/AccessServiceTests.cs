using System.Diagnostics;
using IotProperty.Edge.Access;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Modbus;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Access;

public sealed class AccessServiceTests : IAsyncLifetime, IDisposable
{
    private const ulong Known = 11;
    private readonly FakeTime _time = new();
    private readonly RecordingOutbox _outbox = new();
    private readonly RecordingWriter _writer = new();
    private readonly EdgeClock _clock;
    private AccessService? _service;

    public AccessServiceTests() => _clock = new(_time, () => true);

    public async Task InitializeAsync()
    {
        _outbox.State["access/door-1"] = new DoorState(5).ToBytes();
        await StartAsync();
        Contact(5);
    }

    public Task DisposeAsync() => StopAsync();

    public void Dispose() => _service?.Dispose();

    [Fact]
    public async Task A_grant_is_on_disk_with_its_state_before_the_door_is_unlocked()
    {
        int storedAtUnlock = -1;
        _writer.Answer = () =>
        {
            storedAtUnlock = _outbox.IsQuiet ? 0 : 1;
            return DriverReply.Ok;
        };
        _service!.OnSwipes("door-1", 6, [new(6, Known)], _clock.Now());
        Assert.Equal(("door-1", (ushort)3, true), await _writer.NextAsync());
        Assert.Equal(1, storedAtUnlock);
        OutboxEvents stored = await _outbox.NextAsync();
        Assert.Equal(AccessReason.Known, Assert.Single(stored.AccessEvents).Reason);
        Assert.Equal(new StateWrite("access/door-1", null).Key, Assert.Single(stored.State).Key);
        Assert.Equal(new DoorState(6).ToBytes(), _outbox.State["access/door-1"]);
    }

    [Fact]
    public async Task A_denied_card_unlocks_nothing()
    {
        _service!.OnSwipes("door-1", 6, [new(6, 99)], _clock.Now());
        Assert.Equal(AccessReason.UnknownCredential, Assert.Single((await _outbox.NextAsync()).AccessEvents).Reason);
        await StopAsync();
        Assert.True(_writer.IsQuiet);
        Assert.Equal(1, _service!.Counters.Denied);
    }

    [Fact]
    public async Task A_controller_that_does_not_confirm_is_recorded()
    {
        _writer.Answer = () => new(DriverOutcome.DeviceException, ModbusExceptionCode.ServerDeviceFailure, "");
        _service!.OnSwipes("door-1", 6, [new(6, Known)], _clock.Now());
        Assert.Equal(AccessReason.Known, Assert.Single((await _outbox.NextAsync()).AccessEvents).Reason);
        AccessEvent failed = Assert.Single((await _outbox.NextAsync()).AccessEvents);
        Assert.Equal((AccessDecision.Granted, AccessReason.UnlockFailed), (failed.Decision, failed.Reason));
    }

    [Fact]
    public async Task While_nothing_can_be_stored_nothing_is_unlocked_and_later_it_is_too_late()
    {
        _outbox.FailNext(7);
        _service!.OnSwipes("door-1", 6, [new(6, Known)], _clock.Now());
        Task<OutboxEvents> stored = _outbox.NextAsync();
        while (await Task.WhenAny(stored, _time.TimersAsync(1)) != stored)
        {
            _time.Advance(1000);
        }

        Assert.Equal(AccessReason.Known, Assert.Single((await stored).AccessEvents).Reason);
        Assert.Equal(AccessReason.UnlockFailed, Assert.Single((await _outbox.NextAsync()).AccessEvents).Reason);
        Assert.True(_writer.IsQuiet);
    }

    [Fact]
    public async Task A_line_that_has_no_time_for_the_command_is_not_waited_for()
    {
        _writer.Hang = true;
        _service!.OnSwipes("door-1", 6, [new(6, Known)], _clock.Now());
        await _outbox.NextAsync();
        await _time.TimersAsync(1);
        _time.Advance(5000);
        Assert.Equal(AccessReason.UnlockFailed, Assert.Single((await _outbox.NextAsync()).AccessEvents).Reason);
    }

    [Fact]
    public async Task A_door_that_opens_without_a_grant_or_stays_open_is_an_event()
    {
        Open(false);
        Open(true);
        Assert.Equal(AccessEventKind.Forced, Assert.Single((await _outbox.NextAsync()).AccessEvents).Kind);
        await _time.TimersAsync(1);
        _time.Advance(30_000);
        Assert.Equal(AccessEventKind.HeldOpen, Assert.Single((await _outbox.NextAsync()).AccessEvents).Kind);
    }

    [Fact]
    public async Task A_restart_of_the_edge_decides_nothing_twice_and_unlocks_for_nobody_who_is_gone()
    {
        _service!.OnSwipes("door-1", 6, [new(6, Known)], _clock.Now());
        await _writer.NextAsync();
        await _outbox.NextAsync();
        await StopAsync();
        _service.Dispose();

        await StartAsync();
        _service.OnSwipes("door-1", 7, [new(6, Known), new(7, Known)], _clock.Now());
        AccessEvent missed = Assert.Single((await _outbox.NextAsync()).AccessEvents);
        Assert.Equal((AccessEventKind.Missed, AccessReason.EdgeWasAway, "resident"), (missed.Kind, missed.Reason, missed.Credential));
        await StopAsync();
        Assert.True(_writer.IsQuiet);
    }

    [Fact]
    public async Task An_order_of_the_hub_unlocks_and_lets_the_door_be_opened_in_its_window()
    {
        Open(false);
        OrderEnd end = await _service!.UnlockAsync("door-1", "c-1", _clock.Now().MonotonicMs + 10_000, _clock.Now());
        Assert.Equal(OrderEnd.Done("the door's controller confirmed"), end);
        AccessEvent ordered = Assert.Single((await _outbox.NextAsync()).AccessEvents);
        Assert.Equal((AccessEventKind.Command, AccessReason.Ordered, "c-1"), (ordered.Kind, ordered.Reason, ordered.Credential));
        Open(true);
        Open(false);
        _time.Advance(8_001);
        Open(true);
        Assert.Equal(AccessEventKind.Forced, Assert.Single((await _outbox.NextAsync()).AccessEvents).Kind);

        // Counted when it is stored, and that is told of first.
        await StopAsync();
        Assert.Equal((0, 1), (_service.Counters.Granted, _service.Counters.DoorEvents));
    }

    [Fact]
    public async Task An_order_that_waits_when_the_edge_stops_is_told_so()
    {
        _writer.Hang = true;
        Task<OrderEnd> waiting = _service!.UnlockAsync("door-1", "c-1", long.MaxValue, _clock.Now());
        Task<OrderEnd> behind = _service.UnlockAsync("door-1", "c-2", long.MaxValue, _clock.Now());
        await _outbox.NextAsync();
        await StopAsync();
        Assert.False((await waiting).IsDone);
        Assert.Equal(OrderEnd.NotSent(CommandReason.EdgeStopped, "the edge is stopping"), await behind);
        Assert.Equal(OrderEnd.NotSent(CommandReason.EdgeStopped, "the edge is stopping"), await _service.UnlockAsync("door-1", "c-3", long.MaxValue, _clock.Now()));
    }

    [Fact]
    public async Task A_bad_sample_of_the_door_says_nothing()
    {
        Open(false);
        _service!.OnSamples([new PointSample(new("door-1", "open"), _clock.Now(), 1, Quality.CommFail)]);
        _service.OnSwipes("door-1", 6, [new(6, 99)], _clock.Now());
        Assert.Equal(AccessEventKind.Credential, Assert.Single((await _outbox.NextAsync()).AccessEvents).Kind);
    }

    [Fact]
    public void Swipes_of_a_device_that_is_no_door_are_misuse() =>
        Assert.Throws<ArgumentException>(() => _service!.OnSwipes("pump-1", 1, [], _clock.Now()));

    [Fact]
    public async Task A_swipe_is_one_journey_that_says_nothing_of_who_it_was()
    {
        using RecordedSpans spans = new(EdgeTraces.SourceName, roots: false);
        using Activity? read = EdgeTraces.BeginRead(readsSwipes: true);
        _service!.OnSwipes("door-1", 6, [new(6, Known)], _clock.Now());
        read!.Stop();
        Activity unlocked = await spans.OneAsync("access.unlock", read);
        Activity decided = await spans.OneAsync("access.decide", read);
        Assert.Equal((read.SpanId, decided.SpanId), (decided.ParentSpanId, unlocked.ParentSpanId));
        Assert.Equal(
            ["iotp.access.decision=Granted", "iotp.access.kind=Credential", "iotp.access.reason=Known", "iotp.device=door-1", "iotp.event=True", "iotp.records=1"],
            decided.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_door_that_does_not_confirm_is_an_error_of_its_journey()
    {
        using RecordedSpans spans = new(EdgeTraces.SourceName, roots: false);
        _writer.Answer = () => new(DriverOutcome.TimedOut, ModbusExceptionCode.None, "");
        using Activity? read = EdgeTraces.BeginRead(readsSwipes: true);
        _service!.OnSwipes("door-1", 6, [new(6, Known)], _clock.Now());
        Assert.Equal(ActivityStatusCode.Error, (await spans.OneAsync("access.unlock", read)).Status);
    }

    private async Task StartAsync()
    {
        SiteConfiguration site = DoorSite.Site with { Credentials = [new("resident", Known, ["door-1"], null, null, false)] };
        _service = new(site, new(new byte[CardFingerprint.KeyBytes]), _outbox, _outbox, _writer, _clock, NullLogger<AccessService>.Instance);
        await _service.StartAsync(CancellationToken.None);
    }

    private Task StopAsync() => _service!.StopAsync(CancellationToken.None);

    private void Contact(ushort sequence) => _service!.OnSamples([new PointSample(new("door-1", "swipe-seq"), _clock.Now(), sequence, Quality.Good)]);

    private void Open(bool open) => _service!.OnSamples([new PointSample(new("door-1", "open"), _clock.Now(), open ? 1 : 0, Quality.Good)]);
}
