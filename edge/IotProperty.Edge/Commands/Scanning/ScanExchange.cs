using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>One question to a line of which nobody knows who will answer: takes whatever comes, until the line is silent. For <see cref="Drivers.BusLine"/>.</summary>
internal sealed class ScanExchange : IBusMaster
{
    /// <summary>More than any answer, or two on top of each other; what is beyond is not kept.</summary>
    private const int MostBytes = 2_048;

    private readonly ReceiveBuffer _received = new(MostBytes);
    private readonly byte[] _overflow = new byte[64];
    private bool _isFull;

    public ReadOnlyMemory<byte> Outgoing { get; private set; }

    public bool ExpectsReply => true;

    public int TurnaroundMs => 0;

    public int MaxReplyBytes { get; private set; }

    public string Why => "";

    public long LateReplies => 0;

    public long ForeignReplies => 0;

    public long NoiseBytes => 0;

    /// <summary>What came since <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> Heard => _received.Unread;

    public void Begin(ReadOnlyMemory<byte> request, int maxReplyBytes)
    {
        Outgoing = request;
        MaxReplyBytes = maxReplyBytes;
        _received.Clear();
    }

    public Memory<byte> Free()
    {
        Memory<byte> free = _received.Free();
        _isFull = free.IsEmpty;
        return _isFull ? _overflow : free;
    }

    public void Received(int count)
    {
        if (!_isFull)
        {
            _received.Received(count);
        }
    }

    /// <summary>Stray zeros alone are no answer: adapters make them when they are switched.</summary>
    public BusStatus Take(bool silent) => silent && Heard.ContainsAnyExcept((byte)0) ? BusStatus.Answered : BusStatus.NeedMore;

    public void Discard(bool silent) => _received.Clear();

    public void Abandon()
    {
        // What was heard is read after the exchange.
    }

    public void Reset() => _received.Clear();
}
