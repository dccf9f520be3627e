using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Modbus;

/// <summary>How a master's request stands.</summary>
public enum ModbusReplyStatus : byte
{
    /// <summary>The answer has not arrived yet.</summary>
    NeedMore,

    /// <summary>The answer is in <see cref="ModbusMasterSession.Reply"/>.</summary>
    Answered,

    /// <summary>The device refused; the code is in <see cref="ModbusMasterSession.Exception"/>.</summary>
    Exception,

    /// <summary>The device answered something else than what was asked. The bytes stay in step; the connection can be used on.</summary>
    Mismatch,

    /// <summary>The bytes are out of step for good. The connection must be closed and the session be reset.</summary>
    Malformed,
}

/// <summary>What a master accepts from gateways that do not repeat the header as they should.</summary>
[Flags]
public enum ModbusTolerance : byte
{
    /// <summary>Transaction and unit must be the request's.</summary>
    None = 0,

    /// <summary>Transaction 0 answers whatever is asked. Costs the protection against late replies.</summary>
    TransactionZero = 1,

    /// <summary>Any unit answers, as long as the transaction is right.</summary>
    AnyUnit = 2,
}

/// <summary>
/// The master's side of one Modbus TCP connection; one request at a time. <c>Begin…</c> gives the bytes to send; then, until the answer is there or
/// the caller gives up: receive into <see cref="Free"/>, <see cref="Received"/>, <see cref="TakeReply"/>. Who gives up calls <see cref="Abandon"/> and
/// may begin the next request at once: a reply that still comes is known by its transaction, discarded and counted. Owned by one task; allocates
/// nothing after construction.
/// </summary>
public sealed class ModbusMasterSession(ModbusTolerance tolerance = ModbusTolerance.None)
{
    private readonly byte[] _request = new byte[ModbusTcpFrame.MaxBytes];
    private readonly ReceiveBuffer _received = new(4 * ModbusTcpFrame.MaxBytes);

    private ushort _transaction;
    private int _requestPduBytes;
    private byte _unit;
    private bool _waiting;

    // Breaks once and stays so until Reset: what follows in the stream means nothing any more.
    private bool _broken;

    // Where the reply lies in front of what is unread; consumed by the next call that touches the buffer.
    private int _replyBytes;

    /// <summary>How many replies came to requests that had been abandoned.</summary>
    public long LateReplies { get; private set; }

    /// <summary>How many replies came that nobody here had asked for: another transaction, unit or function.</summary>
    public long ForeignReplies { get; private set; }

    /// <summary>The code of the last reply that refused.</summary>
    public ModbusExceptionCode Exception { get; private set; }

    /// <summary>For people: why the last reply was a mismatch or malformed.</summary>
    public string Why { get; private set; } = "";

    /// <summary>The PDU of the answer, after <see cref="ModbusReplyStatus.Answered"/> and until the next call of any other member.</summary>
    public ReadOnlySpan<byte> Reply => _received.Unread.Slice(0, _replyBytes)[Math.Min(_replyBytes, ModbusTcpFrame.HeaderBytes)..];

    /// <summary>What has arrived and was not understood, for a log line.</summary>
    public ReadOnlySpan<byte> Unread => _received.Unread;

    private Span<byte> PduSpace => _request.AsSpan(ModbusTcpFrame.HeaderBytes);

    public ReadOnlyMemory<byte> BeginRead(byte unit, RegisterTable table, ushort address, int quantity) =>
        Begin(unit, ModbusPduWriter.ReadRequest(PduSpace, table, address, quantity));

    public ReadOnlyMemory<byte> BeginWriteCoil(byte unit, ushort address, bool value) =>
        Begin(unit, ModbusPduWriter.WriteSingleCoil(PduSpace, address, value));

    public ReadOnlyMemory<byte> BeginWriteRegister(byte unit, ushort address, ushort value) =>
        Begin(unit, ModbusPduWriter.WriteSingleRegister(PduSpace, address, value));

    public ReadOnlyMemory<byte> BeginWriteCoils(byte unit, ushort address, ReadOnlySpan<bool> values) =>
        Begin(unit, ModbusPduWriter.WriteMultipleCoilsRequest(PduSpace, address, values));

    public ReadOnlyMemory<byte> BeginWriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values) =>
        Begin(unit, ModbusPduWriter.WriteMultipleRegistersRequest(PduSpace, address, values));

    public ReadOnlyMemory<byte> BeginMaskWrite(byte unit, ushort address, ushort andMask, ushort orMask) =>
        Begin(unit, ModbusPduWriter.MaskWriteRegister(PduSpace, address, andMask, orMask));

    public ReadOnlyMemory<byte> BeginReadWrite(byte unit, ushort readAddress, int readQuantity, ushort writeAddress, ReadOnlySpan<ushort> values) =>
        Begin(unit, ModbusPduWriter.ReadWriteMultipleRegistersRequest(PduSpace, readAddress, readQuantity, writeAddress, values));

    /// <summary>The next part of a device's identification; give the reply to <see cref="ModbusDeviceIdentity.Take"/> and go on until it is complete.</summary>
    public ReadOnlyMemory<byte> BeginReadIdentification(byte unit, ModbusDeviceIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return Begin(unit, identity.WriteRequest(PduSpace));
    }

    /// <summary>A request of any function, as a PDU of 1 to 253 bytes.</summary>
    public ReadOnlyMemory<byte> BeginRaw(byte unit, ReadOnlySpan<byte> pdu)
    {
        pdu.CopyTo(PduSpace);
        return Begin(unit, pdu.Length);
    }

    /// <summary>Where the next bytes may be received.</summary>
    public Memory<byte> Free()
    {
        DropReply();
        return _received.Free();
    }

    /// <summary>States that <paramref name="count"/> bytes were placed at the start of <see cref="Free"/>.</summary>
    public void Received(int count) => _received.Received(count);

    /// <summary>Looks for the answer in what has arrived, past replies that are not for this request.</summary>
    public ModbusReplyStatus TakeReply()
    {
        DropReply();
        if (_broken)
        {
            return ModbusReplyStatus.Malformed;
        }

        while (true)
        {
            ScanStatus status = ModbusTcpFrame.Scan(_received.Unread, out ModbusTcpFrame frame, out string why);
            if (status == ScanStatus.NeedMore)
            {
                return ModbusReplyStatus.NeedMore;
            }

            if (status == ScanStatus.Malformed)
            {
                return Break(why);
            }

            ModbusReplyStatus? outcome = Judge(frame);
            if (outcome is not null)
            {
                return outcome.Value;
            }

            _received.Consume(frame.Length);
        }
    }

    /// <summary>Gives up the request that waits; its reply, if it still comes, is discarded.</summary>
    public void Abandon() => _waiting = false;

    /// <summary>
    /// Forgets what has arrived: a new connection begins. A request that waits still does and may be sent there. Transactions go on, so that
    /// nothing of the old connection can be mistaken.
    /// </summary>
    public void Reset()
    {
        _received.Clear();
        _replyBytes = 0;
        _broken = false;
    }

    private ReadOnlyMemory<byte> Begin(byte unit, int pduBytes)
    {
        if (_waiting || _broken)
        {
            string misuse = _broken ? "the session is out of step; reset it for a new connection" : "a request waits; abandon it before the next one begins";
            throw new InvalidOperationException(misuse);
        }

        DropReply();
        // Transaction 0 is left out: it is what some gateways answer to everything.
        _transaction = _transaction == ushort.MaxValue ? (ushort)1 : (ushort)(_transaction + 1);
        _unit = unit;
        _requestPduBytes = pduBytes;
        _waiting = true;
        Exception = ModbusExceptionCode.None;
        Why = "";
        return _request.AsMemory(0, ModbusTcpFrame.WriteHeader(_request, _transaction, unit, pduBytes));
    }

    /// <summary>Null when the frame is not for the request that waits: it is counted, and the wait goes on.</summary>
    private ModbusReplyStatus? Judge(in ModbusTcpFrame frame)
    {
        bool transactionFits = frame.Transaction == _transaction || (frame.Transaction == 0 && tolerance.HasFlag(ModbusTolerance.TransactionZero));
        if (!_waiting || !transactionFits)
        {
            CountDiscarded(frame.Transaction);
            return null;
        }

        if (frame.Unit != _unit && !tolerance.HasFlag(ModbusTolerance.AnyUnit))
        {
            ForeignReplies++;
            return null;
        }

        ReadOnlySpan<byte> request = _request.AsSpan(ModbusTcpFrame.HeaderBytes, _requestPduBytes);
        ModbusReplyVerdict verdict = ModbusReplyCheck.Judge(request, frame.Pdu, out string why);
        if (verdict == ModbusReplyVerdict.OtherFunction)
        {
            ForeignReplies++;
            return null;
        }

        _waiting = false;
        Why = why;
        switch (verdict)
        {
            case ModbusReplyVerdict.Answer:
                _replyBytes = frame.Length;
                return ModbusReplyStatus.Answered;
            case ModbusReplyVerdict.Exception:
                Exception = (ModbusExceptionCode)frame.Pdu[1];
                _received.Consume(frame.Length);
                return ModbusReplyStatus.Exception;
            case ModbusReplyVerdict.Mismatch:
                _received.Consume(frame.Length);
                return ModbusReplyStatus.Mismatch;
            default:
                // The header's length and the reply's own length disagree: nobody can tell where the next reply begins.
                return Break(why);
        }
    }

    private ModbusReplyStatus Break(string why)
    {
        _waiting = false;
        _broken = true;
        Why = why;
        return ModbusReplyStatus.Malformed;
    }

    private void CountDiscarded(ushort transaction)
    {
        // The lower half of the circle behind the newest transaction is the past; the newest itself is late once it was abandoned or answered.
        int behind = (_transaction - transaction) & ushort.MaxValue;
        if (transaction != 0 && behind < 0x8000)
        {
            LateReplies++;
        }
        else
        {
            ForeignReplies++;
        }
    }

    private void DropReply()
    {
        _received.Consume(_replyBytes);
        _replyBytes = 0;
    }
}
