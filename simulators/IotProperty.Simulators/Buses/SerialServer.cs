using System.Net;
using System.Net.Sockets;
using IotProperty.Transports;

namespace IotProperty.Simulators.Buses;

/// <summary>
/// A serial server, as they hang in cellars: it has a serial port open and hands the raw bytes between it and one TCP connection at a time; a second caller is turned
/// away. <see cref="DisposeAsync"/> returns when nothing is handed on any more.
/// </summary>
public sealed class SerialServer : IAsyncDisposable
{
    private readonly SerialChannel _port;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private SerialServer(SerialChannel port, Socket listener)
    {
        (_port, _listener) = (port, listener);
        _running = Task.Run(() => RunAsync(_stop.Token));
    }

    /// <summary>Where it listens, with the port that was chosen.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Opens the port and listens.</summary>
    /// <param name="listen">Port 0 lets the system choose.</param>
    /// <exception cref="IOException">The serial port cannot be opened or the endpoint not be listened on; the message says why.</exception>
    public static async Task<SerialServer> StartAsync(string port, SerialSettings settings, IPEndPoint listen)
    {
        ArgumentNullException.ThrowIfNull(listen);
        SerialChannel channel = SerialChannel.Open(port, settings);
        Socket listener = new(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(listen);
            listener.Listen(1);
            return new SerialServer(channel, listener);
        }
        catch (SocketException error)
        {
            listener.Dispose();
            await channel.DisposeAsync();
            throw new IOException($"cannot listen on {listen}: {error.Message}; choose another port, or 0 for a free one", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _running;
        await _port.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                using Socket connection = await _listener.AcceptAsync(cancellationToken);
                connection.NoDelay = true;
                await ServeAsync(connection, cancellationToken);
            }
        }
        catch (Exception error) when (cancellationToken.IsCancellationRequested && error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end that was asked for.
        }
    }

    private async Task ServeAsync(Socket connection, CancellationToken cancellationToken)
    {
        using CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task toPort = ToPortAsync(connection, gone);
        try
        {
            byte[] bytes = new byte[1024];
            while (true)
            {
                int count = await _port.ReadAsync(bytes, gone.Token);
                await connection.SendAsync(bytes.AsMemory(0, count), SocketFlags.None, gone.Token);
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // The connection has ended, or the server stops; what the port still says is for the next caller.
        }

        await gone.CancelAsync();
        await toPort;
    }

    private async Task ToPortAsync(Socket connection, CancellationTokenSource gone)
    {
        byte[] bytes = new byte[1024];
        try
        {
            for (int count = await connection.ReceiveAsync(bytes, SocketFlags.None, gone.Token); count > 0; count = await connection.ReceiveAsync(bytes, SocketFlags.None, gone.Token))
            {
                await _port.WriteAsync(bytes.AsMemory(0, count), gone.Token);
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // As above.
        }

        await gone.CancelAsync();
    }
}
