using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IotProperty.Transports.Linux;

/// <summary>Told by the <see cref="EventLoop"/>'s thread that its descriptor can be read, written or has hung up. Must not block and must not throw.</summary>
internal interface IEventTarget
{
    void Ready(uint events);
}

/// <summary>
/// The one thread that waits for all ports and timers of the process (epoll, edge-triggered). It sleeps in the kernel while nothing happens. One for all, because
/// what it does per event takes microseconds, and a gateway has few cores. <see cref="Add"/>, <see cref="Await"/> and <see cref="Remove"/> may be called from any thread.
/// </summary>
internal sealed unsafe class EventLoop
{
    public const uint Readable = 0x1;
    public const uint Writable = 0x4;
    public const uint Failed = 0x8;
    public const uint HungUp = 0x10;

    private const uint EdgeTriggered = 1u << 31;
    private const int CloseOnExec = 0x80000;
    private const int ControlAdd = 1;
    private const int ControlDelete = 2;
    private const int ControlModify = 3;
    private const int EventsAtOnce = 32;

    /// <summary><c>struct epoll_event</c> is packed on x64 and nowhere else (linux/eventpoll.h).</summary>
    public static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    public static readonly int KeyOffset = EventBytes - sizeof(ulong);

    private static readonly Lazy<EventLoop> Instance = new(() => new EventLoop());

    private readonly int _epoll;

    /// <summary>Keyed by a number that is never used again, so that an event which was under way while its descriptor was closed finds nobody.</summary>
    private readonly ConcurrentDictionary<ulong, IEventTarget> _targets = [];
    private ulong _lastKey;

    private EventLoop()
    {
        _epoll = LibC.EpollCreate(CloseOnExec);
        if (_epoll < 0)
        {
            throw new ChannelBrokenException($"epoll: {Errno.Text(Errno.Last)}");
        }

        new Thread(Run) { IsBackground = true, Name = "ports" }.Start();
    }

    public static EventLoop Shared => Instance.Value;

    /// <summary>Begins to watch a descriptor. What is ready already is told at once.</summary>
    /// <returns>The key for <see cref="Await"/> and <see cref="Remove"/>.</returns>
    public ulong Add(int descriptor, uint events, IEventTarget target)
    {
        ulong key = Interlocked.Increment(ref _lastKey);
        _targets[key] = target;
        if (Control(ControlAdd, descriptor, events, key) < 0)
        {
            int error = Errno.Last;
            _targets.TryRemove(key, out _);
            throw new ChannelBrokenException($"epoll: {Errno.Text(error)}");
        }

        return key;
    }

    /// <summary>Changes what is awaited. What is ready already is told at once.</summary>
    public void Await(ulong key, int descriptor, uint events)
    {
        if (Control(ControlModify, descriptor, events, key) < 0)
        {
            throw new InvalidOperationException($"epoll: {Errno.Text(Errno.Last)}");
        }
    }

    /// <summary>Ends the watch; to be called before the descriptor is closed. A call of <see cref="IEventTarget.Ready"/> may still be under way.</summary>
    public void Remove(ulong key, int descriptor)
    {
        _targets.TryRemove(key, out _);
        Control(ControlDelete, descriptor, 0, key);
    }

    private int Control(int operation, int descriptor, uint events, ulong key)
    {
        byte* change = stackalloc byte[EventBytes];
        Unsafe.WriteUnaligned(change, events | EdgeTriggered);
        Unsafe.WriteUnaligned(change + KeyOffset, key);
        return LibC.EpollControl(_epoll, operation, descriptor, change);
    }

    private void Run()
    {
        byte* events = stackalloc byte[EventsAtOnce * EventBytes];
        while (true)
        {
            int count = LibC.EpollWait(_epoll, events, EventsAtOnce, Timeout.Infinite);
            if (count < 0 && Errno.Last != Errno.Interrupted)
            {
                throw new InvalidOperationException($"epoll: {Errno.Text(Errno.Last)}");
            }

            for (int i = 0; i < count; i++)
            {
                byte* at = events + (i * EventBytes);
                if (_targets.TryGetValue(Unsafe.ReadUnaligned<ulong>(at + KeyOffset), out IEventTarget? target))
                {
                    target.Ready(Unsafe.ReadUnaligned<uint>(at));
                }
            }
        }
    }
}
