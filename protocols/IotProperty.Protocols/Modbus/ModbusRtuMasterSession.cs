using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// The master's side of a Modbus RTU line, or of RTU over TCP, whose bytes are the same (MODBUS over Serial Line V1.02). One exchange at a time; see
/// <see cref="IBusMaster"/> for its course. An answer counts only from the unit and for the function that was asked, and only if it fits the request.
/// Because an answer does not say which request it is to, <see cref="QuietUntilMs"/> holds a request back while a late answer to another one of the same
/// shape may still come, and an exception that may be such a late one is discarded. Allocates nothing per exchange but for device identification.
/// </summary>
public sealed class ModbusRtuMasterSession : IBusMaster
{
    /// <summary>Units after this one are reserved (§2.2).</summary>
    public const byte MaxUnit = 247;

    /// <summary>All units; writes only, and nobody answers (§2.2).</summary>
    public const byte Broadcast = 0;

    /// <summary>§2.4.1 asks for 100 to 200 ms.</summary>
    private const int DefaultTurnaroundMs = 200;

    private const int PduOffset = 1;

    private readonly byte[] _request = new byte[ModbusRtuFrame.MaxBytes];
    private readonly ReceiveBuffer _received = new(4 * ModbusRtuFrame.MaxBytes);
    private readonly ModbusUnanswered _unanswered = new();
    private readonly int _turnaroundMs;

    private int _requestBytes;
    private int _requestPduBytes;
    private byte _unit;
    private bool _waiting;
    private bool _sent;
    private ModbusDeviceIdentity? _identity;

    // Where the reply lies in front of what is unread; consumed by the next call that touches the buffer.
    private int _replyBytes;

    /// <param name="turnaroundMs">How long the devices are given after a broadcast. Milliseconds.</param>
    public ModbusRtuMasterSession(int turnaroundMs = DefaultTurnaroundMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(turnaroundMs);
        _turnaroundMs = turnaroundMs;
    }

    public ReadOnlyMemory<byte> Outgoing => _request.AsMemory(0, _requestBytes);

    public bool ExpectsReply => _unit != Broadcast;

    public int TurnaroundMs => ExpectsReply ? 0 : _turnaroundMs;

    public int MaxReplyBytes => PduOffset + ModbusCrc.Bytes + LongestReplyPdu();

    public string Why { get; private set; } = "";

    public long LateReplies { get; private set; }

    public long ForeignReplies { get; private set; }

    public long NoiseBytes { get; private set; }

    /// <inheritdoc/>
    public long QuietUntilMs => _waiting && ExpectsReply ? _unanswered.ConfusableUntilMs(_unit, Request) : 0;

    /// <inheritdoc/>
    public bool EchoPassesForAnswer
    {
        get
        {
            if (ModbusPduLength.Of(Request[..Math.Min(2, _requestPduBytes)], ModbusDirection.Reply) == ModbusPduLength.UnknownFunction)
            {
                return true;
            }

            ReadOnlySpan<byte> left = _request.AsSpan(0, _requestBytes);
            while (ModbusRtuFrame.Seek(left, ModbusDirection.Reply, silent: true, out int start, out ModbusRtuFrame frame) == ScanStatus.Done)
            {
                if (frame.Unit == _unit && ModbusReplyCheck.Judge(Request, frame.Pdu, out _) is ModbusReplyVerdict.Answer or ModbusReplyVerdict.Exception)
                {
                    return true;
                }

                left = left[(start + frame.Length)..];
            }

            return false;
        }
    }

    /// <summary>The code of the last answer that refused; none otherwise.</summary>
    public ModbusExceptionCode Exception { get; private set; }

    /// <summary>The PDU of the answer, after <see cref="BusStatus.Answered"/> and until the next call of another member.</summary>
    public ReadOnlySpan<byte> Reply => _replyBytes == 0 ? default : _received.Unread.Slice(PduOffset, _replyBytes - PduOffset - ModbusCrc.Bytes);

    /// <summary>What <see cref="BeginReadIdentification"/> has brought so far.</summary>
    public ModbusDeviceIdentity? Identity => _identity;

    private Span<byte> PduSpace => _request.AsSpan(PduOffset);

    private ReadOnlySpan<byte> Request => _request.AsSpan(PduOffset, _requestPduBytes);

    /// <summary>Nobody knows how long the answers of this function are: the user's own, for example.</summary>
    private bool EndsWithSilenceAlone =>
        _waiting && _sent && ModbusPduLength.Of(Request[..Math.Min(2, _requestPduBytes)], ModbusDirection.Reply) == ModbusPduLength.UnknownFunction;

    public void BeginRead(byte unit, RegisterTable table, ushort address, int quantity)
    {
        RefuseBroadcast(unit);
        Begin(unit, ModbusPduWriter.ReadRequest(PduSpace, table, address, quantity));
    }

    public void BeginWriteCoil(byte unit, ushort address, bool value) => Begin(unit, ModbusPduWriter.WriteSingleCoil(PduSpace, address, value));

    public void BeginWriteRegister(byte unit, ushort address, ushort value) => Begin(unit, ModbusPduWriter.WriteSingleRegister(PduSpace, address, value));

    public void BeginWriteCoils(byte unit, ushort address, ReadOnlySpan<bool> values) =>
        Begin(unit, ModbusPduWriter.WriteMultipleCoilsRequest(PduSpace, address, values));

    public void BeginWriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values) =>
        Begin(unit, ModbusPduWriter.WriteMultipleRegistersRequest(PduSpace, address, values));

    public void BeginMaskWrite(byte unit, ushort address, ushort andMask, ushort orMask) =>
        Begin(unit, ModbusPduWriter.MaskWriteRegister(PduSpace, address, andMask, orMask));

    public void BeginReadWrite(byte unit, ushort readAddress, int readQuantity, ushort writeAddress, ReadOnlySpan<ushort> values)
    {
        RefuseBroadcast(unit);
        Begin(unit, ModbusPduWriter.ReadWriteMultipleRegistersRequest(PduSpace, readAddress, readQuantity, writeAddress, values));
    }

    /// <summary>Reads who the device is, in as many parts as it takes; they are gathered in <see cref="Identity"/>.</summary>
    public void BeginReadIdentification(byte unit, ModbusIdentificationCode code, byte firstObject = 0)
    {
        RefuseBroadcast(unit);
        ModbusDeviceIdentity identity = new(code, firstObject);
        Begin(unit, identity.WriteRequest(PduSpace));
        _identity = identity;
    }

    /// <summary>A request of any function, as a PDU of 1 to 253 bytes. The answer to a function that is not known here ends with silence alone.</summary>
    public void BeginRaw(byte unit, ReadOnlySpan<byte> pdu)
    {
        pdu.CopyTo(PduSpace);
        Begin(unit, pdu.Length);
    }

    public Memory<byte> Free()
    {
        DropReply();
        return _received.Free();
    }

    public void Received(int count) => _received.Received(count);

    public void Sent(long nowMs, long lateUntilMs)
    {
        _sent = true;
        if (ExpectsReply)
        {
            _unanswered.Sent(_unit, Request, nowMs, lateUntilMs);
        }
    }

    public BusStatus Take(bool silent)
    {
        DropReply();
        if (EndsWithSilenceAlone && !silent && _received.Unread.Length <= ModbusRtuFrame.MaxBytes)
        {
            return BusStatus.NeedMore;
        }

        if (EndsWithSilenceAlone && TakeWhole())
        {
            return BusStatus.Answered;
        }

        while (Seek(silent, out ModbusRtuFrame frame) == ScanStatus.Done)
        {
            BusStatus status = Judge(frame);
            if (status == BusStatus.Answered)
            {
                _replyBytes = frame.Length;
                return Continue(frame);
            }

            _received.Consume(frame.Length);
            if (status != BusStatus.NeedMore)
            {
                return status;
            }
        }

        return BusStatus.NeedMore;
    }

    public void Discard(bool silent)
    {
        DropReply();
        while (Seek(silent, out ModbusRtuFrame frame) == ScanStatus.Done)
        {
            CountDiscarded(frame, default);
            _received.Consume(frame.Length);
        }
    }

    public void Abandon() => _waiting = false;

    public void Reset()
    {
        // What was asked stays known: the devices behind a port or a serial server know nothing of our connections.
        _received.Clear();
        _replyBytes = 0;
    }

    private static void RefuseBroadcast(byte unit)
    {
        if (unit == Broadcast)
        {
            throw new ArgumentOutOfRangeException(nameof(unit), unit, "nobody answers a broadcast, so nothing can be read with it");
        }
    }

    private void Begin(byte unit, int pduBytes)
    {
        if (_waiting)
        {
            throw new InvalidOperationException("an exchange waits; abandon it before the next one begins");
        }

        DropReply();
        _unit = unit;
        _identity = null;
        Compose(pduBytes);
        _waiting = true;
        Exception = ModbusExceptionCode.None;
        Why = "";
    }

    private void Compose(int pduBytes)
    {
        _requestPduBytes = pduBytes;
        _requestBytes = ModbusRtuFrame.Seal(_request, _unit, pduBytes);
        _sent = false;

        // What arrived behind the last answer, such as its double, cannot answer this request.
        Discard(silent: true);
    }

    private ScanStatus Seek(bool silent, out ModbusRtuFrame frame)
    {
        ScanStatus status = ModbusRtuFrame.Seek(_received.Unread, ModbusDirection.Reply, silent, out int start, out frame);
        NoiseBytes += start;
        _received.Consume(start);
        return status;
    }

    /// <summary>A whole frame is there: says whether it ends the exchange.</summary>
    private BusStatus Judge(in ModbusRtuFrame frame)
    {
        if (!_waiting || !_sent || frame.Unit != _unit)
        {
            CountDiscarded(frame, default);
            return BusStatus.NeedMore;
        }

        ModbusReplyVerdict verdict = ModbusReplyCheck.Judge(Request, frame.Pdu, out string why);
        switch (verdict)
        {
            case ModbusReplyVerdict.Answer:
                return BusStatus.Answered;
            case ModbusReplyVerdict.OtherFunction:
            case ModbusReplyVerdict.Exception when _unanswered.HasOther(_unit, Request):
                CountDiscarded(frame, Request);
                return BusStatus.NeedMore;
            case ModbusReplyVerdict.Exception:
                End("");
                Exception = (ModbusExceptionCode)frame.Pdu[1];
                Why = ModbusExceptionNames.ForPeople(Exception);
                return BusStatus.Refused;
            case ModbusReplyVerdict.Mismatch when _unanswered.Take(_unit, frame.Pdu, Request):
                LateReplies++;
                return BusStatus.NeedMore;
            default:
                End(why);
                return BusStatus.Mismatch;
        }
    }

    /// <summary>The answer is there; an identification may go on with its next part.</summary>
    private BusStatus Continue(in ModbusRtuFrame frame)
    {
        _unanswered.Settle(_unit, Request);
        End("");
        if (_identity is null)
        {
            return BusStatus.Answered;
        }

        if (!_identity.Take(frame.Pdu, out string why))
        {
            Why = why;
            return BusStatus.Mismatch;
        }

        if (_identity.IsComplete)
        {
            return BusStatus.Answered;
        }

        DropReply();
        Compose(_identity.WriteRequest(PduSpace));
        _waiting = true;
        return BusStatus.SendNext;
    }

    /// <summary>What arrived up to the silence is one frame, if its CRC says so.</summary>
    private bool TakeWhole()
    {
        ReadOnlySpan<byte> bytes = _received.Unread;
        if (!ModbusRtuFrame.IsSealed(bytes) || bytes[0] != _unit || bytes[PduOffset] != _request[PduOffset])
        {
            return false;
        }

        _replyBytes = bytes.Length;
        End("");
        return true;
    }

    private void End(string why)
    {
        _waiting = false;
        Why = why;
        _unanswered.Answered(_unit, Request);
    }

    private void CountDiscarded(in ModbusRtuFrame frame, ReadOnlySpan<byte> but)
    {
        if (_unanswered.Take(frame.Unit, frame.Pdu, but))
        {
            LateReplies++;
        }
        else
        {
            ForeignReplies++;
        }
    }

    private int LongestReplyPdu()
    {
        ReadOnlySpan<byte> request = Request;
        int quantity = request.Length >= 5 ? (request[3] << 8) + request[4] : 0;
        return (ModbusFunction)request[0] switch
        {
            ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs => 2 + ModbusData.BitBytes(quantity),
            ModbusFunction.ReadHoldingRegisters or ModbusFunction.ReadInputRegisters or ModbusFunction.ReadWriteMultipleRegisters => 2 + (quantity * 2),
            ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister or ModbusFunction.WriteMultipleCoils
                or ModbusFunction.WriteMultipleRegisters => 5,
            ModbusFunction.MaskWriteRegister => 7,
            _ => ModbusLimits.MaxPduBytes,
        };
    }

    private void DropReply()
    {
        _received.Consume(_replyBytes);
        _replyBytes = 0;
    }
}
