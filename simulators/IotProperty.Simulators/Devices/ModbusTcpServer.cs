using System.Net;
using System.Net.Sockets;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Transports;

namespace IotProperty.Simulators.Devices;

/// <summary>How a <see cref="ModbusTcpServer"/> listens.</summary>
public sealed record ModbusTcpServerOptions
{
    /// <summary>Port 0 lets the system choose; <see cref="ModbusTcpServer.Endpoint"/> says which.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>One connection more is accepted and closed at once.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>A connection that says nothing for so long is closed.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What goes wrong with answers; null for nothing. Asked under <see cref="Gate"/>.</summary>
    public IReplyFaults? Faults { get; init; }

    /// <summary>Held while the image is asked; give the lock that guards the image's world where others touch it, too.</summary>
    public Lock Gate { get; init; } = new();
}

/// <summary>
/// Serves an image on a TCP endpoint, one request at a time whatever the number of connections. Safe for callers on any thread;
/// <see cref="DisposeAsync"/> returns only when nothing will answer any more.
/// </summary>
public sealed class ModbusTcpServer : IAsyncDisposable
{
    private readonly IModbusDeviceImage _image;
    private readonly ModbusTcpServerOptions _options;
    private readonly TimeProvider _time;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _connectionsGate = new();
    private readonly HashSet<Task> _connections = [];
    private readonly Task _accepting;
    private long _requests;
    private long _refused;

    private ModbusTcpServer(IModbusDeviceImage image, ModbusTcpServerOptions options, TimeProvider time, Socket listener)
    {
        _image = image;
        _options = options;
        _time = time;
        _listener = listener;
        Endpoint = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where it listens, with the port that was chosen.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Requests taken so far, those to silent units included.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Connections closed at once because there were too many.</summary>
    public long RefusedConnections => Interlocked.Read(ref _refused);

    public int OpenConnections
    {
        get
        {
            lock (_connectionsGate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Starts to listen.</summary>
    /// <exception cref="IOException">The endpoint cannot be listened on; the message says why.</exception>
    public static ModbusTcpServer Start(IModbusDeviceImage image, ModbusTcpServerOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(options);
        Socket listener = new(options.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(options.Listen);
            listener.Listen(options.MaxConnections);
            return new ModbusTcpServer(image, options, time, listener);
        }
        catch (SocketException error)
        {
            listener.Dispose();
            string mend = error.SocketErrorCode == SocketError.AddressAlreadyInUse ? "; choose another port, or 0 for a free one" : "";
            throw new IOException($"cannot listen on {options.Listen}: {error.Message}{mend}", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Task[] connections;
        lock (_connectionsGate)
        {
            connections = [.. _connections];
        }

        await Task.WhenAll(connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket? connection = await AcceptOneAsync();
                if (connection is null)
                {
                    // The caller is gone already, or the process is out of descriptors; the latter lasts, so the loop must not spin.
                    await Task.Delay(TimeSpan.FromMilliseconds(20), _time, _stop.Token);
                }
                else
                {
                    Admit(connection);
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // The server stops.
        }
    }

    private async Task<Socket?> AcceptOneAsync()
    {
        try
        {
            return await _listener.AcceptAsync(_stop.Token);
        }
        catch (SocketException) when (!_stop.IsCancellationRequested)
        {
            return null;
        }
        catch (SocketException error)
        {
            throw new OperationCanceledException("the server stops", error);
        }
    }

    private void Admit(Socket connection)
    {
        if (OpenConnections >= _options.MaxConnections)
        {
            Interlocked.Increment(ref _refused);
            connection.Dispose();
            return;
        }

        lock (_connectionsGate)
        {
            Task serving = Task.Run(() => ServeAsync(connection));
            _connections.Add(serving);
            _ = serving.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private void Forget(Task serving)
    {
        lock (_connectionsGate)
        {
            _connections.Remove(serving);
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        using Socket socket = connection;
        using Deadline idle = new(_time);
        ModbusServerSession session = new(_image);
        try
        {
            socket.NoDelay = true;
            while (session.Broken is null)
            {
                CancellationToken token = idle.Arm(_options.IdleTimeout, _stop.Token);
                int count = await socket.ReceiveAsync(session.Free(), SocketFlags.None, token);
                if (count == 0)
                {
                    return;
                }

                session.Received(count);
                while (Answer(session, out ReadOnlyMemory<byte> reply, out WireSchedule? plan) == ScanStatus.Done)
                {
                    if (plan is not null)
                    {
                        await SendAsync(socket, plan, token);
                    }
                    else if (!reply.IsEmpty)
                    {
                        await socket.SendAsync(reply, SocketFlags.None, token);
                    }
                }

                idle.Disarm();
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer is gone, was silent for too long, or the server stops: the connection ends, and that is all there is to say.
        }
    }

    private async Task SendAsync(Socket socket, WireSchedule plan, CancellationToken token)
    {
        byte[] bytes = new byte[2 * ModbusTcpFrame.MaxBytes];
        long start = _time.GetTimestamp();
        while (plan.NextDue is { } due)
        {
            TimeSpan wait = due - _time.GetElapsedTime(start);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, _time, token);
            }

            int count = plan.Take(due, bytes);
            await socket.SendAsync(bytes.AsMemory(0, count), SocketFlags.None, token);
        }
    }

    private ScanStatus Answer(ModbusServerSession session, out ReadOnlyMemory<byte> reply, out WireSchedule? plan)
    {
        lock (_options.Gate)
        {
            ScanStatus status = session.Answer(out reply);
            plan = reply.IsEmpty ? null : _options.Faults?.Plan(reply.Span[ModbusTcpFrame.HeaderBytes - 1], reply.Span);
            if (status == ScanStatus.Done)
            {
                Interlocked.Increment(ref _requests);
            }

            return status;
        }
    }
}
