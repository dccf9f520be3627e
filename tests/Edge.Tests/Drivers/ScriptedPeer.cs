using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>A request as the peer saw it.</summary>
internal sealed record SeenRequest(ScriptedConnection Connection, ushort Transaction, byte Unit, byte[] Pdu)
{
    /// <summary>Answers with a PDU, as hexadecimal.</summary>
    public Task AnswerAsync(string pdu) => Connection.SendAsync(Adu(Transaction, Unit, pdu));

    public static byte[] Adu(ushort transaction, byte unit, string pdu)
    {
        byte[] adu = new byte[ModbusTcpFrame.MaxBytes];
        byte[] bytes = Convert.FromHexString(pdu);
        bytes.CopyTo(adu, ModbusTcpFrame.HeaderBytes);
        return adu[..ModbusTcpFrame.WriteHeader(adu, transaction, unit, bytes.Length)];
    }
}

internal sealed class ScriptedConnection(Socket socket)
{
    public async Task SendAsync(byte[] bytes) => await socket.SendAsync(bytes);

    /// <summary>When it returns, the driver's side has been told.</summary>
    public void Close()
    {
        socket.Shutdown(SocketShutdown.Both);
        socket.Dispose();
    }
}

/// <summary>A Modbus TCP peer that does what the test says: the test takes each request from <see cref="NextAsync"/> and answers it, wrongly, late or not at all.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Channel<SeenRequest> _requests = Channel.CreateUnbounded<SeenRequest>();
    private readonly ConcurrentBag<Socket> _connections = [];
    private readonly Task _accepting;
    private int _accepted;

    public ScriptedPeer(int port = 0)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(16);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = Task.Run(AcceptAsync);
    }

    public int Port { get; }

    /// <summary>Connections accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Closes every connection right after accepting it.</summary>
    public bool SlamsTheDoor { get; init; }

    public async Task<SeenRequest> NextAsync() => await _requests.Reader.ReadAsync().AsTask().WaitAsync(Soon);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (Socket connection in _connections)
        {
            connection.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket connection = await _listener.AcceptAsync();
                Interlocked.Increment(ref _accepted);
                if (SlamsTheDoor)
                {
                    connection.Dispose();
                    continue;
                }

                _connections.Add(connection);
                _ = Task.Run(() => ReadAsync(connection));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ReadAsync(Socket socket)
    {
        ScriptedConnection connection = new(socket);
        ReceiveBuffer buffer = new(ModbusTcpFrame.MaxBytes);
        try
        {
            while (true)
            {
                int count = await socket.ReceiveAsync(buffer.Free());
                if (count == 0)
                {
                    return;
                }

                buffer.Received(count);
                while (Take(buffer, connection) is SeenRequest request)
                {
                    await _requests.Writer.WriteAsync(request);
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The driver or the test has closed the connection.
        }
    }

    private static SeenRequest? Take(ReceiveBuffer buffer, ScriptedConnection connection)
    {
        if (ModbusTcpFrame.Scan(buffer.Unread, out ModbusTcpFrame frame, out _) != ScanStatus.Done)
        {
            return null;
        }

        SeenRequest request = new(connection, frame.Transaction, frame.Unit, frame.Pdu.ToArray());
        buffer.Consume(frame.Length);
        return request;
    }
}
