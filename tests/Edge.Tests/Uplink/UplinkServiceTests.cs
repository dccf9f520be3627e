using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tests.Storage;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Uplink;

public class UplinkServiceTests
{
    private static readonly SiteCatalogue Catalogue = new(new LocalText("Riverside Garden", "滨江花园"), "Asia/Shanghai", [], []);

    [Fact]
    public async Task A_connection_has_a_will_announces_the_edge_and_carries_batches_until_their_receipts()
    {
        await using Run run = new();
        await run.EventAsync("o-1");
        FakeHub.Link link = await run.Hub.NextLinkAsync();
        Assert.Equal(["iotp/v1/riverside/receipt", "iotp/v1/riverside/command/+"], link.Filters);
        Assert.Equal(("riverside", "user", "password", 1883, false), (link.Options.ClientId, link.Options.User, link.Options.Password, link.Options.Port, link.Options.Tls));
        EdgeState will = EdgeStateCodec.Decode(link.Options.Will!.Value.Payload.Span).Value!;
        Assert.Equal((false, run.Bench.Outbox.Epoch, true), (will.Online, will.Epoch, link.Options.Will.Value.Retain));
        EdgeState state = await link.NextStateAsync();
        Assert.Equal((true, run.Bench.Outbox.Epoch, "0.1.0", "c0ffee"), (state.Online, state.Epoch, state.Version, state.ProfileHash));
        Assert.Equal(Catalogue.Name, state.Catalogue!.Name);

        Batch batch = await link.NextBatchAsync();
        Assert.Equal("o-1", batch.Transitions.Single().Occurrence);
        Assert.Equal(1, run.Service.Snapshot.Outbox.Events.Rows);
        link.Receipt(batch);
        await run.UntilAsync(() => run.Service.Snapshot is { Committed: 1, Published: 1, Connected: true, Outbox.Events.Rows: 0 });
    }

    [Fact]
    public async Task A_broken_connection_loses_nothing()
    {
        await using Run run = new();
        FakeHub.Link first = await run.Hub.NextLinkAsync();
        await first.NextStateAsync();
        await run.EventAsync("o-1");
        Batch lost = await first.NextBatchAsync();
        first.Break("the cable is out");
        await run.EventAsync("o-2");
        FakeHub.Link second = await run.ReconnectAsync();
        Assert.True(first.Disposed);
        Assert.Equal("the cable is out", run.Service.Snapshot.LastReason);
        await second.NextStateAsync();
        Assert.Equal(lost.Key, (await second.NextBatchAsync()).Key);
        Assert.Equal("o-2", (await second.NextBatchAsync()).Transitions.Single().Occurrence);
        Assert.Equal(2, run.Service.Snapshot.Connections);
    }

    [Fact]
    public async Task A_hub_that_is_away_is_tried_with_growing_jittered_and_bounded_pauses()
    {
        await using Run run = new(away: "connection refused");
        List<long> pauses = [];
        for (int attempt = 1; attempt <= 40; attempt++)
        {
            long before = run.Bench.NowMs;
            await run.AdvanceUntilAsync(() => run.Hub.Attempts > attempt);
            pauses.Add(run.Bench.NowMs - before);
        }

        Assert.All(pauses, pause => Assert.InRange(pause, 50, 10_000 + Run.StepMs));
        Assert.All(pauses.Take(1), pause => Assert.InRange(pause, 50, 1_000 + Run.StepMs));
        Assert.True(pauses.Skip(10).Average() > 3_000, string.Join(' ', pauses));
        Assert.True(pauses.Skip(10).Distinct().Count() > 10, string.Join(' ', pauses));
        run.Hub.Away = null;
        await run.ReconnectAsync();
        Assert.Equal((false, 0L), (run.Service.Snapshot.LastReason.Length == 0, run.Service.Snapshot.Published));
    }

    [Fact]
    public async Task A_publish_that_the_peer_rejects_is_tried_again()
    {
        await using Run run = new();
        FakeHub.Link link = await run.Hub.NextLinkAsync();
        await link.NextStateAsync();
        run.Hub.PubackReason = 0x97;
        await run.EventAsync("o-1");
        Batch batch = await link.NextBatchAsync();
        await run.UntilAsync(() => run.Service.Snapshot.PublishesRejected == 1);
        await run.Bench.PassAsync(run.Bench.Settings.ReceiptTimeoutMs);
        Assert.Equal(batch.Key, (await link.NextBatchAsync()).Key);
    }

    [Fact]
    public async Task A_batch_whose_acknowledgement_is_slow_is_not_published_twice_on_one_connection()
    {
        await using Run run = new();
        FakeHub.Link link = await run.Hub.NextLinkAsync();
        await link.NextStateAsync();
        run.Hub.Acknowledges = false;
        await run.EventAsync("o-1");
        Batch batch = await link.NextBatchAsync();
        await run.Bench.PassAsync(run.Bench.Settings.ReceiptTimeoutMs);
        await run.EventAsync("o-2");
        Assert.Equal("o-2", (await link.NextBatchAsync()).Transitions.Single().Occurrence);
        link.Receipt(batch);
        await run.UntilAsync(() => run.Service.Snapshot.Outbox.Events.Rows == 1);

        // The goodbye is not acknowledged either; a stop does not wait for it for ever.
        long before = run.Bench.NowMs;
        Task stopped = run.StopAsync();
        await run.AdvanceUntilAsync(() => stopped.IsCompleted);
        await stopped;
        Assert.InRange(run.Bench.NowMs - before, 1_000, 3_000);
    }

    [Fact]
    public async Task Receipts_that_cannot_be_read_or_belong_to_another_site_change_nothing()
    {
        await using Run run = new();
        FakeHub.Link link = await run.Hub.NextLinkAsync();
        await link.NextStateAsync();
        await run.EventAsync("o-1");
        Batch batch = await link.NextBatchAsync();
        link.Send("iotp/v1/riverside/receipt", [1, 2, 3]);
        link.Send("iotp/v1/riverside/receipt", ReceiptCodec.Encode(new Receipt(batch.Key with { Site = "hillside" }, ReceiptStatus.Committed, "")));
        link.Send("iotp/v1/riverside/receipt", ReceiptCodec.Encode(new Receipt(batch.Key with { Sequence = 99 }, ReceiptStatus.Committed, "")));
        await run.UntilAsync(() => run.Service.Snapshot is { MalformedMessages: 1, Committed: 2 });
        await run.Bench.SettleAsync();
        Assert.Equal(1, run.Service.Snapshot.Outbox.Events.Rows);
        link.Receipt(batch);
        await run.UntilAsync(() => run.Service.Snapshot.Outbox.Events.Rows == 0);
    }

    [Fact]
    public async Task Commands_are_handed_on_and_receipts_do_not_wait_for_them()
    {
        await using Run run = new();
        FakeHub.Link link = await run.Hub.NextLinkAsync();
        await link.NextStateAsync();
        link.Send("iotp/v1/riverside/command/c-7", [1, 2]);
        link.Send("iotp/v1/riverside/command/c-8", []);
        (string id, byte[] payload) = await run.Commands.NextAsync();
        Assert.Equal(("c-7", 2), (id, payload.Length));
        Assert.Equal("c-8", (await run.Commands.NextAsync()).Id);
        link.Send("iotp/v1/riverside/something", [1]);
        await run.UntilAsync(() => run.Service.Snapshot.MalformedMessages == 1);
    }

    [Fact]
    public async Task A_stop_says_goodbye_and_keeps_what_was_not_receipted()
    {
        await using Run run = new();
        FakeHub.Link link = await run.Hub.NextLinkAsync();
        await link.NextStateAsync();
        await run.EventAsync("o-1");
        Batch batch = await link.NextBatchAsync();
        await run.StopAsync();
        EdgeState goodbye = await link.NextStateAsync();
        Assert.False(goodbye.Online);
        Assert.True(link.Disposed);
        Assert.False(run.Service.Snapshot.Connected);
        await run.Bench.RestartAsync();
        await run.Bench.ConnectAsync();
        Assert.Equal(batch.Key, (await run.Bench.NextAsync()).Key);
    }

    /// <summary>A service over a real outbox and a hub without a network.</summary>
    private sealed class Run : IAsyncDisposable
    {
        public const int StepMs = 10;
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public Run(string? away = null)
        {
            Hub = new FakeHub { Away = away };
            EdgeClock clock = new(Bench.Time, () => true);
            UplinkOptions options = new("riverside", "hub.example", 1883, false, "user", "password", "0.1.0", "c0ffee", Catalogue);
            Service = new UplinkService(options, Hub, Bench.Outbox, Commands, clock, new Random(7), NullLogger<UplinkService>.Instance);
            _running = Service.RunAsync(_stop.Token);
        }

        public OutboxBench Bench { get; } = new();

        public FakeHub Hub { get; }

        public RecordingCommands Commands { get; } = new();

        public UplinkService Service { get; }

        public async Task EventAsync(string occurrence) =>
            await Bench.Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition(occurrence)] }, CancellationToken.None);

        /// <summary>Lets the pause pass after which the service tries again, and then until the hub has a new connection.</summary>
        public async Task<FakeHub.Link> ReconnectAsync()
        {
            Task<FakeHub.Link> next = Hub.NextLinkAsync();
            await AdvanceUntilAsync(() => next.IsCompleted);
            return await next;
        }

        /// <summary>Advances step by step, each step only when somebody waits for time to pass.</summary>
        public async Task AdvanceUntilAsync(Func<bool> done)
        {
            while (!done())
            {
                Task waited = Bench.Time.TimersAsync(1);
                await UntilAsync(() => done() || waited.IsCompleted);
                if (!done())
                {
                    Bench.Time.Advance(StepMs);
                    await Task.Yield();
                }
            }
        }

        public async Task UntilAsync(Func<bool> condition)
        {
            using CancellationTokenSource patience = new(Patience);
            while (!condition())
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, patience.Token);
            }
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _running.WaitAsync(Patience);
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stop.Dispose();
            await Bench.DisposeAsync();
        }
    }
}
