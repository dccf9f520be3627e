using System.Collections.Concurrent;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tests.Storage;
using IotProperty.Edge.Uplink;
using IotProperty.Edge.Uplink.Azure;
using IotProperty.Protocols.AzureIotHub;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Uplink.Azure;

/// <summary>
/// A real outbox and uplink over real TLS to a hub on loopback, and a bridge behind that hub. Tokens live by clocks that stand still, one at the edge and one at the hub; all else runs in real
/// time, for sockets do.
/// </summary>
internal sealed class AzureBench : IAsyncDisposable
{
    public const string Device = "Riverside-Edge";
    public const string Key = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-azure-").FullName;
    private readonly ConcurrentDictionary<BatchKey, Batch> _committed = [];
    private readonly ConcurrentDictionary<BatchKey, string> _hashes = [];
    private readonly EdgeClock _clock = new(TimeProvider.System, () => true);
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private SqliteOutbox? _outbox;

    public AzureBench()
    {
        Hub = new HubEndpoint(HubTime) { Reader = ReadAsync };
        Hub.Devices[Device] = Key;
        TokenClock = new EdgeClock(EdgeTime, () => ClockIsSynchronised);
    }

    /// <summary>The edge's clock, as far as tokens go.</summary>
    public FakeTime EdgeTime { get; } = new();

    public FakeTime HubTime { get; } = new();

    public bool ClockIsSynchronised { get; set; } = true;

    public HubEndpoint Hub { get; }

    public EdgeClock TokenClock { get; }

    public string ConnectionString { get; set; } = $"HostName={HubEndpoint.HostName};DeviceId={Device};SharedAccessKey={Key}";

    public bool AcknowledgementIsReceipt { get; set; }

    /// <summary>Of renewals; in the middle unless a test says otherwise.</summary>
    public Random Jitter { get; set; } = new FixedRandom(0.5);

    /// <summary>Whether the bridge behind the hub answers with receipts.</summary>
    public bool BridgeAnswers { get; set; } = true;

    public OutboxSettings Settings { get; set; } = new() { FlushMs = 20, ReceiptTimeoutMs = 60_000, MaxReceiptTimeoutMs = 600_000 };

    public SqliteOutbox Outbox => _outbox!;

    public UplinkService Service { get; private set; } = null!;

    public UplinkSnapshot Snapshot => Service.Snapshot;

    public ListLogger<UplinkService> Log { get; } = new();

    /// <summary>What the bridge holds, each batch once.</summary>
    public IEnumerable<Batch> Committed => _committed.Values;

    /// <summary>All batches that reached the hub, repeats included.</summary>
    public IReadOnlyList<HubMessage> Batches => [.. Hub.Messages.Where(message => message.Kind == "batch")];

    public IReadOnlyList<HubMessage> States => [.. Hub.Messages.Where(message => message.Kind == "state")];

    /// <summary>Moves both clocks on to where the token of a connection that was just opened is renewed, and not a second further.</summary>
    public void Renew() => Advance(TimeSpan.FromMinutes(48));

    /// <summary>Moves both clocks.</summary>
    public void Advance(TimeSpan by)
    {
        HubTime.Advance(by);
        EdgeTime.Advance(by);
    }

    public void Start()
    {
        Assert.True(AzureDeviceIdentity.TryParse(ConnectionString, out AzureDeviceIdentity? identity, out string why), why);
        _stop = new CancellationTokenSource();
        _outbox = SqliteOutbox.Open(Path.Combine(_folder, "outbox.db"), OutboxBench.Site, Settings, _clock, NullLogger<SqliteOutbox>.Instance);
        AzureLinkOptions link = new(OutboxBench.Site, identity, "iotp-edge/1.2.3")
        {
            Host = "127.0.0.1",
            Port = Hub.Port,
            TrustedRoots = Hub.Roots,
            AcknowledgementIsReceipt = AcknowledgementIsReceipt,
        };
        AzureConnector connector = new(link, new MqttConnector(TimeProvider.System), TokenClock, Jitter);
        UplinkOptions options = new(OutboxBench.Site, HubEndpoint.HostName, Hub.Port, true, "", "", "1.2.3", "ab", new SiteCatalogue(new LocalText("Riverside", "滨江"), "UTC", [], []))
        {
            RetryMs = 60,
            MaxRetryMs = 120,
        };
        Service = new UplinkService(options, connector, _outbox, Commands, _clock, new Random(3), Log);
        _running = Service.RunAsync(_stop.Token);
    }

    public RecordingCommands Commands { get; } = new();

    public async Task StopAsync()
    {
        if (_outbox is { } outbox)
        {
            await _stop.CancelAsync();
            await _running.WaitAsync(Patience);
            await outbox.DisposeAsync();
            _stop.Dispose();
            _outbox = null;
        }
    }

    public ValueTask EventAsync(string occurrence) => Outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition(occurrence)] }, CancellationToken.None);

    public void Sample(double value) => Outbox.Add(new Sample(new PointRef("pump-1", "pressure"), _clock.Now().UtcMs, value, Quality.Good, true));

    public bool IsEmpty => Outbox.Snapshot is { Events.Rows: 0, Readings.Rows: 0, Telemetry.Rows: 0 };

    public async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!condition())
        {
            if (_running.IsFaulted)
            {
                await _running;
            }

            Assert.False(patience.IsCancellationRequested, $"not in time; the hub says: {Hub.Notes}; the uplink: {Snapshot}");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Sends receipts to the edge by way of the hub.</summary>
    public Task ReceiptAsync(params IReadOnlyList<Receipt> receipts) => Hub.SendAsync(Device, ReceiptCodec.Encode(receipts), ("kind", "receipt"));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Hub.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The bridge: commits by key and relays bytes.</summary>
    private async Task ReadAsync(HubMessage message)
    {
        if (message.Kind != "batch")
        {
            return;
        }

        DecodedBatch decoded = BatchCodec.Decode(message.Payload);
        Assert.Equal("", decoded.Why);
        BatchKey key = decoded.Key!.Value;
        string hash = Convert.ToHexString(ContentHash.Of(message.Payload));
        Assert.Equal(hash, _hashes.GetOrAdd(key, hash));
        _committed.TryAdd(key, decoded.Batch!);
        if (BridgeAnswers)
        {
            await Hub.SendAsync(message.Device, ReceiptCodec.Encode(new Receipt(key, ReceiptStatus.Committed, "")), ("kind", "receipt"));
        }
    }

    public sealed class FixedRandom(double value) : Random
    {
        public override double NextDouble() => value;
    }
}
