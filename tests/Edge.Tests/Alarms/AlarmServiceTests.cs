using System.Diagnostics;
using System.Net;
using IotProperty.Edge.Alarms;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Alarms;

public sealed class AlarmServiceTests : IAsyncLifetime, IDisposable
{
    private readonly FakeTime _time = new();
    private readonly RecordingOutbox _outbox = new();
    private readonly EdgeClock _clock;
    private AlarmService? _service;

    public AlarmServiceTests() => _clock = new(_time, () => true);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _service?.StopAsync(CancellationToken.None) ?? Task.CompletedTask;

    public void Dispose() => _service?.Dispose();

    [Fact]
    public async Task A_transition_and_its_open_occurrence_are_stored_together()
    {
        await StartAsync(AlarmScript.Rule("when=Above warning=10 alarm=20"));
        Sample(15);
        OutboxEvents stored = await _outbox.NextAsync();
        AlarmTransition raised = Assert.Single(stored.Transitions);
        Assert.Equal(AlarmLevel.Warning, raised.To);
        Assert.Equal("alarms/rule", Assert.Single(stored.State).Key);
        Assert.True(AlarmRuleState.TryRead(_outbox.State["alarms/rule"], out AlarmRuleState? state, out _));
        Assert.Equal(raised.Occurrence, state.Occurrence);

        Sample(5);
        OutboxEvents returned = await _outbox.NextAsync();
        Assert.Equal((raised.Occurrence, 1), (returned.Transitions[0].Occurrence, returned.Transitions[0].Ordinal));
        Assert.Empty(_outbox.State);
    }

    [Fact]
    public async Task A_delay_ends_by_the_clock_without_another_sample()
    {
        await StartAsync(AlarmScript.Rule("when=Above warning=10 on=500"));
        Sample(15);
        await _time.TimersAsync(1);
        _time.Advance(499);
        Assert.True(_outbox.IsQuiet);
        _time.Advance(1);
        Assert.Equal(AlarmLevel.Warning, Assert.Single((await _outbox.NextAsync()).Transitions).To);
    }

    [Fact]
    public async Task Silence_raises_by_the_clock()
    {
        await StartAsync(AlarmScript.Rule("when=Above warning=10 stale=3000"));
        await _time.TimersAsync(1);
        _time.Advance(3000);
        Assert.Equal(AlarmCause.Stale, Assert.Single((await _outbox.NextAsync()).Transitions).Cause);
    }

    [Fact]
    public async Task A_full_disk_delays_a_transition_and_loses_none()
    {
        await StartAsync(AlarmScript.Rule("when=Above warning=10"));
        _outbox.FailNext(2);
        Sample(15);
        Sample(5);
        await _time.TimersAsync(1);
        _time.Advance(100);
        await _time.TimersAsync(1);
        _time.Advance(200);
        List<AlarmTransition> stored = [.. (await _outbox.NextAsync()).Transitions];
        if (stored.Count == 1)
        {
            // The second sample came after the first had been stepped: it is in the next write.
            stored.AddRange((await _outbox.NextAsync()).Transitions);
        }

        Assert.Equal([AlarmLevel.Warning, AlarmLevel.Normal], stored.Select(t => t.To));
    }

    [Fact]
    public async Task The_next_run_continues_what_this_one_stored()
    {
        AlarmRuleConfiguration rule = AlarmScript.Rule("when=Above warning=10");
        await StartAsync(rule);
        Sample(15);
        string occurrence = (await _outbox.NextAsync()).Transitions[0].Occurrence;
        await _service!.StopAsync(CancellationToken.None);

        await StartAsync(rule);
        Sample(5);
        AlarmTransition returned = Assert.Single((await _outbox.NextAsync()).Transitions);
        Assert.Equal((occurrence, 1, AlarmLevel.Normal), (returned.Occurrence, returned.Ordinal, returned.To));
    }

    [Fact]
    public async Task A_rule_that_is_gone_is_returned_at_the_start()
    {
        await StartAsync(AlarmScript.Rule("when=Above warning=10"));
        Sample(15);
        await _outbox.NextAsync();
        await _service!.StopAsync(CancellationToken.None);

        await StartAsync();
        Assert.Equal(AlarmCause.Reconfigured, Assert.Single((await _outbox.NextAsync()).Transitions).Cause);
        Assert.Empty(_outbox.State);
    }

    [Fact]
    public async Task A_stored_occurrence_that_cannot_be_read_is_dropped_and_the_rule_runs()
    {
        _outbox.State["alarms/rule"] = [0xFF];
        await StartAsync(AlarmScript.Rule("when=Above warning=10"));
        Sample(15);
        Assert.Equal(0, Assert.Single((await _outbox.NextAsync()).Transitions).Ordinal);
    }

    [Fact]
    public async Task What_no_rule_watches_is_left_alone_and_counters_tell_the_rest()
    {
        await StartAsync(AlarmScript.Rule("when=Above warning=10 alarm=20"));
        _service!.OnSamples([new PointSample(new("pump-1", "starts"), _clock.Now(), 99, Quality.Good)]);
        Sample(25);
        await _outbox.NextAsync();
        Sample(5);
        await _outbox.NextAsync();
        Sample(15);
        await _outbox.NextAsync();
        await _service.StopAsync(CancellationToken.None);
        Assert.InRange(_service.Counters.Transitions, 2, 3);
        Assert.Equal(0, _service.Counters.DroppedSamples);
        Assert.True(_outbox.IsQuiet);
    }

    [Fact]
    public async Task What_a_read_led_to_is_part_of_its_journey()
    {
        await StartAsync(AlarmScript.Rule("when=Above warning=10"));
        using RecordedSpans spans = new(EdgeTraces.SourceName, roots: false);
        using Activity? quiet = EdgeTraces.BeginRead(readsSwipes: true);
        Sample(5);
        Activity nothing = await spans.OneAsync("alarm.judge", quiet);
        Assert.Equal((quiet!.SpanId, 1, 0), (nothing.ParentSpanId, nothing.GetTagItem("iotp.samples"), nothing.GetTagItem("iotp.alarm.transitions")));
        quiet.Stop();

        using Activity? loud = EdgeTraces.BeginRead(readsSwipes: true);
        Sample(15);
        await _outbox.NextAsync();
        Activity raised = await spans.OneAsync("alarm.judge", loud);
        Assert.Equal((loud!.SpanId, 1), (raised.ParentSpanId, raised.GetTagItem("iotp.alarm.transitions")));
    }

    private async Task StartAsync(params AlarmRuleConfiguration[] rules)
    {
        _service?.Dispose();
        SiteConfiguration site = new()
        {
            Id = "riverside",
            Name = new("Riverside", "滨江"),
            TimeZone = TimeZoneInfo.Utc,
            Uplink = new MqttUplinkConfiguration("127.0.0.1", 1883, false, "riverside", "edge.password"),
            Health = new(new IPEndPoint(IPAddress.Loopback, 0)),
            Lines = [],
            Alarms = [.. rules],
            Hash = "00",
        };
        _service = new(site, _outbox, _outbox, _clock, NullLogger<AlarmService>.Instance);
        await _service.StartAsync(CancellationToken.None);
    }

    private void Sample(double value) => _service!.OnSamples([new PointSample(AlarmScript.Point, _clock.Now(), value, Quality.Good)]);
}
