using IotProperty.Protocols.Framing;
using IotProperty.Transports;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// Learns from exchanges whether an adapter hears its own sending, which the site file may not have said. It matters because some answers repeat their request: heard
/// back, a Modbus write of one coil looks done although no device heard it. Owned by the line's task: <see cref="Attach"/> at each exchange, <see cref="Sent"/> at each
/// request, <see cref="Heard"/> for all that comes, <see cref="Hears"/> before the session consumes it, <see cref="Ended"/> when listening is over.
/// </summary>
internal sealed class EchoWatch
{
    /// <summary>An echo comes first; what other devices may have said in front of it is shorter than this. Bytes.</summary>
    private const int Room = 1_024;

    /// <summary>Wake-up bytes in front of a frame; receivers may swallow some (DL/T 645-2007 §5.4.1, CJ/T 188).</summary>
    private const byte WakeUp = 0xFE;

    private readonly byte[] _heard = new byte[Room];
    private int _heardBytes;
    private IPacedChannel? _channel;

    /// <summary>Whether it is known that no echo reaches the sessions: the adapter has none, or it is taken out.</summary>
    public bool IsKnown { get; private set; }

    private bool TakenOut => _channel is EchoFilter;

    /// <summary>A channel opened anew may lead to another adapter.</summary>
    public void Attach(IPacedChannel channel)
    {
        if (!ReferenceEquals(channel, _channel))
        {
            _channel = channel;
            IsKnown = TakenOut;
        }
    }

    public void Sent() => _heardBytes = 0;

    public void Heard(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> kept = bytes[..Math.Min(bytes.Length, Room - _heardBytes)];
        kept.CopyTo(_heard.AsSpan(_heardBytes));
        _heardBytes += kept.Length;
    }

    /// <summary>Whether the request that is out came back as it was sent, and not as its own answer.</summary>
    public bool Hears(IBusMaster session)
    {
        ReadOnlySpan<byte> sent = session.Outgoing.Span.TrimStart(WakeUp);
        return !TakenOut && !sent.IsEmpty && _heard.AsSpan(0, _heardBytes).IndexOf(sent) >= 0 && !session.EchoPassesForAnswer;
    }

    /// <summary>
    /// Listening is over, and no echo was among what came. The echo is the adapter's own work and comes before any answer: a sound answer without it proves that there is
    /// none, and so does silence.
    /// </summary>
    public void Ended(BusStatus status) => IsKnown |= status == BusStatus.NeedMore ? _heardBytes == 0 : _heardBytes < Room;
}
