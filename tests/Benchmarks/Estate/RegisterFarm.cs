using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IotProperty.Benchmarks.Estate;

/// <summary>
/// Many Modbus TCP devices, each on a port of its own, each answering reads of 100 holding registers with values that are all different at every read. Remembers
/// when each device was asked, so that punctuality is judged at the device and not by who is late.
/// </summary>
internal sealed class RegisterFarm : IAsyncDisposable
{
    public const int Registers = 100;

    private const int RequestBytes = 12;
    private const int ReplyBytes = 9 + (Registers * 2);

    private readonly Socket[] _listeners;
    private readonly List<long>[] _askedAt;
    private readonly List<Task> _serving = [];
    private volatile bool _mute;

    public RegisterFarm(int devices)
    {
        _askedAt = [.. Enumerable.Range(0, devices).Select(_ => new List<long>(4_096))];
        _listeners = new Socket[devices];
        for (int i = 0; i < devices; i++)
        {
            _listeners[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _listeners[i].Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listeners[i].Listen(1);
            int device = i;
            _serving.Add(Task.Run(() => AcceptAsync(device)));
        }
    }

    /// <summary>From the return of this on no device answers any more; what <see cref="AskedAt"/> tells has all been answered.</summary>
    public void Mute()
    {
        _mute = true;
        foreach (List<long> asked in _askedAt)
        {
            lock (asked)
            {
                // Whoever held the lock has answered, or will without asking again.
            }
        }
    }

    public int PortOf(int device) => ((IPEndPoint)_listeners[device].LocalEndPoint!).Port;

    /// <summary>When the device was asked, as <see cref="Stopwatch"/> timestamps, oldest first.</summary>
    public long[] AskedAt(int device)
    {
        lock (_askedAt[device])
        {
            return [.. _askedAt[device]];
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Socket listener in _listeners)
        {
            listener.Dispose();
        }

        await Task.WhenAll(_serving);
    }

    private async Task AcceptAsync(int device)
    {
        try
        {
            while (true)
            {
                using Socket connection = await _listeners[device].AcceptAsync();
                connection.NoDelay = true;
                await ServeAsync(device, connection);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The benchmark is over.
        }
    }

    private async Task ServeAsync(int device, Socket connection)
    {
        byte[] request = new byte[RequestBytes];
        byte[] reply = new byte[ReplyBytes];
        reply[5] = 3 + (Registers * 2);
        reply[8] = Registers * 2;
        ushort turn = 0;
        while (true)
        {
            for (int have = 0; have < RequestBytes;)
            {
                int count = await connection.ReceiveAsync(request.AsMemory(have));
                if (count == 0)
                {
                    return;
                }

                have += count;
            }

            lock (_askedAt[device])
            {
                if (_mute)
                {
                    continue;
                }

                _askedAt[device].Add(Stopwatch.GetTimestamp());
            }

            // Transaction, unit and function as asked.
            request.AsSpan(0, 2).CopyTo(reply);
            request.AsSpan(6, 2).CopyTo(reply.AsSpan(6));
            turn++;
            for (int i = 0; i < Registers; i++)
            {
                BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(9 + (i * 2)), (ushort)(turn * 3 + i + device & 0x3FFF));
            }

            await connection.SendAsync(reply.AsMemory());
        }
    }
}
