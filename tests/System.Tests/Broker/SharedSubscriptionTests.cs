using System.Buffers;
using System.Net.Sockets;
using IotProperty.Edge;
using IotProperty.Edge.Control;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Edge.Uplink;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Ingest.Broker;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.SystemTests.Broker;

/// <summary>Hubs behind Debian's mosquitto with the edge's real outbox and uplink in front.</summary>
public class SharedSubscriptionTests
{
    private const string Site = "riverside";
    private const int SamplesPerRound = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [PeerFact("mosquitto")]
    public async Task Two_hubs_share_the_batches_of_one_edge_and_one_that_dies_with_some_in_hand_costs_nothing()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync();
        SharedStore store = new();
        KeyedIngest first = new(store);
        KeyedIngest second = new(store);
        Replica dying = await Replica.StartAsync(broker.Port, first, new BrokerOptions { Goodbye = TimeSpan.FromMilliseconds(100) });
        await using Replica staying = await Replica.StartAsync(broker.Port, second);
        await using RunningEdge edge = RunningEdge.Start(broker.Port);

        int rounds = 0;
        while (first.Accepted < 3 || second.Accepted < 3)
        {
            await edge.RoundAsync(rounds++);
            await edge.DrainedAsync(store, rounds);
        }

        first.Hang();
        while (!first.Caught.IsCompleted)
        {
            await edge.RoundAsync(rounds++);
            await Task.WhenAny(first.Caught, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System));
        }

        first.Die();
        await dying.DisposeAsync();
        await edge.DrainedAsync(store, rounds);
        RunningEdge.AssertAllOnce(store, rounds);
    }

    [PeerFact("mosquitto")]
    public async Task A_broker_that_is_killed_and_forgets_everything_costs_nothing()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync();
        SharedStore store = new();
        await using Replica one = await Replica.StartAsync(broker.Port, new KeyedIngest(store));
        await using Replica two = await Replica.StartAsync(broker.Port, new KeyedIngest(store));
        await using RunningEdge edge = RunningEdge.Start(broker.Port);
        for (int round = 0; round < 12; round++)
        {
            await edge.RoundAsync(round);
            if (round is 4 or 8)
            {
                await broker.KillAsync();
                await broker.StartAgainAsync();
            }
        }

        await edge.DrainedAsync(store, 12);
        RunningEdge.AssertAllOnce(store, 12);
        Assert.True(one.Subscription.Snapshot().Connections >= 2, "the broker was not killed");
    }

    [PeerFact("mosquitto")]
    public async Task State_and_will_reach_every_hub_and_a_hub_that_comes_later_hears_the_retained_one()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync();
        KeyedIngest early = new(new SharedStore());
        await using Replica one = await Replica.StartAsync(broker.Port, early);
        byte[] online = EdgeStateCodec.Encode(State(online: true));
        using TcpClient edge = new();
        await edge.ConnectAsync("127.0.0.1", broker.Port);
        MqttWill will = new(UplinkTopics.State(Site), EdgeStateCodec.Encode(State(online: false)), MqttQos.AtLeastOnce, Retain: true);
        await SendAsync(edge, new MqttConnect("edge", CleanStart: true, 60) { Will = will });
        await SendAsync(edge, new MqttPublish(UplinkTopics.State(Site), online, MqttQos.AtLeastOnce, Retain: true, Duplicate: false, 1, MqttProperties.None));
        await UntilAsync(() => early.States.Count == 1);
        KeyedIngest late = new(new SharedStore());
        await using Replica two = await Replica.StartAsync(broker.Port, late);
        await UntilAsync(() => late.States.Count == 1);

        edge.Client.Close();
        await UntilAsync(() => early.States.Count == 2 && late.States.Count == 2);
        Assert.Equal([true, false], early.States.Select(state => state.Online));
        Assert.Equal([true, false], late.States.Select(state => state.Online));
    }

    [PeerFact("mosquitto")]
    public async Task A_hub_that_stops_in_good_order_answers_what_it_holds_and_leaves_the_rest_to_the_other()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync();
        using OneByOneIngest held = new();
        SharedStore store = new();
        Replica stopping = await Replica.StartAsync(broker.Port, held, new BrokerOptions { LaneConcurrency = 4, Goodbye = Patience });
        await using IMqttLink edge = await new MqttConnector(TimeProvider.System).ConnectAsync(new MqttLinkOptions("127.0.0.1", broker.Port, false, Site, "", "", null), default);
        await edge.SubscribeAsync(UplinkTopics.Receipt(Site), default);
        for (int message = 0; message < 8; message++)
        {
            await PublishAsync(edge, message + 1);
        }

        // All lie with the one hub: four in work, the others behind them. Nothing is published twice.
        await UntilAsync(() => stopping.Subscription.Snapshot().Held == 8);
        KeyedIngest other = new(store);
        await using Replica staying = await Replica.StartAsync(broker.Port, other);
        Task stopped = stopping.DisposeAsync().AsTask();
        int published = 8;
        while (other.Accepted < 5)
        {
            // Until the broker has taken the first hub off the shared subscription, some still go there; it answers those, too. One at a time: a faster edge would be shed.
            await PublishAsync(edge, ++published);
            held.ReleaseOne();
            await UntilAsync(() => stopping.Subscription.Snapshot().Batches + other.Accepted == published);
        }

        held.ReleaseAll();
        await stopped.WaitAsync(Patience);
        int receipts = 0;
        using CancellationTokenSource patience = new(Patience);
        while (receipts < published)
        {
            receipts += ReceiptCodec.Decode((await edge.Messages.ReadAsync(patience.Token)).Payload.Span).Value!.Count;
        }

        Assert.Equal((published, published), (receipts, held.Sites.Count() + other.Accepted));
        Assert.Equal(0, stopping.Subscription.Snapshot().Held);
    }

    [PeerFact("mosquitto")]
    public async Task A_site_that_floods_uses_up_its_own_share_and_its_neighbour_gets_the_next_place()
    {
        await using MosquittoServer broker = await MosquittoServer.StartAsync(new MosquittoSetup { Lines = ["max_queued_messages 5000"] });
        using OneByOneIngest ingest = new();
        BrokerOptions options = new() { LaneConcurrency = 2, LaneWaiting = new FairQueueLimits(Items: 100, SiteItems: 8) };
        await using Replica replica = await Replica.StartAsync(broker.Port, ingest, options);
        MqttConnector connector = new(TimeProvider.System);
        await using IMqttLink flood = await connector.ConnectAsync(new MqttLinkOptions("127.0.0.1", broker.Port, false, "flood", "", "", null), default);
        await using IMqttLink quiet = await connector.ConnectAsync(new MqttLinkOptions("127.0.0.1", broker.Port, false, "quiet", "", "", null), default);
        await using IMqttLink strange = await connector.ConnectAsync(new MqttLinkOptions("127.0.0.1", broker.Port, false, "strange", "", "", null), default);
        try
        {
            await quiet.SubscribeAsync(UplinkTopics.Receipt("quiet"), default);
            for (int message = 0; message < 500; message++)
            {
                await flood.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("flood", Lane.Telemetry), "f"u8.ToArray(), false), default);
            }

            await UntilAsync(() => replica.Subscription.Snapshot().Shed == 490, () => replica.Subscription.Snapshot());
            Assert.Equal(10, replica.Subscription.Snapshot().Held);
            await quiet.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("quiet", Lane.Telemetry), "q"u8.ToArray(), false), default);
            await UntilAsync(() => replica.Subscription.Snapshot().Held == 11, () => replica.Subscription.Snapshot());
            for (int commit = 0; commit < 4; commit++)
            {
                ingest.ReleaseOne();
            }

            MqttLinkMessage receipt = await quiet.Messages.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.Equal("quiet", ReceiptCodec.Decode(receipt.Payload.Span).Value!.Single().Key.Site);

            await strange.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("strange", Lane.Event), "s"u8.ToArray(), false), default);
            await UntilAsync(() => replica.Subscription.Snapshot().Unknown == 1, () => replica.Subscription.Snapshot());
            Assert.DoesNotContain("strange", ingest.Sites);
        }
        finally
        {
            // A hub that ends waits for what is in work, and a test that fails shall say where.
            ingest.ReleaseAll();
        }
    }

    private static async Task PublishAsync(IMqttLink edge, long sequence)
    {
        AlarmTransition entered = new($"o-{sequence}", 0, "low", new("pump-1", "pressure"), AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, 5, 0.3, 0.35, true);
        byte[] batch = BatchCodec.Encode(new Batch { Key = new BatchKey(Site, 1, Lane.Event, sequence), Transitions = [entered] });
        Assert.True((await edge.PublishAsync(new MqttLinkMessage(UplinkTopics.Up(Site, Lane.Event), batch, false), default)).Accepted);
    }

    private static EdgeState State(bool online) => new(Site, online, 1, "0.1.0", "ab", 0, null);

    private static async Task SendAsync(TcpClient client, IMqttPacket packet)
    {
        ArrayBufferWriter<byte> output = new();
        MqttPacketWriter.TryWrite(output, packet);
        await client.GetStream().WriteAsync(output.WrittenMemory);
    }

    /// <param name="found">What a failure tells of.</param>
    private static async Task UntilAsync(Func<bool> reached, Func<object>? found = null)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!reached())
        {
            if (patience.IsCancellationRequested)
            {
                Assert.Fail($"not reached within {Patience.TotalSeconds:0} s: {found?.Invoke()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    /// <summary>Commits one batch for each release, in the order of arrival.</summary>
    private sealed class OneByOneIngest : IUplinkIngest, IDisposable
    {
        private readonly SemaphoreSlim _releases = new(0);
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _sites = new();
        private long _sequence;

        public IEnumerable<string> Sites => _sites;

        public void Dispose() => _releases.Dispose();

        public void ReleaseOne() => _releases.Release();

        public void ReleaseAll() => _releases.Release(10_000);

        public async ValueTask<Receipt?> AcceptAsync(string site, Lane lane, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
        {
            _sites.Enqueue(site);
            await _releases.WaitAsync(cancellationToken);
            return new Receipt(new BatchKey(site, 1, lane, Interlocked.Increment(ref _sequence)), ReceiptStatus.Committed, "");
        }

        public ValueTask AcceptStateAsync(string site, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }

    /// <summary>An outbox and an uplink of the edge, in this process.</summary>
    private sealed class RunningEdge : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("iotp-broker-").FullName;
        private readonly CancellationTokenSource _stop = new();
        private readonly EdgeClock _clock = new(TimeProvider.System, () => true);
        private readonly SqliteOutbox _outbox;
        private readonly Task _running;

        private RunningEdge(int port)
        {
            OutboxSettings settings = new() { FlushMs = 20, ReceiptTimeoutMs = 500, MaxReceiptTimeoutMs = 2_000 };
            _outbox = SqliteOutbox.Open(Path.Combine(_folder, "outbox.db"), Site, settings, _clock, NullLogger<SqliteOutbox>.Instance);
            UplinkOptions options = new(Site, "127.0.0.1", port, false, "edge", "", "0.1.0", "ab", new SiteCatalogue(new LocalText("Riverside", "滨江"), "UTC", [], []))
            {
                RetryMs = 100,
                MaxRetryMs = 200,
            };
            UplinkService service = new(options, new MqttConnector(TimeProvider.System), _outbox, new NoCommands(), _clock, new Random(3), NullLogger<UplinkService>.Instance);
            _running = service.RunAsync(_stop.Token);
        }

        /// <summary>Nobody commands here.</summary>
        private sealed class NoCommands : ICommandSink
        {
            public void Post(string id, ReadOnlyMemory<byte> payload) => throw new InvalidOperationException($"no command was expected, but {id} came");
        }

        public static RunningEdge Start(int port) => new(port);

        public static void AssertAllOnce(SharedStore store, int rounds)
        {
            Assert.Equal(
                Enumerable.Range(0, rounds).Select(round => $"o-{round}").Order(StringComparer.Ordinal),
                store.Batches.SelectMany(batch => batch.Transitions).Select(transition => transition.Occurrence).Order(StringComparer.Ordinal));
            Assert.Equal(
                Enumerable.Range(0, rounds * SamplesPerRound).Select(value => (double)value),
                store.Batches.SelectMany(batch => batch.Samples).Select(sample => sample.Value).Order());
        }

        public async Task RoundAsync(int round)
        {
            PointRef point = new("pump-1", "pressure");
            for (int index = 0; index < SamplesPerRound; index++)
            {
                _outbox.Add(new Sample(point, _clock.Now().UtcMs, (round * SamplesPerRound) + index, Quality.Good, true));
            }

            AlarmTransition entered = new($"o-{round}", 0, "low", point, AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, 5, 0.3, 0.35, true);
            await _outbox.AddAsync(new OutboxEvents { Transitions = [entered] }, _stop.Token);
        }

        /// <summary>Completes when the store holds all rounds and the edge has its receipts.</summary>
        public async Task DrainedAsync(SharedStore store, int rounds)
        {
            using CancellationTokenSource patience = new(Patience);
            do
            {
                Assert.False(_running.IsFaulted, _running.Exception?.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, patience.Token);
            }
            while (store.Batches.Sum(batch => batch.Samples.Length) < rounds * SamplesPerRound || _outbox.Snapshot is { Events.Rows: > 0 } or { Telemetry.Rows: > 0 });
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            await _outbox.DisposeAsync();
            _stop.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
