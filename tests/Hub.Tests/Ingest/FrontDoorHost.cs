using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IotProperty.Hub.Tests.Ingest;

/// <summary>A front door on a loopback port of its own, with an ingest that writes down what it gets.</summary>
internal sealed class FrontDoorHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly WebApplication _app;

    private FrontDoorHost(WebApplication app, RecordingIngest ingest)
    {
        _app = app;
        Ingest = ingest;
        Door = app.Services.GetRequiredService<FrontDoor>();
        Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
    }

    public RecordingIngest Ingest { get; }

    public FrontDoor Door { get; }

    public int Port { get; }

    public static async Task<FrontDoorHost> StartAsync(FrontDoorOptions? options = null, TimeProvider? time = null, IEdgeCredentials? credentials = null)
    {
        RecordingIngest ingest = new();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton<IUplinkIngest>(ingest);
        builder.Services.AddSingleton(credentials ?? new TwoSites());
        builder.Services.AddFrontDoor(options);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseFrontDoor()));
        WebApplication app = builder.Build();
        await app.StartAsync();
        return new FrontDoorHost(app, ingest);
    }

    /// <param name="from">The loopback address to come from.</param>
    public async Task<RawMqtt> ConnectRawAsync(string from = "127.0.0.1")
    {
        TcpClient client = new(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(IPAddress.Loopback, Port);
        return new RawMqtt(client);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().WaitAsync(Patience);
        await _app.DisposeAsync();
    }

    /// <summary>Lets in client id and user "riverside" or "hillside" with the password "secret".</summary>
    private sealed class TwoSites : IEdgeCredentials
    {
        public ValueTask<string?> AuthenticateAsync(string clientId, string user, ReadOnlyMemory<byte> password, CancellationToken cancellationToken) =>
            ValueTask.FromResult(clientId is "riverside" or "hillside" && user == clientId && password.Span.SequenceEqual("secret"u8) ? clientId : null);
    }
}

/// <summary>What arrived at the ingest.</summary>
internal sealed record Arrival(string Site, Lane? Lane, string Text);

/// <summary>Writes down what comes. A payload "hold…" is held until <see cref="Release"/>, "full…" is not taken, "fail…" throws; all others get a receipt.</summary>
internal sealed class RecordingIngest : IUplinkIngest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<Arrival> _arrivals = Channel.CreateUnbounded<Arrival>();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _sequence;

    public void Release() => _released.TrySetResult();

    public async Task<Arrival> NextAsync() => await _arrivals.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public bool IsEmpty => !_arrivals.Reader.TryPeek(out _);

    public async ValueTask<Receipt?> AcceptAsync(string site, Lane lane, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        string text = Encoding.UTF8.GetString(payload.Span);
        _arrivals.Writer.TryWrite(new Arrival(site, lane, text));
        if (text.StartsWith("hold", StringComparison.Ordinal))
        {
            await _released.Task;
        }

        if (text.StartsWith("fail", StringComparison.Ordinal))
        {
            throw new IOException("the disk is gone");
        }

        return text.StartsWith("full", StringComparison.Ordinal)
            ? null
            : new Receipt(new BatchKey(site, 7, lane, Interlocked.Increment(ref _sequence)), ReceiptStatus.Committed, "");
    }

    public ValueTask AcceptStateAsync(string site, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        _arrivals.Writer.TryWrite(new Arrival(site, null, Encoding.UTF8.GetString(payload.Span)));
        return ValueTask.CompletedTask;
    }
}

/// <summary>A client that sends and receives bare bytes, so that it can be as wrong as a test wants.</summary>
internal sealed class RawMqtt(TcpClient client) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly NetworkStream _stream = client.GetStream();

    /// <summary>CONNECT of riverside with its right password, written by hand after §3.1: clean start, keep-alive 60 s.</summary>
    public static string Connect { get; } = "10 29 00 04 4D 51 54 54 05 C2 00 3C 00 00 09" + Hex("riverside") + "00 09" + Hex("riverside") + "00 06" + Hex("secret");

    public static string Hex(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(string hex) => await _stream.WriteAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    /// <summary>One packet: its first byte and what follows the Remaining Length; null at the end of the connection.</summary>
    public async Task<byte[]?> ReceiveAsync()
    {
        using CancellationTokenSource patience = new(Patience);
        byte[] first = new byte[2];
        try
        {
            if (await _stream.ReadAtLeastAsync(first, 2, throwOnEndOfStream: false, patience.Token) < 2)
            {
                return null;
            }
        }
        catch (IOException)
        {
            // A reset is an end, too.
            return null;
        }

        Assert.True(first[1] < 0x80, "the packet is longer than these tests expect");
        byte[] packet = new byte[1 + first[1]];
        packet[0] = first[0];
        await _stream.ReadExactlyAsync(packet.AsMemory(1), patience.Token);
        return packet;
    }

    public async Task<byte[]> ConnectedAsync()
    {
        await SendAsync(Connect);
        byte[]? connack = await ReceiveAsync();
        Assert.NotNull(connack);
        Assert.Equal(0x20, connack[0]);
        Assert.Equal(0, connack[2]);
        return connack;
    }

    public void Dispose() => client.Dispose();
}
