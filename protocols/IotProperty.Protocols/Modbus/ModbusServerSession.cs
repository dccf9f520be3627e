using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// The server's side of one Modbus TCP connection. The shell receives into <see cref="Free"/>, calls <see cref="Received"/>, then
/// <see cref="Answer"/> until it needs more, sending each reply before the next call. Owned by one task; allocates nothing after construction.
/// </summary>
public sealed class ModbusServerSession(IModbusDeviceImage image)
{
    private readonly ModbusResponder _responder = new(image);
    private readonly ReceiveBuffer _received = new(4 * ModbusTcpFrame.MaxBytes);
    private readonly byte[] _reply = new byte[ModbusTcpFrame.MaxBytes];

    /// <summary>The first reason why the bytes of this connection cannot be Modbus TCP; null while they are. Such a connection is closed.</summary>
    public string? Broken { get; private set; }

    /// <summary>Where the next bytes may be received.</summary>
    public Memory<byte> Free() => _received.Free();

    /// <summary>States that <paramref name="count"/> bytes were placed at the start of <see cref="Free"/>.</summary>
    public void Received(int count) => _received.Received(count);

    /// <summary>Takes one request from what has arrived.</summary>
    /// <param name="reply">
    /// The bytes to send, until the next call; empty when the unit stays silent (or when the outcome is not <see cref="ScanStatus.Done"/>).
    /// </param>
    public ScanStatus Answer(out ReadOnlyMemory<byte> reply)
    {
        reply = default;
        if (Broken is not null)
        {
            return ScanStatus.Malformed;
        }

        ScanStatus status = ModbusTcpFrame.Scan(_received.Unread, out ModbusTcpFrame request, out string why);
        if (status == ScanStatus.Malformed)
        {
            Broken = why;
        }
        else if (status == ScanStatus.Done)
        {
            int pduBytes = _responder.Answer(request.Unit, request.Pdu, _reply.AsSpan(ModbusTcpFrame.HeaderBytes));
            if (pduBytes > 0)
            {
                int total = ModbusTcpFrame.WriteHeader(_reply, request.Transaction, request.Unit, pduBytes);
                reply = _reply.AsMemory(0, total);
            }

            _received.Consume(request.Length);
        }

        return status;
    }
}
