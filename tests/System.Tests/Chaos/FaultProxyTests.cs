using System.Net;
using System.Net.Sockets;
using IotProperty.SystemTests.Chaos.Faults;

namespace IotProperty.SystemTests.Chaos;

public sealed class FaultProxyTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly FaultProxy _proxy;
    private readonly Task _echoing;

    public FaultProxyTests()
    {
        _listener.Start();
        _echoing = EchoAsync();
        _proxy = FaultProxy.Start((IPEndPoint)_listener.LocalEndpoint, seed: 1, TimeProvider.System);
    }

    [Fact]
    public async Task Without_a_fault_bytes_pass_both_ways_and_an_end_is_handed_on()
    {
        using Socket socket = await ConnectAsync();
        await SendAsync(socket, "hello");
        Assert.Equal("hello", await ReceiveAsync(socket, 5));
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        Assert.Equal(10, _proxy.Forwarded);
    }

    [Fact]
    public async Task Refused_connections_are_reset_and_new_ones_fail_until_it_is_healed()
    {
        using Socket open = await ConnectAsync();
        await SendAsync(open, "a");
        await ReceiveAsync(open, 1);
        _proxy.Apply(new LinkFault.Refuse());
        await Assert.ThrowsAsync<SocketException>(() => open.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        await Assert.ThrowsAsync<SocketException>(ConnectAsync);
        _proxy.Heal();
        using Socket again = await ConnectAsync();
        await SendAsync(again, "b");
        Assert.Equal("b", await ReceiveAsync(again, 1));
    }

    [Fact]
    public async Task Black_hole_swallows_and_forgets_its_connections_when_it_ends()
    {
        using Socket open = await ConnectAsync();
        await SendAsync(open, "a");
        await ReceiveAsync(open, 1);
        _proxy.Apply(new LinkFault.BlackHole());
        await SendAsync(open, "lost");
        using Socket opened = await ConnectAsync();
        await SendAsync(opened, "lost as well");
        await UntilAsync(() => _proxy.Connections == 2);
        Task<int> answer = open.ReceiveAsync(new byte[1]);
        _proxy.Heal();
        await Assert.ThrowsAsync<SocketException>(() => answer.WaitAsync(Patience));
        await Assert.ThrowsAsync<SocketException>(() => opened.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        Assert.Equal(2, _proxy.Forwarded);
    }

    [Fact]
    public async Task Stalled_bytes_arrive_when_it_ends()
    {
        using Socket open = await ConnectAsync();
        await SendAsync(open, "a");
        await ReceiveAsync(open, 1);
        _proxy.Apply(new LinkFault.Stall());
        await SendAsync(open, "held");
        using Socket opened = await ConnectAsync();
        await SendAsync(opened, "new");
        await UntilAsync(() => _proxy.Connections == 2);
        _proxy.Heal();
        Assert.Equal("held", await ReceiveAsync(open, 4));
        Assert.Equal("new", await ReceiveAsync(opened, 3));
    }

    [Fact]
    public async Task Delayed_and_throttled_bytes_arrive_whole_and_in_order()
    {
        string text = string.Concat(Enumerable.Range(0, 400).Select(i => $"{i},"));
        _proxy.Apply(new LinkFault.Delay(20));
        using Socket socket = await ConnectAsync();
        await SendAsync(socket, text);
        Assert.Equal(text, await ReceiveAsync(socket, text.Length));
        _proxy.Apply(new LinkFault.Throttle(20_000));
        await SendAsync(socket, text);
        Assert.Equal(text, await ReceiveAsync(socket, text.Length));
    }

    [Fact]
    public async Task Connection_is_cut_in_mid_stream_after_so_many_bytes_and_the_next_one_is_whole()
    {
        _proxy.Apply(new LinkFault.CutAfter(7));
        using Socket socket = await ConnectAsync();
        await SendAsync(socket, "0123456789");
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await socket.ReceiveAsync(new byte[16]).WaitAsync(Patience) > 0)
            {
                // What passed before the cut may come back.
            }
        });
        using Socket again = await ConnectAsync();
        await SendAsync(again, "0123456789");
        Assert.Equal("0123456789", await ReceiveAsync(again, 10));
    }

    [Fact]
    public async Task Caller_is_reset_where_nobody_is_behind()
    {
        _listener.Stop();
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using Socket socket = await ConnectAsync();
            await socket.ReceiveAsync(new byte[1]).WaitAsync(Patience);
        });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _stop.CancelAsync();
        _listener.Stop();
        await _echoing.WaitAsync(Patience);
        _stop.Dispose();
    }

    private async Task<Socket> ConnectAsync()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_proxy.Endpoint).WaitAsync(Patience);
        return socket;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, patience.Token);
        }
    }

    private static async Task SendAsync(Socket socket, string text) => await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(text)).WaitAsync(Patience);

    private static async Task<string> ReceiveAsync(Socket socket, int count)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int received = await socket.ReceiveAsync(bytes.AsMemory(at)).AsTask().WaitAsync(Patience);
            at += received > 0 ? received : throw new EndOfStreamException();
        }

        return System.Text.Encoding.ASCII.GetString(bytes);
    }

    /// <summary>Gives back what it gets, on every connection.</summary>
    private async Task EchoAsync()
    {
        List<Task> served = [];
        while (!_stop.IsCancellationRequested && _listener.Server.IsBound)
        {
            try
            {
                served.Add(EchoAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
            catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionAborted)
            {
                // Torn before it was taken; the next one may be whole.
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over, or wants nobody to be here.
                break;
            }
        }

        await Task.WhenAll(served);
    }

    private async Task EchoAsync(Socket socket)
    {
        using (socket)
        {
            byte[] buffer = new byte[1024];
            try
            {
                int count;
                while ((count = await socket.ReceiveAsync(buffer, _stop.Token)) > 0)
                {
                    await socket.SendAsync(buffer.AsMemory(0, count), _stop.Token);
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // Reset by the proxy, as most of these tests want.
            }
        }
    }
}
