using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Cjt188;

/// <summary>
/// The master of a CJ/T 188 line. A reply counts when it comes from the meter that was asked, has its function and identifier, and repeats the request's
/// serial number: so a late one is known and never taken for the answer to a newer question. Owned by one task.
/// </summary>
public sealed class Cjt188MasterSession : IBusMaster
{
    public const int StandardWakeUpBytes = 4;

    /// <summary>More never go in front of a request; 13 were seen in front of replies.</summary>
    public const int MaxWakeUpBytes = 20;

    /// <summary>How many past exchanges are remembered to know late and doubled replies by; more cannot be on the line.</summary>
    private const int Remembered = 8;

    private readonly ReceiveBuffer _received = new(2 * (Cjt188Frame.MaxBytes + MaxWakeUpBytes));
    private readonly byte[] _outgoing = new byte[MaxWakeUpBytes + Cjt188Frame.MaxBytes];
    private readonly byte[] _reply = new byte[Cjt188Frame.MaxDataBytes];
    private readonly Exchange[] _past = new Exchange[Remembered];

    private Exchange _current;
    private bool _waits;
    private int _wakeUpBytes;
    private int _frameAt;
    private int _outgoingBytes;
    private int _replyAt;
    private int _replyBytes;
    private int _nextPast;
    private byte _serial;

    /// <param name="wakeUpBytes">See <see cref="WakeUpBytes"/>.</param>
    /// <param name="firstSerial">The serial number of the first request.</param>
    public Cjt188MasterSession(int wakeUpBytes = StandardWakeUpBytes, byte firstSerial = 0)
    {
        WakeUpBytes = wakeUpBytes;
        _serial = firstSerial;
    }

    /// <summary>How many FE go in front of the next request: 2 to 4 by the standard (§6.2.1), a few meters want more; 0 to 20.</summary>
    public int WakeUpBytes
    {
        get => _wakeUpBytes;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxWakeUpBytes);
            _wakeUpBytes = value;
        }
    }

    public ReadOnlyMemory<byte> Outgoing => _outgoing.AsMemory(0, _outgoingBytes);

    /// <summary>Always: CJ/T 188 has no broadcast without a reply.</summary>
    public bool ExpectsReply => true;

    public int TurnaroundMs => 0;

    public int MaxReplyBytes => MaxWakeUpBytes + Cjt188Frame.MaxBytes;

    public string Why { get; private set; } = "";

    public long LateReplies { get; private set; }

    public long ForeignReplies { get; private set; }

    public long NoiseBytes { get; private set; }

    /// <summary>Whether the last exchange was answered, so that <see cref="ReplyPayload"/> is what was asked for.</summary>
    public bool HasAnswer { get; private set; }

    /// <summary>Who answered last: the way to learn the address of a meter that was asked with wildcards.</summary>
    public Cjt188AddressField ReplyAddress { get; private set; }

    public byte ReplyMeterType { get; private set; }

    /// <summary>The payload of the last answer, behind identifier and serial number; of a refusal the whole data field. Until the next exchange.</summary>
    public ReadOnlySpan<byte> ReplyPayload => _reply.AsSpan(_replyAt, _replyBytes);

    /// <summary>Begins reading an identifier (01).</summary>
    public void BeginRead(Cjt188Target target, ushort identifier) => Begin(target, Cjt188Function.ReadData, identifier, []);

    /// <summary>Begins asking for the address (03); with <see cref="Cjt188AddressField.Any"/> the only meter of a line answers.</summary>
    public void BeginReadAddress(Cjt188Target target) => Begin(target, Cjt188Function.ReadAddress, Cjt188Identifier.Address, []);

    /// <summary>Begins reading the version of the key (09).</summary>
    public void BeginReadKeyVersion(Cjt188Target target) => Begin(target, Cjt188Function.ReadKeyVersion, Cjt188Identifier.KeyVersion, []);

    /// <summary>Begins writing to an identifier (04).</summary>
    public void BeginWrite(Cjt188Target target, ushort identifier, ReadOnlySpan<byte> payload) => Begin(target, Cjt188Function.WriteData, identifier, payload);

    /// <summary>Begins moving the valve (04, A017); the answer holds two status bytes.</summary>
    public void BeginValve(Cjt188Target target, Cjt188ValveCommand command) => BeginWrite(target, Cjt188Identifier.WriteValve, [(byte)command]);

    /// <summary>Begins giving the meter another address (15); it answers from the old or the new one.</summary>
    public void BeginWriteAddress(Cjt188Target target, Cjt188AddressField address)
    {
        Span<byte> payload = stackalloc byte[Cjt188AddressField.Bytes];
        address.Write(payload);
        Begin(target, Cjt188Function.WriteAddress, Cjt188Identifier.WriteAddress, payload);
        _current = _current with { OtherAddress = address };
    }

    /// <summary>Begins setting the counter (16).</summary>
    /// <param name="value">Not negative; two decimals count.</param>
    public void BeginWriteBase(Cjt188Target target, decimal value, byte unitCode)
    {
        Span<byte> payload = stackalloc byte[Cjt188Layout.Base.PayloadBytes];
        Cjt188Layout.Base.Fields[0].WriteQuantity(payload, value, unitCode);
        Begin(target, Cjt188Function.WriteBase, Cjt188Identifier.WriteBase, payload);
    }

    public Memory<byte> Free()
    {
        Memory<byte> free = _received.Free();
        if (!free.IsEmpty)
        {
            return free;
        }

        // Only a caller that never takes comes here; what lies there is older than any answer.
        CountNoise(_received.Unread);
        _received.Clear();
        return _received.Free();
    }

    public void Received(int count) => _received.Received(count);

    public BusStatus Take(bool silent)
    {
        while (Next(silent, out Cjt188Frame frame))
        {
            BusStatus status = _waits ? Judge(frame) : BusStatus.NeedMore;
            if (!_waits)
            {
                CountUnasked(frame);
            }

            _received.Consume(frame.Length);
            if (status != BusStatus.NeedMore)
            {
                _waits = false;
                return status;
            }
        }

        return BusStatus.NeedMore;
    }

    public void Discard(bool silent)
    {
        while (Next(silent, out Cjt188Frame frame))
        {
            CountUnasked(frame);
            _received.Consume(frame.Length);
        }
    }

    public void Abandon() => _waits = false;

    public void Reset() => _received.Clear();

    private void Begin(Cjt188Target target, Cjt188Function function, ushort identifier, ReadOnlySpan<byte> payload)
    {
        // What lies there answers what was asked before, a doubled refusal that names nothing among it.
        Discard(silent: true);
        _past[_nextPast] = _current;
        _nextPast = (_nextPast + 1) % Remembered;
        _current = new Exchange(target, function, identifier, _serial, target.Address);
        unchecked
        {
            _serial++;
        }

        _frameAt = _wakeUpBytes;
        _outgoing.AsSpan(0, _frameAt).Fill(Cjt188Frame.WakeUp);
        Span<byte> frame = _outgoing.AsSpan(_frameAt);
        int dataBytes = Cjt188Body.Write(frame[Cjt188Frame.DataAt..], identifier, target.Order, _current.Serial, payload);
        _outgoingBytes = _frameAt + Cjt188Frame.Seal(frame, target.MeterType, target.Address, (byte)function, dataBytes);
        _waits = true;
        _replyBytes = 0;
        HasAnswer = false;
        Why = "";
    }

    private bool Next(bool silent, out Cjt188Frame frame)
    {
        ScanStatus status = Cjt188Frame.Seek(_received.Unread, silent, out int start, out frame);
        if (start > 0)
        {
            CountNoise(_received.Unread[..start]);
            _received.Consume(start);
        }

        return status == ScanStatus.Done;
    }

    private BusStatus Judge(in Cjt188Frame frame)
    {
        if (!frame.FromMeter || !_current.IsAbout(frame))
        {
            CountUnasked(frame);
            return BusStatus.NeedMore;
        }

        bool hasBody = Cjt188Body.TryRead(frame.Data, _current.Identifier, out Cjt188Body body);
        if (frame.IsError)
        {
            return Refusal(frame);
        }

        if (hasBody && body.Identifier == _current.Identifier && body.Serial == _current.Serial)
        {
            Keep(frame, Cjt188Body.HeaderBytes);
            HasAnswer = true;
            return BusStatus.Answered;
        }

        if (IsPast(frame))
        {
            LateReplies++;
            return BusStatus.NeedMore;
        }

        Keep(frame, 0);
        Why = hasBody
            ? $"the meter answers {body.Identifier:X4} with serial number {body.Serial}, asked was {_current.Identifier:X4} with {_current.Serial}"
            : "the answer is too short for an identifier and a serial number";
        return BusStatus.Mismatch;
    }

    /// <summary>
    /// The body of an error report is the serial number and two status bytes, or one byte of the maker's: only the first form says what it belongs to.
    /// </summary>
    private BusStatus Refusal(in Cjt188Frame frame)
    {
        if (frame.Data.Length == 1 + Cjt188Status.Bytes && frame.Data[0] != _current.Serial && IsPast(frame))
        {
            LateReplies++;
            return BusStatus.NeedMore;
        }

        Keep(frame, 0);
        Why = $"the meter refuses (control code {frame.Control:X2}, {(frame.Data.IsEmpty ? "no reason" : Convert.ToHexString(frame.Data))})";
        return BusStatus.Refused;
    }

    private void Keep(in Cjt188Frame frame, int payloadAt)
    {
        frame.Data.CopyTo(_reply);
        _replyAt = payloadAt;
        _replyBytes = frame.Data.Length - payloadAt;
        ReplyAddress = frame.Address;
        ReplyMeterType = frame.MeterType;
    }

    private void CountUnasked(in Cjt188Frame frame)
    {
        bool ownEcho = !frame.FromMeter && _received.Unread[..frame.Length].SequenceEqual(_outgoing.AsSpan(_frameAt, _outgoingBytes - _frameAt));
        if (ownEcho)
        {
            return;
        }

        if (frame.FromMeter && (IsPast(frame) || (!_waits && _current.Answers(frame))))
        {
            LateReplies++;
        }
        else
        {
            ForeignReplies++;
        }
    }

    private bool IsPast(in Cjt188Frame frame)
    {
        foreach (Exchange past in _past)
        {
            if (past.Answers(frame))
            {
                return true;
            }
        }

        return false;
    }

    private void CountNoise(ReadOnlySpan<byte> bytes) => NoiseBytes += bytes.Length - bytes.Count(Cjt188Frame.WakeUp);

    /// <summary>A request and what an answer to it must look like. default answers nothing.</summary>
    private readonly record struct Exchange(Cjt188Target Target, Cjt188Function Function, ushort Identifier, byte Serial, Cjt188AddressField OtherAddress)
    {
        /// <summary>From the meter that was asked, and about what it was asked to do.</summary>
        public bool IsAbout(in Cjt188Frame frame) =>
            frame.Function == Function && Cjt188MeterType.Covers(Target.MeterType, frame.MeterType)
            && (Target.Address.Covers(frame.Address) || OtherAddress == frame.Address);

        public bool Answers(in Cjt188Frame frame)
        {
            if (!IsAbout(frame))
            {
                return false;
            }

            return frame.IsError
                ? frame.Data.Length != 1 + Cjt188Status.Bytes || frame.Data[0] == Serial
                : Cjt188Body.TryRead(frame.Data, Identifier, out Cjt188Body body) && body.Identifier == Identifier && body.Serial == Serial;
        }
    }
}
