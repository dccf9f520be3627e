using System.Net;
using System.Net.Sockets;
using IotProperty.Tests;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

public sealed class TcpChannelTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public TcpChannelTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(4);
    }

    private int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Bytes_go_both_ways_and_the_end_reads_as_zero(string host)
    {
        await using TcpChannel channel = await ConnectAsync(host);
        using Socket peer = await AcceptAsync();
        Assert.Equal($"{host}:{Port}", channel.Endpoint);
        await channel.WriteAsync(new byte[] { 1, 2, 3 }, default);
        byte[] buffer = new byte[8];
        Assert.Equal(3, await peer.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(Soon));
        await peer.SendAsync(new byte[] { 9, 8 });
        Assert.Equal(2, await channel.ReadAsync(buffer, default).AsTask().WaitAsync(Soon));
        Assert.Equal([9, 8], buffer[..2]);
        Assert.False(channel.PeerHasClosed);
        peer.Shutdown(SocketShutdown.Both);
        Assert.Equal(0, await channel.ReadAsync(buffer, default).AsTask().WaitAsync(Soon));
        Assert.True(channel.PeerHasClosed);
    }

    [Fact]
    public async Task Bytes_that_wait_hide_the_peer_s_end_until_they_are_read()
    {
        await using TcpChannel channel = await ConnectAsync();
        using Socket peer = await AcceptAsync();
        await peer.SendAsync(new byte[] { 7 });
        peer.Shutdown(SocketShutdown.Both);
        Assert.False(channel.PeerHasClosed);
        Assert.Equal(1, await channel.ReadAsync(new byte[1], default).AsTask().WaitAsync(Soon));
        Assert.True(channel.PeerHasClosed);
    }

    [Fact]
    public async Task A_cancelled_read_loses_no_bytes()
    {
        await using TcpChannel channel = await ConnectAsync();
        using Socket peer = await AcceptAsync();
        byte[] buffer = new byte[4];
        using CancellationTokenSource cancel = new();
        Task<int> read = channel.ReadAsync(buffer, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await peer.SendAsync(new byte[] { 5, 6 });
        Assert.Equal(2, await channel.ReadAsync(buffer, default).AsTask().WaitAsync(Soon));
        Assert.Equal([5, 6], buffer[..2]);
    }

    [Fact]
    public async Task A_write_larger_than_the_peer_s_window_goes_out_whole()
    {
        await using TcpChannel channel = await ConnectAsync();
        using Socket peer = await AcceptAsync();
        byte[] large = new byte[8 * 1024 * 1024];
        new Random(1).NextBytes(large);
        Task writing = channel.WriteAsync(large, default).AsTask();
        byte[] got = new byte[large.Length];
        for (int have = 0; have < got.Length;)
        {
            have += await peer.ReceiveAsync(got.AsMemory(have)).AsTask().WaitAsync(Soon);
        }

        await writing.WaitAsync(Soon);
        Assert.True(large.AsSpan().SequenceEqual(got));
    }

    [Fact]
    public async Task A_refused_connection_names_the_endpoint_and_the_mend()
    {
        int port = FreePort.Next();
        ChannelBrokenException error = await Assert.ThrowsAsync<ChannelBrokenException>(
            () => TcpChannel.ConnectAsync("127.0.0.1", port, Soon, TimeProvider.System, default));
        Assert.Equal($"127.0.0.1:{port}: Connection refused (ConnectionRefused); nothing listens there: check address and port", error.Message);
    }

    [Fact]
    public async Task A_peer_that_never_answers_the_call_is_given_up_when_the_time_is_over()
    {
        using Socket full = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        int port = ((IPEndPoint)full.LocalEndPoint!).Port;
        FakeTime time = new();

        // Linux queues one connection beyond the backlog and is deaf to the next call.
        await using TcpChannel taken = await TcpChannel.ConnectAsync("127.0.0.1", port, Soon, TimeProvider.System, default);
        Task<TcpChannel> connecting = TcpChannel.ConnectAsync("127.0.0.1", port, TimeSpan.FromSeconds(2), time, default);
        time.Advance(2000);
        ChannelBrokenException error = await Assert.ThrowsAsync<ChannelBrokenException>(() => connecting.WaitAsync(Soon));
        Assert.Equal($"127.0.0.1:{port}: no connection within 2000 ms; check address, cable and power", error.Message);
    }

    [Fact]
    public async Task A_reset_says_so_and_a_disposed_channel_says_that_it_was_closed_here()
    {
        TcpChannel channel = await ConnectAsync();
        Socket peer = await AcceptAsync();
        peer.LingerState = new LingerOption(true, 0);
        peer.Dispose();
        ChannelBrokenException reset = await Assert.ThrowsAsync<ChannelBrokenException>(
            async () => await channel.ReadAsync(new byte[1], default).AsTask().WaitAsync(Soon));
        Assert.Contains("ConnectionReset", reset.Message, StringComparison.Ordinal);
        await channel.DisposeAsync();
        ChannelBrokenException closed = await Assert.ThrowsAsync<ChannelBrokenException>(
            async () => await channel.WriteAsync(new byte[1], default));
        Assert.Contains("closed here", closed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_call_is_a_cancellation_and_no_broken_channel()
    {
        using CancellationTokenSource cancel = new();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => TcpChannel.ConnectAsync("127.0.0.1", Port, Soon, TimeProvider.System, cancel.Token));
    }

    private Task<TcpChannel> ConnectAsync(string host = "127.0.0.1") => TcpChannel.ConnectAsync(host, Port, Soon, TimeProvider.System, default);

    private Task<Socket> AcceptAsync() => _listener.AcceptAsync().WaitAsync(Soon);
}
