using System.Collections.Concurrent;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tests.Storage;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Uplink;

/// <summary>The whole way from a sample to its receipt over real sockets and a real broker, which is killed on the way.</summary>
public class UplinkOverMosquittoTests
{
    private const int Rounds = 30;
    private const int SamplesPerRound = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PeerFact("mosquitto")]
    public async Task A_broker_that_is_killed_with_messages_on_their_way_costs_nothing_and_doubles_nothing()
    {
        string folder = Directory.CreateTempSubdirectory("iotp-uplink-").FullName;
        int port = FreePort.Next();
        string configuration = Path.Combine(folder, "mosquitto.conf");
        await File.WriteAllTextAsync(configuration, $"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n");
        using CancellationTokenSource stop = new(Patience);
        EdgeClock clock = new(TimeProvider.System, () => true);
        OutboxSettings settings = new() { FlushMs = 20, ReceiptTimeoutMs = 300 };
        UplinkOptions options = new(OutboxBench.Site, "127.0.0.1", port, false, "edge", "", "0.1.0", "ab", new SiteCatalogue(new LocalText("Riverside", "滨江"), "UTC", [], []))
        {
            RetryMs = 100,
            MaxRetryMs = 200,
        };
        PeerProcess broker = PeerProcess.Start(Peers.Require("mosquitto"), "-c", configuration);
        await using (SqliteOutbox outbox = SqliteOutbox.Open(Path.Combine(folder, "outbox.db"), OutboxBench.Site, settings, clock, NullLogger<SqliteOutbox>.Instance))
        {
            UplinkService service = new(
                options, new MqttConnector(TimeProvider.System), outbox, new RecordingCommands(), clock, new Random(3), NullLogger<UplinkService>.Instance);
            Hub hub = new(port);
            Task[] running = [service.RunAsync(stop.Token), hub.RunAsync(stop.Token)];
            for (int round = 0; round < Rounds; round++)
            {
                for (int index = 0; index < SamplesPerRound; index++)
                {
                    outbox.Add(new Sample(new PointRef("pump-1", "pressure"), clock.Now().UtcMs, (round * SamplesPerRound) + index, Quality.Good, true));
                }

                await outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition($"o-{round}")] }, stop.Token);
                if (round is 10 or 20)
                {
                    await FirstAsync(hub.HoldsAsync(1, stop.Token), running);
                    await broker.KillAsync();
                    await broker.DisposeAsync();
                    broker = PeerProcess.Start(Peers.Require("mosquitto"), "-c", configuration);
                }
            }

            await FirstAsync(hub.HoldsAsync(Rounds * (SamplesPerRound + 1), stop.Token), running);
            while (outbox.Snapshot is { Events.Rows: > 0 } or { Telemetry.Rows: > 0 })
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, stop.Token);
            }

            Assert.Equal(Enumerable.Range(0, Rounds).Select(n => $"o-{n}").Order(), hub.Batches.SelectMany(batch => batch.Transitions).Select(t => t.Occurrence).Order());
            Assert.Equal(
                Enumerable.Range(0, Rounds * SamplesPerRound).Select(n => (double)n),
                hub.Batches.SelectMany(batch => batch.Samples).Select(sample => sample.Value).Order());
            Assert.True(service.Snapshot.Connections >= 2, $"{service.Snapshot.Connections} connections: the broker was not killed");
            await stop.CancelAsync();
            await Task.WhenAll(running);
        }

        await broker.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>What ends before it should must say why.</summary>
    private static async Task FirstAsync(Task awaited, IEnumerable<Task> running)
    {
        Task first = await Task.WhenAny([awaited, .. running]);
        await first;
        await awaited;
    }

    /// <summary>Commits by key, answers with receipts, and forgets every seventh of them.</summary>
    private sealed class Hub(int port)
    {
        private readonly ConcurrentDictionary<BatchKey, (string Hash, Batch Batch)> _committed = [];
        private int _arrivals;

        public IEnumerable<Batch> Batches => _committed.Values.Select(committed => committed.Batch);

        public async Task HoldsAsync(int records, CancellationToken cancellationToken)
        {
            while (Batches.Sum(batch => batch.RecordCount) < records)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellationToken);
            }
        }

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            MqttConnector connector = new(TimeProvider.System);
            while (!cancellationToken.IsCancellationRequested)
            {
                try
                {
                    await using IMqttLink link = await connector.ConnectAsync(new MqttLinkOptions("127.0.0.1", port, false, "hub", "hub", "", null), cancellationToken);
                    await link.SubscribeAsync("iotp/v1/+/up/+", cancellationToken);
                    await foreach (MqttLinkMessage message in link.Messages.ReadAllAsync(cancellationToken))
                    {
                        await TakeAsync(link, message, cancellationToken);
                    }
                }
                catch (MqttLinkClosedException)
                {
                    // The broker is away; it comes back.
                    await Task.Yield();
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    return;
                }
            }
        }

        private async Task TakeAsync(IMqttLink link, MqttLinkMessage message, CancellationToken cancellationToken)
        {
            DecodedBatch decoded = BatchCodec.Decode(message.Payload.Span);
            Assert.Equal("", decoded.Why);
            string hash = Convert.ToHexString(ContentHash.Of(message.Payload.Span));
            Assert.Equal(hash, _committed.GetOrAdd(decoded.Key!.Value, (hash, decoded.Batch!)).Hash);
            if (++_arrivals % 7 != 0)
            {
                byte[] receipt = ReceiptCodec.Encode(new Receipt(decoded.Key.Value, ReceiptStatus.Committed, ""));
                await link.PublishAsync(new MqttLinkMessage(UplinkTopics.Receipt(OutboxBench.Site), receipt, false), cancellationToken);
            }
        }
    }
}
