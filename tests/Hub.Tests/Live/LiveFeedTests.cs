using System.Net.ServerSentEvents;
using IotProperty.Hub.Live;
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
