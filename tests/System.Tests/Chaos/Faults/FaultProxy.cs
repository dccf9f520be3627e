using System.Net;
using System.Net.Sockets;
using IotProperty.Simulators.World;

namespace IotProperty.SystemTests.Chaos.Faults;

/// <summary>
/// Stands between two programs on loopback and does to their connections what a bad network does. <see cref="Apply"/> may be called from any task and takes
/// effect on open and on new connections at once; each direction of a connection is one task. Where the other side is not there, its caller is reset.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private const int SliceBytes = 512;

    private readonly TimeProvider _time;
    private readonly SeededRandom _random;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<Link> _links = [];
    private readonly Task _accepting;
    private TaskCompletionSource _changed = NewSignal();
    private Socket? _listener;
    private IPEndPoint _target;
    private LinkFault _fault = new LinkFault.None();
    private long _cutAfter = long.MaxValue;
    private long _forwarded;

    private FaultProxy(IPEndPoint target, long seed, TimeProvider time)
    {
        (_target, _time) = (target, time);
        _random = new SeededRandom(seed, "proxy");
        _listener = Listen(new IPEndPoint(IPAddress.Loopback, 0));
        Endpoint = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where to connect to.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Where new connections lead; a program that is started again may be somewhere else.</summary>
    public IPEndPoint Target
    {
        get => Volatile.Read(ref _target);
        set => Volatile.Write(ref _target, value);
    }

    /// <summary>Connections that callers have here just now; one that they believe to have opened may still be waited for.</summary>
    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _links.Count;
            }
        }
    }

    /// <summary>Bytes handed on, both directions.</summary>
    public long Forwarded => Interlocked.Read(ref _forwarded);

    public static FaultProxy Start(IPEndPoint target, long seed, TimeProvider time) => new(target, seed, time);

    /// <summary>From now on this is wrong, and what was wrong before no longer is.</summary>
    public void Apply(LinkFault fault)
    {
        List<Link> torn;
        TaskCompletionSource changed;
        lock (_lock)
        {
            torn = fault is LinkFault.Refuse || _fault is LinkFault.BlackHole ? [.. _links] : [];
            if (fault is LinkFault.Refuse)
            {
                _listener?.Dispose();
                _listener = null;
            }
            else
            {
                _listener ??= Listen(Endpoint);
            }

            changed = Become(fault);
        }

        // First, so that nothing which was held goes on over a connection that is to be forgotten.
        torn.ForEach(link => link.Reset());
        changed.SetResult();
    }

    public void Heal() => Apply(new LinkFault.None());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        lock (_lock)
        {
            _listener?.Dispose();
            _links.ForEach(link => link.Reset());
        }

        await _accepting;
        _stop.Dispose();
    }

    /// <summary>
    /// The bytes of a cut have passed: what is open is torn and the fault is over in one step, so that who comes next is not turned away in between. Where
    /// another fault came first, only the connection is torn whose bytes are cut short.
    /// </summary>
    private void Cut(Link link)
    {
        List<Link> torn = [link];
        TaskCompletionSource? changed = null;
        lock (_lock)
        {
            if (_fault is LinkFault.CutAfter)
            {
                torn = [.. _links];
                changed = Become(new LinkFault.None());
            }
        }

        torn.ForEach(open => open.Reset());
        changed?.SetResult();
    }

    /// <summary>Takes the fault over, within the lock, and gives the signal that those wait for who looked before.</summary>
    private TaskCompletionSource Become(LinkFault fault)
    {
        _fault = fault;
        Interlocked.Exchange(ref _cutAfter, fault is LinkFault.CutAfter cut ? cut.Bytes : long.MaxValue);
        TaskCompletionSource changed = _changed;
        _changed = NewSignal();
        return changed;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static Socket Listen(IPEndPoint at)
    {
        Socket listener = new(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(at);
        listener.Listen();
        return listener;
    }

    private (LinkFault Fault, Task Changed) Now()
    {
        lock (_lock)
        {
            return (_fault, _changed.Task);
        }
    }

    /// <summary>Where callers come in, and what tells of the next change: of one moment, so that no change falls between the two.</summary>
    private (Socket? Listener, Task Changed) Listening()
    {
        lock (_lock)
        {
            return (_listener, _changed.Task);
        }
    }

    private async Task AcceptAsync()
    {
        List<Task> served = [];
        while (!_stop.IsCancellationRequested)
        {
            (Socket? listener, Task changed) = Listening();
            try
            {
                if (listener is null)
                {
                    await changed.WaitAsync(_stop.Token);
                    continue;
                }

                Socket near = await listener.AcceptAsync(_stop.Token);
                served.RemoveAll(task => task.IsCompleted);
                served.Add(ServeAsync(near));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // The listener was closed by a fault or by the end.
            }
        }

        await Task.WhenAll(served);
    }

    private async Task ServeAsync(Socket near)
    {
        using Link link = new(near);
        lock (_lock)
        {
            _links.Add(link);
        }

        try
        {
            await PassedAsync(link, near);
            await link.Far.ConnectAsync(Target, link.Ended);
            (near.NoDelay, link.Far.NoDelay) = (true, true);
            await Task.WhenAll(PumpAsync(link, near, link.Far), PumpAsync(link, link.Far, near));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            link.Reset();
        }
        finally
        {
            lock (_lock)
            {
                _links.Remove(link);
            }
        }
    }

    /// <summary>A connection that opens into a black hole or a stall is open for the caller only. What it sends meanwhile is not read yet.</summary>
    private async Task PassedAsync(Link link, Socket near)
    {
        while (true)
        {
            (LinkFault fault, Task changed) = Now();
            if (fault is not (LinkFault.BlackHole or LinkFault.Stall))
            {
                return;
            }

            await changed.WaitAsync(link.Ended);
            ObjectDisposedException.ThrowIf(!near.Connected, near);
        }
    }

    private async Task PumpAsync(Link link, Socket from, Socket to)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                int count = await from.ReceiveAsync(buffer, link.Ended);
                if (count == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }

                await ForwardAsync(link, buffer.AsMemory(0, count), to);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side is gone: the other one learns it as hard as it happened.
            link.Reset();
        }
    }

    private async Task ForwardAsync(Link link, ReadOnlyMemory<byte> bytes, Socket to)
    {
        while (!bytes.IsEmpty)
        {
            (LinkFault fault, Task changed) = Now();
            int slice = bytes.Length;
            switch (fault)
            {
                case LinkFault.BlackHole:
                    return;
                case LinkFault.Stall:
                case LinkFault.HoldReplies when to != link.Far:
                    await changed.WaitAsync(link.Ended);
                    continue;
                case LinkFault.Delay delay:
                    await WaitAsync(Jittered(delay.Ms), changed, link);
                    break;
                case LinkFault.Throttle throttle:
                    slice = Math.Min(SliceBytes, bytes.Length);
                    await WaitAsync(slice * 1_000 / throttle.BytesPerSecond, changed, link);
                    break;
            }

            long left = Interlocked.Add(ref _cutAfter, -slice);
            if (left < 0)
            {
                await to.SendAsync(bytes[..(int)Math.Max(0, slice + left)], link.Ended);
                Cut(link);
                return;
            }

            await to.SendAsync(bytes[..slice], link.Ended);
            Interlocked.Add(ref _forwarded, slice);
            bytes = bytes[slice..];
        }
    }

    private int Jittered(int ms)
    {
        lock (_lock)
        {
            return (ms / 2) + _random.Below(Math.Max(1, ms));
        }
    }

    private async Task WaitAsync(int ms, Task changed, Link link)
    {
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(link.Ended);
        await Task.WhenAny(changed, Task.Delay(TimeSpan.FromMilliseconds(ms), _time, done.Token));
        await done.CancelAsync();
        link.Ended.ThrowIfCancellationRequested();
    }

    /// <summary>One connection: the caller's socket, and the one to where it leads.</summary>
    private sealed class Link(Socket near) : IDisposable
    {
        private readonly CancellationTokenSource _ended = new();

        public Socket Far { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public CancellationToken Ended => _ended.Token;

        /// <summary>Both sides get a reset instead of an orderly end.</summary>
        public void Reset()
        {
            _ended.Cancel();
            foreach (Socket socket in new[] { near, Far })
            {
                try
                {
                    socket.LingerState = new LingerOption(true, 0);
                    socket.Dispose();
                }
                catch (ObjectDisposedException)
                {
                    // Reset from two sides at once: once is enough.
                }
            }
        }

        public void Dispose()
        {
            near.Dispose();
            Far.Dispose();
        }
    }
}
