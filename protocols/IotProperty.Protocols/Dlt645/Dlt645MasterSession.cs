using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// The master's side of a line with DL/T 645 meters of both editions; see <see cref="IBusMaster"/> for its protocol of use. An answer counts only when it
/// comes from the meter that was asked and, where it carries one, with the identifier and the sequence that were asked for: a late answer to an earlier
/// request is discarded and counted. The parts of a long answer are fetched by follow-up requests and put together in <see cref="Data"/>.
/// Refusals and acknowledgements carry no identifier: after another request to the same meter was given up, a refusal within its late time is taken for
/// its late answer, and the driver asks once more; an order waits until that time is over. Some simulators answer a wildcard with the wildcard; that is accepted. Owned by one task; once constructed it
/// allocates only the words of a refusal.
/// </summary>
public sealed class Dlt645MasterSession : IBusMaster
{
    public const int StandardWakeUpBytes = 4;

    /// <summary>The longest answer that is put together from several frames; what is longer is refused as a mismatch. Bytes.</summary>
    public const int MaxGatheredBytes = 8_192;

    /// <summary>What a meter needs to take over a broadcast before it listens again; the standard is silent, meters in the field want this.</summary>
    private const int BroadcastTurnaroundMs = 200;

    /// <summary>Wake-up bytes that meters put before an answer, with reserve.</summary>
    private const int ReplyWakeUpBytes = 16;

    /// <summary>Sequences of follow-up frames are one byte, from 1.</summary>
    private const int MaxSequence = 255;

    private readonly byte[] _outgoing = new byte[Dlt645Frame.MaxBytes];
    private readonly byte[] _requestData = new byte[Dlt645Frame.MaxDataBytes];
    private readonly byte[] _replyData = new byte[Dlt645Frame.MaxDataBytes];
    private readonly byte[] _gathered = new byte[MaxGatheredBytes];
    private readonly ReceiveBuffer _received = new(4 * Dlt645Frame.MaxBytes);
    private readonly Dlt645AbandonedRequests _abandoned = new();

    private int _outgoingBytes;
    private int _gatheredBytes;
    private bool _waiting;
    private Dlt645Asked _asked;
    private long _sentMs;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Outgoing => _outgoing.AsMemory(0, _outgoingBytes);

    /// <inheritdoc/>
    public bool ExpectsReply { get; private set; }

    /// <inheritdoc/>
    public int TurnaroundMs => ExpectsReply ? 0 : BroadcastTurnaroundMs;

    /// <inheritdoc/>
    public int MaxReplyBytes => ReplyWakeUpBytes + Dlt645Frame.OverheadBytes + Dlt645Frame.MaxDataBytes;

    /// <inheritdoc/>
    public string Why { get; private set; } = "";

    /// <inheritdoc/>
    public long LateReplies { get; private set; }

    /// <inheritdoc/>
    public long ForeignReplies { get; private set; }

    /// <inheritdoc/>
    public long NoiseBytes { get; private set; }

    /// <summary>FE in front of each request from the next exchange on; 4 by the standard (§5.2.1), 0 to 64.</summary>
    public int WakeUpBytes { get; set; } = StandardWakeUpBytes;

    /// <summary>Whether <see cref="Data"/> is the whole answer and not the first parts of one that broke off.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>
    /// What the meter answered: the value's bytes without identifier and sequence, all parts in order. After a refusal or a time-out in the middle of a
    /// long answer it holds the parts that came. Until the next exchange begins.
    /// </summary>
    public ReadOnlySpan<byte> Data => _gathered.AsSpan(0, _gatheredBytes);

    /// <summary>Who answered; tells the address behind a wildcard.</summary>
    public Dlt645MeterAddress Answerer { get; private set; }

    /// <summary>The bits of the last refusal.</summary>
    public Dlt645Refusals Refusal { get; private set; }

    /// <summary>Reads the data under one identifier; its edition decides the frame.</summary>
    public void BeginRead(Dlt645MeterAddress meter, Dlt645Identifier identifier) => BeginRead(meter, identifier, []);

    /// <summary>Reads load records: how many (1 to 99), and from when, if not from the oldest (DL/T 645-2007, §7.1.1).</summary>
    public void BeginReadRecords(Dlt645MeterAddress meter, Dlt645Identifier identifier, int count, DateTime? from)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 99);
        Span<byte> extra = stackalloc byte[7];
        extra[0] = Dlt645Bcd.FromNumber(count);
        if (from is { } moment)
        {
            // mm hh DD MM YY: the seconds, which would come first, are left out.
            Dlt645Clock.Write(extra[1..], moment);
            extra[2..].CopyTo(extra[1..]);
        }

        BeginRead(meter, identifier, from is null ? extra[..1] : extra[..6]);
    }

    /// <summary>Asks a meter for its address (2007 only). With <see cref="Dlt645MeterAddress.Anyone"/> there may be one meter on the line only.</summary>
    public void BeginReadAddress(Dlt645MeterAddress pattern) => Begin(pattern, Dlt645Edition.Y2007, Dlt645Function.ReadAddress, null, 0);

    /// <summary>Writes the data under an identifier. In the older edition the operator's code is left out.</summary>
    /// <param name="value">In the order of the wire; at most 38 bytes.</param>
    public void BeginWrite(Dlt645MeterAddress meter, Dlt645Identifier identifier, Dlt645Authority authority, ReadOnlySpan<byte> value)
    {
        int length = identifier.Write(_requestData);
        length = Put(authority, identifier.Edition, length);
        value.CopyTo(_requestData.AsSpan(length));
        Begin(meter, identifier.Edition, Dlt645Function.WriteData, null, length + value.Length);
    }

    /// <summary>Gives a meter another address; most want a key on the meter to be held meanwhile. It answers from the new address.</summary>
    public void BeginWriteAddress(Dlt645Edition edition, Dlt645MeterAddress meter, Dlt645MeterAddress newAddress)
    {
        newAddress.Write(_requestData);
        Begin(meter, edition, Dlt645Function.WriteAddress, null, Dlt645MeterAddress.Bytes);
        _asked = _asked with { Meter = newAddress };
    }

    /// <summary>Sets the clocks; no meter answers. Meters take it once a day, and only when their clock is within minutes (§7.5).</summary>
    /// <param name="meters"><see cref="Dlt645MeterAddress.Broadcast"/>, or one meter.</param>
    public void BeginBroadcastTime(Dlt645MeterAddress meters, DateTime localTime)
    {
        Dlt645Clock.Write(_requestData, localTime);
        Begin(meters, Dlt645Edition.Y2007, Dlt645Function.BroadcastTime, null, Dlt645MeterAddress.Bytes);
        ExpectsReply = false;
        _waiting = false;
    }

    /// <summary>Orders a freeze (2007 only); to all meters by <see cref="Dlt645MeterAddress.Broadcast"/>, which none answers.</summary>
    public void BeginFreeze(Dlt645MeterAddress meters, Dlt645FreezeTime time)
    {
        time.Write(_requestData);
        Begin(meters, Dlt645Edition.Y2007, Dlt645Function.Freeze, null, Dlt645FreezeTime.Bytes);
        ExpectsReply = !meters.IsBroadcast;
        _waiting = ExpectsReply;
    }

    /// <summary>Changes the meter's baud rate (2007 only). The answer comes at the old rate; meters fall back after some seconds of silence.</summary>
    public void BeginChangeBaud(Dlt645MeterAddress meter, int baud)
    {
        _requestData[0] = Dlt645BaudRate.Write(baud);
        Begin(meter, Dlt645Edition.Y2007, Dlt645Function.ChangeBaud, null, 1);
    }

    /// <summary>Changes a password (2007 only).</summary>
    /// <param name="slot">04000C01 to 04000C0A, the password of levels 0 to 9.</param>
    public void BeginChangePassword(Dlt645MeterAddress meter, Dlt645Identifier slot, Dlt645Authority old, Dlt645Authority replacement)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(replacement);
        int length = slot.Write(_requestData);
        old.WritePassword(_requestData.AsSpan(length));
        replacement.WritePassword(_requestData.AsSpan(length + Dlt645Authority.PasswordBytes));
        Begin(meter, Dlt645Edition.Y2007, Dlt645Function.ChangePassword, null, length + (2 * Dlt645Authority.PasswordBytes));
    }

    /// <summary>Clears maximum demands (2007 only).</summary>
    public void BeginClearDemand(Dlt645MeterAddress meter, Dlt645Authority authority) =>
        Begin(meter, Dlt645Edition.Y2007, Dlt645Function.ClearDemand, null, Put(authority, Dlt645Edition.Y2007, 0));

    /// <summary>Clears one kind of event records; FFFFFFFF all (2007 only).</summary>
    public void BeginClearEvents(Dlt645MeterAddress meter, Dlt645Authority authority, Dlt645Identifier events)
    {
        int length = Put(authority, Dlt645Edition.Y2007, 0);
        length += events.Write(_requestData.AsSpan(length));
        Begin(meter, Dlt645Edition.Y2007, Dlt645Function.ClearEvents, null, length);
    }

    /// <summary>Switches the relay (2007 only). That the meter answers means that it took the order; status word 3 shows the relay.</summary>
    public void BeginRelay(Dlt645MeterAddress meter, Dlt645Authority authority, Dlt645RelayOrder order)
    {
        int length = Put(authority, Dlt645Edition.Y2007, 0);
        order.Write(_requestData.AsSpan(length));
        Begin(meter, Dlt645Edition.Y2007, Dlt645Function.RelayControl, null, length + Dlt645RelayOrder.Bytes);
    }

    /// <inheritdoc/>
    public Memory<byte> Free()
    {
        Memory<byte> free = _received.Free();
        if (free.IsEmpty)
        {
            // Nobody looked at what came; a whole buffer of it holds no answer that still counts.
            NoiseBytes += _received.Unread.Length;
            _received.Clear();
            free = _received.Free();
        }

        return free;
    }

    /// <inheritdoc/>
    public void Received(int count) => _received.Received(count);

    /// <inheritdoc/>
    public BusStatus Take(bool silent)
    {
        while (true)
        {
            ScanStatus status = Dlt645Frame.Seek(_received.Unread, silent, out int start, out Dlt645Frame frame);
            NoiseBytes += start;
            if (status == ScanStatus.NeedMore)
            {
                _received.Consume(start);
                return BusStatus.NeedMore;
            }

            BusStatus? outcome = Judge(frame);
            _received.Consume(start + frame.Length);
            if (outcome is not null)
            {
                return outcome.Value;
            }
        }
    }

    /// <summary>
    /// Reads never wait: their answers name what was read. An order does, while the acknowledgement of another order of its kind to the same meter may
    /// still come.
    /// </summary>
    public long QuietUntilMs => _waiting && _asked.Identifier is null ? _abandoned.LateUntilMs(_asked) : 0;

    /// <inheritdoc/>
    public void Sent(long nowMs, long lateUntilMs)
    {
        _sentMs = nowMs;
        _asked = _asked with { LateUntilMs = lateUntilMs };
    }

    /// <inheritdoc/>
    public void Discard(bool silent)
    {
        bool waiting = _waiting;
        _waiting = false;
        Take(silent);
        _waiting = waiting;
    }

    /// <inheritdoc/>
    public void Abandon()
    {
        if (_waiting)
        {
            _abandoned.Add(_asked);
        }

        _waiting = false;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        NoiseBytes += _received.Unread.Length;
        _received.Clear();
    }

    private void BeginRead(Dlt645MeterAddress meter, Dlt645Identifier identifier, ReadOnlySpan<byte> extra)
    {
        int length = identifier.Write(_requestData);
        extra.CopyTo(_requestData.AsSpan(length));
        Begin(meter, identifier.Edition, Dlt645Function.ReadData, identifier, length + extra.Length);
    }

    private void Begin(Dlt645MeterAddress meter, Dlt645Edition edition, Dlt645Function function, Dlt645Identifier? identifier, int dataBytes)
    {
        if (_waiting)
        {
            throw new InvalidOperationException("an exchange waits; abandon it before the next one begins");
        }

        // What arrived before the request cannot answer it.
        Discard(silent: true);
        Dlt645Control control = Dlt645Control.Request(edition, function);
        _outgoingBytes = Dlt645Frame.Write(_outgoing, meter, control, _requestData.AsSpan(0, dataBytes), WakeUpBytes);
        _asked = new Dlt645Asked(meter, edition, control.Code, identifier, Sequence: 0, Fingerprint(_requestData.AsSpan(0, dataBytes)));
        _gatheredBytes = 0;
        _waiting = true;
        ExpectsReply = true;
        _sentMs = 0;
        IsWhole = false;
        Answerer = default;
        Refusal = Dlt645Refusals.None;
        Why = "";
    }

    /// <summary>Null when the frame is not for the exchange that waits: it is counted, and the wait goes on.</summary>
    private BusStatus? Judge(in Dlt645Frame frame)
    {
        if (!frame.Control.FromMeter)
        {
            // A request on the line is the echo of our own, or another master's.
            ForeignReplies += IsEcho(frame) ? 0 : 1;
            return null;
        }

        ReadOnlySpan<byte> data = _replyData.AsSpan(0, frame.CopyData(_replyData));
        if (!_waiting || !_asked.IsAnsweredBy(frame.Address, frame.Control, data))
        {
            CountDiscarded(frame, data);
            return null;
        }

        if (!_asked.AnswerTellsWhat(frame.Control) && _abandoned.TakeAmbiguous(_asked, frame.Address, frame.Control, _sentMs))
        {
            LateReplies++;
            return null;
        }

        Answerer = frame.Address;
        if (frame.Control.IsRefusal)
        {
            return Refuse(data);
        }

        BusStatus outcome = Dlt645Functions.Of(_asked.Edition, _asked.Code) switch
        {
            Dlt645Function.ReadAddress when data.Length == Dlt645MeterAddress.Bytes => ReadAddress(data),
            Dlt645Function.ReadAddress => Mismatch("the address has not six bytes"),
            Dlt645Function.ReadData or Dlt645Function.ReadFollowing => Gather(frame.Control.MoreFollows, data),
            _ => Answered(data),
        };
        _waiting = outcome == BusStatus.SendNext;
        IsWhole = outcome == BusStatus.Answered;
        return outcome;
    }

    private BusStatus Gather(bool moreFollows, ReadOnlySpan<byte> data)
    {
        bool sequenced = _asked.Sequence > 0 && _asked.Edition == Dlt645Edition.Y2007;
        ReadOnlySpan<byte> part = data[_asked.Identifier!.Value.Length..];
        part = sequenced ? part[..^1] : part;
        if (part.Length > _gathered.Length - _gatheredBytes)
        {
            return Mismatch($"the answer is longer than {MaxGatheredBytes} bytes");
        }

        part.CopyTo(_gathered.AsSpan(_gatheredBytes));
        _gatheredBytes += part.Length;
        if (!moreFollows)
        {
            return BusStatus.Answered;
        }

        return _asked.Sequence == MaxSequence ? Mismatch("more than 255 frames follow") : AskForNext();
    }

    /// <summary>Follow-up request: the identifier again and, in the newer edition, the sequence from 1 (§7.2).</summary>
    private BusStatus AskForNext()
    {
        Dlt645Edition edition = _asked.Edition;
        Dlt645Control control = Dlt645Control.Request(edition, Dlt645Function.ReadFollowing);
        _asked = _asked with { Code = control.Code, Sequence = _asked.Sequence + 1 };
        int length = _asked.Identifier!.Value.Write(_requestData);
        if (edition == Dlt645Edition.Y2007)
        {
            _requestData[length++] = (byte)_asked.Sequence;
        }

        _asked = _asked with { Content = Fingerprint(_requestData.AsSpan(0, length)), LateUntilMs = long.MaxValue };
        _outgoingBytes = Dlt645Frame.Write(_outgoing, _asked.Meter, control, _requestData.AsSpan(0, length), WakeUpBytes);
        return BusStatus.SendNext;
    }

    private BusStatus ReadAddress(ReadOnlySpan<byte> data)
    {
        Answerer = Dlt645MeterAddress.Read(data);
        return Answered(data);
    }

    private BusStatus Answered(ReadOnlySpan<byte> data)
    {
        data.CopyTo(_gathered);
        _gatheredBytes = data.Length;
        return BusStatus.Answered;
    }

    private BusStatus Refuse(ReadOnlySpan<byte> data)
    {
        _waiting = false;
        Refusal = data.IsEmpty ? Dlt645Refusals.Other : (Dlt645Refusals)data[0];
        Why = Dlt645RefusalText.Of(Refusal);
        return BusStatus.Refused;
    }

    private BusStatus Mismatch(string why)
    {
        Why = why;
        return BusStatus.Mismatch;
    }

    private void CountDiscarded(in Dlt645Frame frame, ReadOnlySpan<byte> data)
    {
        if (_abandoned.Take(frame.Address, frame.Control, data))
        {
            LateReplies++;
        }
        else
        {
            ForeignReplies++;
        }
    }

    private bool IsEcho(in Dlt645Frame frame) =>
        Dlt645Frame.Scan(_outgoing.AsSpan(0, _outgoingBytes), out Dlt645Frame own, out _, out _) == ScanStatus.Done
        && own.Address == frame.Address && own.Control == frame.Control && own.CodedData.SequenceEqual(frame.CodedData);

    /// <summary>FNV-1a, 32 bits.</summary>
    private static uint Fingerprint(ReadOnlySpan<byte> bytes)
    {
        uint hash = 2_166_136_261;
        foreach (byte b in bytes)
        {
            hash = unchecked((hash ^ b) * 16_777_619);
        }

        return hash;
    }

    private int Put(Dlt645Authority authority, Dlt645Edition edition, int at)
    {
        ArgumentNullException.ThrowIfNull(authority);
        authority.WritePassword(_requestData.AsSpan(at));
        if (edition == Dlt645Edition.Y1997)
        {
            return at + Dlt645Authority.PasswordBytes;
        }

        authority.WriteOperator(_requestData.AsSpan(at + Dlt645Authority.PasswordBytes));
        return at + Dlt645Authority.PasswordBytes + Dlt645Authority.OperatorBytes;
    }
}
