using System.Net;
using System.Net.Sockets;

namespace IotProperty.Benchmarks.Modbus;

/// <summary>
/// Answers every 12-byte request with the same 100 registers under the request's transaction, as cheaply as can be: what is measured is the client.
/// Allocates nothing per request.
/// </summary>
internal sealed class FixedReplyServer : IAsyncDisposable
{
    public const int RequestBytes = 12;
    public const int Registers = 100;
    public const int ReplyBytes = 9 + (Registers * 2);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _connections = [];
    private readonly Task _accepting;

    public FixedReplyServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(4);
        _accepting = Task.Run(AcceptAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        _connections.ForEach(c => c.Dispose());
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket connection = await _listener.AcceptAsync();
                _connections.Add(connection);
                _ = Task.Run(() => ServeAsync(connection));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The benchmark is over.
        }
    }

    private static async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        byte[] request = new byte[RequestBytes];
        byte[] reply = new byte[ReplyBytes];
        reply[5] = 3 + (Registers * 2);
        reply[6] = 1;
        reply[7] = 3;
        reply[8] = Registers * 2;
        for (int i = 0; i < Registers; i++)
        {
            reply[10 + (i * 2)] = (byte)i;
        }

        try
        {
            while (true)
            {
                for (int have = 0; have < RequestBytes;)
                {
                    int count = await socket.ReceiveAsync(request.AsMemory(have));
                    if (count == 0)
                    {
                        return;
                    }

                    have += count;
                }

                request.AsSpan(0, 2).CopyTo(reply);
                // Not the array overload: that one allocates a task, which would be charged to the client.
                await socket.SendAsync(reply.AsMemory());
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The client or the benchmark has ended the connection.
        }
    }
}
