using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// The devices' side of a Modbus RTU line, one or many units behind it. The shell receives into <see cref="Free"/>, calls <see cref="Received"/>, then
/// <see cref="Answer"/> until it needs more, sending each reply before the next call. Noise and the frames of others are passed over. A broadcast write reaches
/// every unit that answers, and nobody replies (MODBUS over Serial Line V1.02, §2.2). Owned by one task; allocates nothing after construction.
/// </summary>
public sealed class ModbusRtuServerSession(IModbusDeviceImage image)
{
    private const int PduOffset = 1;

    private readonly ModbusResponder _responder = new(image);
    private readonly ReceiveBuffer _received = new(4 * ModbusRtuFrame.MaxBytes);
    private readonly byte[] _reply = new byte[ModbusRtuFrame.MaxBytes];

    /// <summary>Bytes that belonged to no request.</summary>
    public long NoiseBytes { get; private set; }

    /// <summary>The unit that the last request was for.</summary>
    public byte Unit { get; private set; }

    private bool IsUnknownFunction
    {
        get
        {
            ReadOnlySpan<byte> bytes = _received.Unread;
            return bytes.Length > PduOffset && (bytes[PduOffset] & ModbusFunctions.ExceptionBit) == 0
                && ModbusPduLength.Of(bytes[PduOffset..], ModbusDirection.Request) == ModbusPduLength.UnknownFunction;
        }
    }

    /// <summary>Where the next bytes may be received.</summary>
    public Memory<byte> Free() => _received.Free();

    /// <summary>States that <paramref name="count"/> bytes were placed at the start of <see cref="Free"/>.</summary>
    public void Received(int count) => _received.Received(count);

    /// <summary>Takes one request from what has arrived.</summary>
    /// <param name="silent">Whether the line has fallen silent behind it.</param>
    /// <param name="reply">The bytes to send, until the next call; empty when nobody answers.</param>
    /// <returns>Done when a request was taken, NeedMore otherwise; never malformed.</returns>
    public ScanStatus Answer(bool silent, out ReadOnlyMemory<byte> reply)
    {
        reply = default;
        if (IsUnknownFunction)
        {
            if (!silent && _received.Unread.Length <= ModbusRtuFrame.MaxBytes)
            {
                return ScanStatus.NeedMore;
            }

            if (TakeWhole(out reply))
            {
                return ScanStatus.Done;
            }
        }

        ScanStatus status = ModbusRtuFrame.Seek(_received.Unread, ModbusDirection.Request, silent, out int start, out ModbusRtuFrame request);
        NoiseBytes += start;
        if (status == ScanStatus.Done)
        {
            reply = Serve(request.Unit, request.Pdu);
            start += request.Length;
        }

        _received.Consume(start);
        return status;
    }

    /// <summary>Forgets what has arrived.</summary>
    public void Reset() => _received.Clear();

    /// <summary>A function that nobody knows is refused as what it is, not passed over as noise: up to the silence it is one sound frame.</summary>
    private bool TakeWhole(out ReadOnlyMemory<byte> reply)
    {
        ReadOnlySpan<byte> bytes = _received.Unread;
        reply = default;
        if (!ModbusRtuFrame.IsSealed(bytes))
        {
            return false;
        }

        reply = Serve(bytes[0], bytes[PduOffset..^ModbusCrc.Bytes]);
        _received.Consume(bytes.Length);
        return true;
    }

    private ReadOnlyMemory<byte> Serve(byte unit, ReadOnlySpan<byte> pdu)
    {
        Unit = unit;
        Span<byte> replyPdu = _reply.AsSpan(PduOffset, ModbusLimits.MaxPduBytes);
        if (unit != ModbusRtuMasterSession.Broadcast)
        {
            int pduBytes = _responder.Answer(unit, pdu, replyPdu);
            return pduBytes == 0 ? default : _reply.AsMemory(0, ModbusRtuFrame.Seal(_reply, unit, pduBytes));
        }

        for (byte each = 1; each <= ModbusRtuMasterSession.MaxUnit; each++)
        {
            _responder.Answer(each, pdu, replyPdu);
        }

        return default;
    }
}
