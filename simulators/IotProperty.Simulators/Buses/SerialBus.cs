using IotProperty.Protocols.Framing;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Buses;

/// <summary>
/// A half-duplex wire with devices of any protocols on it, without IO. Its owner tells what a master sent (<see cref="Received"/>), wakes it at
/// <see cref="NextDue"/> and hands on what <see cref="Advance"/> puts out. Requests take their time on the wire, a device answers after its own delay, and its answer takes
/// its time as well; who talks while another talks garbles both. Every device hears every request and answers those that are for it. Owned by one task; takes the
/// world's lock while devices are asked.
/// </summary>
public sealed class SerialBus
{
    private const int MostInbound = 4096;

    private readonly SerialBusOptions _options;
    private readonly Listener[] _listeners;
    private readonly Lock _world;
    private readonly WireSchedule _schedule;
    private readonly Queue<(TimeSpan Through, byte Value)> _inbound = [];
    private readonly byte[] _reply;
    private TimeSpan _inboundEnd;
    private TimeSpan _heardLast;
    private bool _unfinished;
    private long _characters;
    private long _requests;
    private long _replies;
    private long _collisions;

    /// <param name="stations">The devices.</param>
    /// <param name="condition">What is wrong with the line as a whole.</param>
    /// <param name="world">The lock around the world that the devices show.</param>
    public SerialBus(SerialBusOptions options, IEnumerable<BusStation> stations, WireCondition condition, Lock world)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(stations);
        (_options, _world, Condition) = (options, world, condition);
        _schedule = new WireSchedule(options.Speed);
        _listeners = [.. stations.GroupBy(s => s.Dialect).Select(g => new Listener(g.Key, [.. g.Select(s => new Attached(s, options.Seed))]))];
        _reply = new byte[_listeners.Length == 0 ? 1 : _listeners.Max(l => l.Dialect.MaxReplyBytes)];
    }

    public WireCondition Condition { get; }

    public WireSpeed Speed => _options.Speed;

    /// <summary>Characters that masters sent, noise included. May be asked from any thread, as the other counters.</summary>
    public long Characters => Interlocked.Read(ref _characters);

    /// <summary>Whole requests heard, those that nobody answered included.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    public long Replies => Interlocked.Read(ref _replies);

    /// <summary>Characters that two talkers sent at the same time.</summary>
    public long Collisions => Interlocked.Read(ref _collisions);

    /// <summary>When to call <see cref="Advance"/> unless bytes come before; null while nothing is under way.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            TimeSpan? due = _schedule.NextDue;
            if (_inbound.Count > 0 && (due is null || _inboundEnd < due))
            {
                due = _inboundEnd;
            }

            TimeSpan silent = _heardLast + _options.Silence;
            return _unfinished && _inbound.Count == 0 && (due is null || silent < due) ? silent : due;
        }
    }

    /// <summary>A master sent these bytes; they reach the devices as fast as the wire carries them.</summary>
    public void Received(TimeSpan now, ReadOnlySpan<byte> bytes)
    {
        TimeSpan start = now > _inboundEnd ? now : _inboundEnd;
        Interlocked.Add(ref _characters, bytes.Length);
        (bool echo, bool cut) = OfLine();
        for (int i = 0; i < bytes.Length && _inbound.Count < MostInbound; i++)
        {
            TimeSpan through = start + Speed.Of(i + 1);
            byte value = bytes[i];
            bool collided = _schedule.Collide(through, ref value);
            if (cut)
            {
                continue;
            }

            _inbound.Enqueue((through, value));
            _inboundEnd = through;
            if (echo && !collided)
            {
                _schedule.AddEcho(through, value);
            }
        }
    }

    /// <summary>Lets the wire live until <paramref name="now"/>. Returns how many bytes the master reads now; call again while it fills <paramref name="destination"/>.</summary>
    public int Advance(TimeSpan now, Span<byte> destination)
    {
        bool heard = false;
        while (_inbound.TryPeek(out (TimeSpan Through, byte Value) next) && next.Through <= now)
        {
            _inbound.Dequeue();
            _heardLast = next.Through;
            heard = true;
            foreach (Listener listener in _listeners)
            {
                listener.Hear(next.Value);
            }
        }

        bool silent = _inbound.Count == 0 && now >= _heardLast + _options.Silence;
        if (heard || (_unfinished && silent))
        {
            _unfinished = false;
            foreach (Listener listener in _listeners)
            {
                Answer(listener, silent);
                _unfinished |= listener.Unfinished;
            }
        }

        int count = _schedule.Take(now, destination);
        Interlocked.Exchange(ref _collisions, _schedule.Collisions);
        return count;
    }

    private (bool Echo, bool Cut) OfLine()
    {
        lock (_world)
        {
            return (Condition.Active.HasFlag(WireFault.Echo), Condition.IsSilent);
        }
    }

    private void Answer(Listener listener, bool silent)
    {
        while (listener.TryTake(silent, out ReadOnlySpan<byte> request))
        {
            Interlocked.Increment(ref _requests);
            foreach (Attached attached in listener.Devices)
            {
                lock (_world)
                {
                    Answer(attached, request);
                }
            }
        }
    }

    private void Answer(Attached attached, ReadOnlySpan<byte> request)
    {
        BusStation station = attached.Station;
        if (station.Condition.IsSilent)
        {
            return;
        }

        int length = station.Answer(request, _reply);
        if (length > 0)
        {
            Interlocked.Increment(ref _replies);
            WireFault faults = station.Condition.Active | Condition.Active;
            if (FaultyReply.Send(_schedule, Speed, _heardLast + station.ResponseDelay, _reply.AsSpan(0, length), station.Dialect, faults, attached.Random))
            {
                station.Shown();
            }
        }
    }

    private sealed record Attached(BusStation Station, SeededRandom Random)
    {
        public Attached(BusStation station, long seed)
            : this(station, new SeededRandom(seed, $"wire-{station.Id}"))
        {
        }
    }

    /// <summary>What the devices of one protocol have heard.</summary>
    private sealed class Listener(IBusDialect dialect, Attached[] devices)
    {
        private readonly ReceiveBuffer _heard = new(4 * dialect.MaxRequestBytes);

        public IBusDialect Dialect => dialect;

        public Attached[] Devices => devices;

        public bool Unfinished => !_heard.Unread.IsEmpty;

        public void Hear(byte value)
        {
            Memory<byte> free = _heard.Free();
            if (free.IsEmpty)
            {
                // More than any frame and no frame in it: all of it is noise.
                _heard.Clear();
                free = _heard.Free();
            }

            free.Span[0] = value;
            _heard.Received(1);
        }

        /// <summary>Takes the next request; it stays readable until something new is heard.</summary>
        public bool TryTake(bool silent, out ReadOnlySpan<byte> request)
        {
            dialect.Seek(_heard.Unread, silent, out int start, out int length);
            request = _heard.Unread.Slice(start, length);
            _heard.Consume(start + length);
            return length > 0;
        }
    }
}
