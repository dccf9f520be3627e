using System.Net;
using System.Net.Sockets;
using System.Text;
using IotProperty.Benchmarks.Ingest;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Benchmarks.Mqtt;

/// <summary>
/// Clients that mean no good, all at once, until <see cref="DisposeAsync"/>: some open a connection and say nothing, some say their CONNECT a byte at a time, some send
/// noise and come back when they are cut, some try passwords, and one that is let in sends as many large batches as the front door takes.
/// </summary>
internal sealed class HostileCrowd : IAsyncDisposable
{
    /// <summary>Strangers of one address share its places; these come from four.</summary>
    private const int Addresses = 4;
    private const int HalfOpen = 120;
    private const int Slow = 40;
    private const int Noisy = 4;
    private const int Guessing = 2;
    private const int FloodWindow = 48;

    private static readonly TimeSpan BytePause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ComeBack = TimeSpan.FromMilliseconds(20);

    private readonly int _port;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _members;
    private long _flooded;

    private HostileCrowd(int port, FloodPayloads payloads)
    {
        _port = port;
        _members =
        [
            .. Enumerable.Range(0, HalfOpen).Select(i => Again(() => SayAsync(i, [], TimeSpan.Zero))),
            .. Enumerable.Range(0, Slow).Select(i => Again(() => SayAsync(i, Guess("slow"), BytePause))),
            .. Enumerable.Range(0, Noisy).Select(i => Again(() => SayAsync(i, Noise(i), TimeSpan.Zero))),
            .. Enumerable.Range(0, Guessing).Select(i => Again(() => SayAsync(i, Guess("riverside"), TimeSpan.Zero))),
            Again(() => FloodAsync(payloads)),
        ];
    }

    /// <summary>Batches of the flooding site that were committed.</summary>
    public long Flooded => Interlocked.Read(ref _flooded);

    public static HostileCrowd Gather(int port, FloodPayloads payloads) => new(port, payloads);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_members);
        _stop.Dispose();
    }

    /// <summary>Whatever the hub does to a member, it comes back.</summary>
    private Task Again(Func<Task> act) => Task.Run(async () =>
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await act();
                await Task.Delay(ComeBack, TimeProvider.System, _stop.Token);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Cut, refused or told to stop.
                await Task.Delay(ComeBack, TimeProvider.System, CancellationToken.None);
            }
        }
    });

    private async Task SayAsync(int member, byte[] bytes, TimeSpan pause)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.0.{2 + (member % Addresses)}"), 0));
        await socket.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
        if (pause == TimeSpan.Zero && bytes.Length > 0)
        {
            await socket.SendAsync(bytes, _stop.Token);
        }

        for (int i = 0; pause > TimeSpan.Zero && i < bytes.Length; i++)
        {
            await socket.SendAsync(bytes.AsMemory(i, 1), _stop.Token);
            await Task.Delay(pause, TimeProvider.System, _stop.Token);
        }

        // Until the hub closes.
        byte[] answer = new byte[256];
        while (await socket.ReceiveAsync(answer, _stop.Token) > 0)
        {
        }
    }

    private async Task FloodAsync(FloodPayloads payloads)
    {
        await using IMqttLink link = await new MqttConnector(TimeProvider.System).ConnectAsync(
            new MqttLinkOptions("127.0.0.1", _port, Tls: false, FloodPayloads.Site, FloodPayloads.Site, HostileClientsBenchmark.Password, Will: null), _stop.Token);
        await Task.WhenAll(Enumerable.Range(0, FloodWindow).Select(async _ =>
        {
            while (!_stop.IsCancellationRequested)
            {
                if ((await link.PublishAsync(new(UplinkTopics.Up(FloodPayloads.Site, Lane.Telemetry), payloads.Next(), false), _stop.Token)).Accepted)
                {
                    Interlocked.Increment(ref _flooded);
                }
            }
        }));
    }

    private static byte[] Noise(int member)
    {
        byte[] noise = new byte[4096];
        new Random(member).NextBytes(noise);
        return noise;
    }

    private static byte[] Guess(string site)
    {
        byte[] id = Encoding.UTF8.GetBytes(site);
        byte[] body = [0, 4, .. "MQTT"u8, 5, 0xC2, 0, 60, 0, 0, (byte)id.Length, .. id, 0, (byte)id.Length, .. id, 0, 5, .. "wrong"u8];
        return [0x10, (byte)body.Length, .. body];
    }
}

/// <summary>Large batches of the flooding site, made ahead; each is new, until they are used up: then they come again.</summary>
internal sealed class FloodPayloads
{
    public const string Site = "flood";

    private readonly byte[][] _payloads;
    private int _next;

    public FloodPayloads(int count) => _payloads =
    [
        .. Enumerable.Range(1, count).Select(sequence => BatchCodec.Encode(new Batch { Key = new(Site, 1, Lane.Telemetry, sequence), Samples = [.. SampleSource.Of(sequence)] })),
    ];

    public byte[] Next() => _payloads[(uint)Interlocked.Increment(ref _next) % _payloads.Length];
}
