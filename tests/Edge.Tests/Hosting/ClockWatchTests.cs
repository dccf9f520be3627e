using IotProperty.Edge.Hosting;
using IotProperty.Tests;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Tests.Hosting;

public sealed class ClockWatchTests : IAsyncLifetime, IDisposable
{
    private readonly FakeTime _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SignalLogger _log = new();
    private readonly EdgeClock _clock;
    private readonly ClockWatch _watch;
    private bool _synchronised;
    private int _told;
    private Task _running = Task.CompletedTask;

    public ClockWatchTests()
    {
        _clock = new EdgeClock(_time, () => Volatile.Read(ref _synchronised));
        _watch = new ClockWatch(_clock, () => Interlocked.Increment(ref _told), _log);
    }

    [Fact]
    public async Task A_step_is_found_within_half_a_second_told_and_counted()
    {
        _time.StepWallClock(TimeSpan.FromDays(20_000));
        Assert.True(_clock.Now().UtcMs < DateTimeOffset.Parse("2027-01-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds());
        Volatile.Write(ref _synchronised, true);
        _time.Advance(500);
        Assert.Equal("The wall clock was stepped by 1728000000000 ms, 500 ms after the start; records that are still here are corrected", await _log.NextAsync());
        Assert.Equal("The wall clock is synchronised; what is recorded from now on is marked as trusted", await _log.NextAsync());
        Assert.Equal((1, 1_728_000_000_000, 1), (_watch.Steps, _watch.LastStepMs, Volatile.Read(ref _told)));
        Assert.Equal((_time.GetUtcNow().ToUnixTimeMilliseconds(), true), (_clock.Now().UtcMs, _clock.Now().ClockTrusted));
    }

    [Fact]
    public async Task Trust_that_comes_without_a_step_and_goes_again_is_noted_and_nothing_is_told_to_the_store()
    {
        Volatile.Write(ref _synchronised, true);
        _watch.Look();
        _watch.Look();
        Assert.Equal("The wall clock is synchronised; what is recorded from now on is marked as trusted", await _log.NextAsync());
        Volatile.Write(ref _synchronised, false);
        _watch.Look();
        Assert.Equal("The wall clock is no longer synchronised; what is recorded from now on is marked as suspect", await _log.NextAsync());
        Assert.Equal((0, 0), (_watch.Steps, Volatile.Read(ref _told)));
    }

    public async Task InitializeAsync()
    {
        _running = Task.Run(() => _watch.RunAsync(_stop.Token));
        Assert.Equal("The wall clock is not synchronised yet; what is recorded is marked as suspect until it is", await _log.NextAsync());
        await _time.TimersAsync(1);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public void Dispose() => _stop.Dispose();

    private sealed class SignalLogger : ILogger<ClockWatch>
    {
        private readonly System.Threading.Channels.Channel<string> _lines = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public async Task<string> NextAsync() => await _lines.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Assert.True(_lines.Writer.TryWrite(formatter(state, exception)));
    }
}
