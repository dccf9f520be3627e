using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace IotProperty.Transports;

/// <summary>A TCP connection without Nagle's delay: small requests leave at once. Allocates nothing per read or write.</summary>
public sealed class TcpChannel : IByteChannel
{
    private readonly Socket _socket;

    private TcpChannel(Socket socket, string endpoint)
    {
        _socket = socket;
        Endpoint = endpoint;
    }

    public string Endpoint { get; }

    public bool PeerHasClosed
    {
        get
        {
            try
            {
                return _socket.Poll(0, SelectMode.SelectRead) && _socket.Available == 0;
            }
            catch (SocketException)
            {
                // A socket that cannot even be asked has been reset.
                return true;
            }
        }
    }

    /// <summary>How many bytes have arrived and would be read at once. Asks the operating system; 0 when the connection has broken.</summary>
    public int Available
    {
        get
        {
            try
            {
                return _socket.Available;
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // The next read tells why.
                return 0;
            }
        }
    }

    /// <summary>Opens a connection.</summary>
    /// <param name="host">A name or an address.</param>
    /// <param name="timeout">For resolving the name and connecting together.</param>
    /// <exception cref="ChannelBrokenException">The endpoint is away or refuses.</exception>
    public static async Task<TcpChannel> ConnectAsync(string host, int port, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        string endpoint = string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
        Socket socket = IPAddress.TryParse(host, out IPAddress? address)
            ? new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        using Deadline deadline = new(time);
        try
        {
            socket.NoDelay = true;
            CancellationToken token = deadline.Arm(timeout, cancellationToken);
            EndPoint peer = address is null ? new DnsEndPoint(host, port) : new IPEndPoint(address, port);
            await socket.ConnectAsync(peer, token).ConfigureAwait(false);
            return new TcpChannel(socket, endpoint);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new ChannelBrokenException(Explain(endpoint, error), error);
        }
        catch (OperationCanceledException error)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new ChannelBrokenException(
                string.Create(CultureInfo.InvariantCulture, $"{endpoint}: no connection within {timeout.TotalMilliseconds:0} ms; check address, cable and power"), error);
        }
    }

    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        try
        {
            ValueTask<int> received = _socket.ReceiveAsync(destination, SocketFlags.None, cancellationToken);
            return received.IsCompletedSuccessfully ? received : AwaitRead(received);
        }
        catch (ObjectDisposedException error)
        {
            throw Closed(error);
        }
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        try
        {
            ValueTask<int> sent = _socket.SendAsync(source, SocketFlags.None, cancellationToken);
            if (sent.IsCompletedSuccessfully)
            {
                int count = sent.Result;
                return count == source.Length ? ValueTask.CompletedTask : AwaitWrite(new ValueTask<int>(count), source, cancellationToken);
            }

            return AwaitWrite(sent, source, cancellationToken);
        }
        catch (ObjectDisposedException error)
        {
            throw Closed(error);
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> AwaitRead(ValueTask<int> received)
    {
        try
        {
            return await received.ConfigureAwait(false);
        }
        catch (SocketException error)
        {
            throw new ChannelBrokenException(Explain(Endpoint, error), error);
        }
        catch (ObjectDisposedException error)
        {
            throw Closed(error);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AwaitWrite(ValueTask<int> sent, ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        try
        {
            int total = await sent.ConfigureAwait(false);
            while (total < source.Length)
            {
                total += await _socket.SendAsync(source[total..], SocketFlags.None, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (SocketException error)
        {
            throw new ChannelBrokenException(Explain(Endpoint, error), error);
        }
        catch (ObjectDisposedException error)
        {
            throw Closed(error);
        }
    }

    private ChannelBrokenException Closed(ObjectDisposedException error) => new($"{Endpoint}: the connection was closed here", error);

    private static string Explain(string endpoint, SocketException error)
    {
        string mend = error.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "; nothing listens there: check address and port",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "; check the host name and the name server",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "; check address, netmask and cable",
            _ => "",
        };
        return $"{endpoint}: {error.Message} ({error.SocketErrorCode}){mend}";
    }
}
