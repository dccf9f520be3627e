using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

public sealed class SerialServerChannelTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly SerialSettings Slow = new(300);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public SerialServerChannelTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Requests_keep_their_silence_behind_what_was_sent_and_what_was_heard()
    {
        await using SerialServerChannel channel = await SerialServerChannel.ConnectAsync(
            "127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port, Slow, Soon, TimeProvider.System, default);
        using Socket server = await _listener.AcceptSocketAsync().WaitAsync(Soon);
        TimeSpan silence = TimeSpan.FromMilliseconds(20);
        long before = Stopwatch.GetTimestamp();
        await channel.WriteAsync(new byte[] { 1, 2 }, default);
        await channel.WriteAfterSilenceAsync(new byte[] { 3 }, silence, default).AsTask().WaitAsync(Soon);
        Assert.True(Stopwatch.GetElapsedTime(before) >= (2 * Slow.CharacterTime) + silence);

        byte[] got = new byte[8];
        int have = 0;
        while (have < 3)
        {
            have += await server.ReceiveAsync(got.AsMemory(have)).AsTask().WaitAsync(Soon);
        }

        Assert.Equal([1, 2, 3], got[..have]);
        long spoken = Stopwatch.GetTimestamp();
        await server.SendAsync(new byte[] { 9, 9 });
        Assert.Equal(2, await channel.ReadAsync(got, default).AsTask().WaitAsync(Soon));
        await channel.WriteAfterSilenceAsync(new byte[] { 4 }, TimeSpan.FromMilliseconds(60), default).AsTask().WaitAsync(Soon);
        Assert.True(Stopwatch.GetElapsedTime(spoken) >= TimeSpan.FromMilliseconds(60));
        Assert.Equal(1, await server.ReceiveAsync(got.AsMemory()).AsTask().WaitAsync(Soon));
        server.Shutdown(SocketShutdown.Both);
        Assert.Equal(0, await channel.ReadAsync(got, default).AsTask().WaitAsync(Soon));
        Assert.True(channel.PeerHasClosed);
        Assert.Equal(0, channel.Available);
    }

    [Fact]
    public async Task A_cancelled_wait_for_silence_sends_nothing()
    {
        await using SerialServerChannel channel = await SerialServerChannel.ConnectAsync(
            "127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port, Slow, Soon, TimeProvider.System, default);
        using Socket server = await _listener.AcceptSocketAsync().WaitAsync(Soon);
        using CancellationTokenSource cancel = new();
        Task waiting = channel.WriteAfterSilenceAsync(new byte[] { 1 }, TimeSpan.FromHours(1), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await channel.WriteAsync(new byte[] { 2 }, default);
        byte[] got = new byte[8];
        Assert.Equal(1, await server.ReceiveAsync(got.AsMemory()).AsTask().WaitAsync(Soon));
        Assert.Equal(2, got[0]);
    }
}
