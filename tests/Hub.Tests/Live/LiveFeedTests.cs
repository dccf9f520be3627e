using System.Diagnostics;
using System.Net.ServerSentEvents;
using IotProperty.Hub.Live;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tracing;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Live;

public sealed class LiveFeedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static LiveEvent Alarm(int n) => new(LiveKind.Alarm, "riverside", n.ToString(System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public async Task Watcher_gets_everything_from_its_call_on_in_order()
    {
        LiveFeed feed = new();
        feed.Publish(Alarm(0));
        using CancellationTokenSource ending = new(Patience);
        await using IAsyncEnumerator<LiveEvent> watcher = feed.WatchAsync(ending.Token).GetAsyncEnumerator(ending.Token);
        feed.Publish(Alarm(1));
        feed.Publish(Alarm(2));
        Assert.Equal([Alarm(1), Alarm(2)], await TakeAsync(watcher, 2));
    }

    [Fact]
    public async Task Same_change_waits_only_once()
    {
        LiveFeed feed = new();
        using CancellationTokenSource ending = new(Patience);
        await using IAsyncEnumerator<LiveEvent> watcher = feed.WatchAsync(ending.Token).GetAsyncEnumerator(ending.Token);
        feed.Publish(Alarm(1));
        feed.Publish(Alarm(1));
        feed.Publish(Alarm(2));
        Assert.Equal([Alarm(1), Alarm(2)], await TakeAsync(watcher, 2));
    }

    [Fact]
    public async Task Watcher_that_falls_behind_is_told_to_fetch_everything_and_then_goes_on()
    {
        LiveFeed feed = new();
        using CancellationTokenSource ending = new(Patience);
        await using IAsyncEnumerator<LiveEvent> watcher = feed.WatchAsync(ending.Token).GetAsyncEnumerator(ending.Token);
        for (int i = 0; i < 10_000; i++)
        {
            feed.Publish(Alarm(i));
        }

        Assert.Equal([new LiveEvent(LiveKind.Everything, "", "")], await TakeAsync(watcher, 1));
        feed.Publish(Alarm(1));
        Assert.Equal([Alarm(1)], await TakeAsync(watcher, 1));
    }

    [Fact]
    public async Task Watcher_that_leaves_is_forgotten()
    {
        LiveFeed feed = new();
        using CancellationTokenSource leaving = new();
        await using IAsyncEnumerator<LiveEvent> watcher = feed.WatchAsync(leaving.Token).GetAsyncEnumerator(leaving.Token);
        Assert.Equal(1, feed.Watchers);
        ValueTask<bool> step = watcher.MoveNextAsync();
        await leaving.CancelAsync();
        Assert.False(await step);
        Assert.Equal(0, feed.Watchers);
    }

    [Fact]
    public async Task Watcher_that_leaves_at_the_first_word_is_forgotten()
    {
        LiveFeed feed = new();
        await using (IAsyncEnumerator<SseItem<string>> stream = LiveStream.ReadAsync(feed, new FakeTime(), CancellationToken.None).GetAsyncEnumerator())
        {
            Assert.Equal("everything", await NextAsync(stream));
            Assert.Equal(1, feed.Watchers);
        }

        Assert.Equal(0, feed.Watchers);
    }

    [Fact]
    public async Task Stream_tells_alarms_at_once_and_telemetry_once_a_second()
    {
        LiveFeed feed = new();
        FakeTime time = new();
        using CancellationTokenSource ending = new(Patience);
        await using IAsyncEnumerator<SseItem<string>> stream = LiveStream.ReadAsync(feed, time, ending.Token).GetAsyncEnumerator(ending.Token);
        Assert.Equal("everything", await NextAsync(stream));
        LiveEvent telemetry = new(LiveKind.Telemetry, "riverside", "");
        feed.Publish(telemetry);
        Assert.Equal("telemetry", await NextAsync(stream));
        feed.Publish(telemetry);
        feed.Publish(Alarm(1));
        Assert.Equal("alarm", await NextAsync(stream));
        Task<string> held = NextAsync(stream);
        Assert.False(held.IsCompleted);
        while (!held.IsCompleted)
        {
            time.Advance(LiveStream.TelemetryPause);
            await Task.Yield();
        }

        Assert.Equal("telemetry", await held);
    }

    [Fact]
    public async Task Quiet_stream_beats()
    {
        FakeTime time = new();
        using CancellationTokenSource ending = new(Patience);
        await using IAsyncEnumerator<SseItem<string>> stream = LiveStream.ReadAsync(new LiveFeed(), time, ending.Token).GetAsyncEnumerator(ending.Token);
        Assert.Equal("everything", await NextAsync(stream));
        Task<string> beat = NextAsync(stream);
        while (!beat.IsCompleted)
        {
            time.Advance(LiveStream.Beat);
            await Task.Yield();
        }

        Assert.Equal("beat", await beat);
    }

    [Fact]
    public async Task A_push_is_part_of_the_trace_that_caused_it_and_links_to_the_watchers_request()
    {
        using RecordedSpans spans = new(HubTraces.SourceName, roots: false);
        using Activity alarm = Recorded();
        using Activity sampled = Recorded();
        using Activity request = Recorded();
        Activity.Current = request;
        LiveFeed feed = new();
        FakeTime time = new();
        using CancellationTokenSource ending = new(Patience);
        await using IAsyncEnumerator<SseItem<string>> stream = LiveStream.ReadAsync(feed, time, ending.Token).GetAsyncEnumerator(ending.Token);
        Assert.Equal("everything", await NextAsync(stream));
        feed.Publish(Alarm(1) with { Cause = alarm.Context });
        Assert.Equal("alarm", await NextAsync(stream));
        Assert.DoesNotContain(spans.Ended, span => span.TraceId == alarm.TraceId);
        feed.Publish(new LiveEvent(LiveKind.Telemetry, "riverside", ""));
        Assert.Equal("telemetry", await NextAsync(stream));
        Activity told = await spans.OneAsync("live.push", alarm);
        Assert.Equal((alarm.SpanId, "alarm", "riverside"), (told.ParentSpanId, told.GetTagItem("iotp.live.kind"), told.GetTagItem("iotp.site")));
        Assert.Equal(request.SpanId, Assert.Single(told.Links).Context.SpanId);

        // Held for the rest of the second; its first cause is the one that is told.
        feed.Publish(new LiveEvent(LiveKind.Telemetry, "riverside", "") { Cause = sampled.Context });
        Task<string> held = NextAsync(stream);
        while (!held.IsCompleted)
        {
            time.Advance(LiveStream.TelemetryPause);
            await Task.Yield();
        }

        feed.Publish(Alarm(2));
        await NextAsync(stream);
        Assert.Equal(sampled.SpanId, (await spans.OneAsync("live.push", sampled)).ParentSpanId);
    }

    [Fact]
    public async Task A_watcher_that_leaves_during_a_push_ends_it()
    {
        using RecordedSpans spans = new(HubTraces.SourceName, roots: false);
        using Activity alarm = Recorded();
        LiveFeed feed = new();
        await using (IAsyncEnumerator<SseItem<string>> stream = LiveStream.ReadAsync(feed, new FakeTime(), CancellationToken.None).GetAsyncEnumerator())
        {
            await NextAsync(stream);
            feed.Publish(Alarm(1) with { Cause = alarm.Context });
            Assert.Equal("alarm", await NextAsync(stream));
        }

        await spans.OneAsync("live.push", alarm);
    }

    [Fact]
    public void The_same_news_from_two_causes_is_one()
    {
        using Activity cause = Recorded();
        LiveEvent caused = Alarm(1) with { Cause = cause.Context };
        Assert.Equal(Alarm(1), caused);
        Assert.Equal(Alarm(1).GetHashCode(), caused.GetHashCode());
    }

    [Fact]
    public void Other_hubs_hear_of_the_cause_and_those_of_an_earlier_version_of_the_news_alone()
    {
        using Activity cause = Recorded();
        string text = LiveNews.Write("one", [Alarm(1) with { Cause = cause.Context }, Alarm(2)]);
        Assert.True(LiveNews.TryRead(text, out string? replica, out IReadOnlyList<LiveEvent>? heard));
        Assert.Equal(("one", Alarm(1), Alarm(2)), (replica, heard[0], heard[1]));
        Assert.Equal((cause.TraceId, cause.SpanId, ActivityTraceFlags.Recorded), (heard[0].Cause.TraceId, heard[0].Cause.SpanId, heard[0].Cause.TraceFlags));
        Assert.Equal(default, heard[1].Cause);
        const string Earlier = """{"From":"one","Changes":[{"Kind":1,"Site":"riverside","Id":"2"}]}""";
        Assert.Equal(Earlier, LiveNews.Write("one", [Alarm(2)]));
        Assert.True(LiveNews.TryRead(Earlier, out _, out heard));
        Assert.Equal([Alarm(2)], heard);
        Assert.True(LiveNews.TryRead("""{"From":"one","Changes":[{"Kind":1,"Site":"riverside","Id":"2","Trace":"00-nonsense"}]}""", out _, out heard));
        Assert.Equal(default, heard[0].Cause);
    }

    private static Activity Recorded()
    {
        Activity recorded = new Activity("cause") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        Activity.Current = null;
        return recorded;
    }

    private static async Task<List<LiveEvent>> TakeAsync(IAsyncEnumerator<LiveEvent> watcher, int count)
    {
        List<LiveEvent> taken = [];
        while (taken.Count < count && await watcher.MoveNextAsync())
        {
            taken.Add(watcher.Current);
        }

        return taken;
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<SseItem<string>> stream)
    {
        Assert.True(await stream.MoveNextAsync());
        return stream.Current.EventType;
    }
}
