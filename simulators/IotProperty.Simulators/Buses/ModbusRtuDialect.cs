using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Simulators.Buses;

/// <summary>Modbus RTU; on a TCP connection the same bytes are RTU over TCP.</summary>
public sealed class ModbusRtuDialect : IBusDialect
{
    private const int UnitAndCrcBytes = 1 + ModbusCrc.Bytes;

    public static ModbusRtuDialect Instance { get; } = new();

    public int MaxRequestBytes => ModbusRtuFrame.MaxBytes;

    public int MaxReplyBytes => ModbusRtuFrame.MaxBytes;

    public void Seek(ReadOnlySpan<byte> bytes, bool silent, out int start, out int length)
    {
        ScanStatus status = ModbusRtuFrame.Seek(bytes, ModbusDirection.Request, silent, out start, out ModbusRtuFrame frame);
        length = status == ScanStatus.Done ? frame.Length : 0;
    }

    public void Readdress(Span<byte> reply)
    {
        byte other = (byte)(reply[0] % 247 + 1);
        ModbusRtuFrame.Seal(reply, other, reply.Length - UnitAndCrcBytes);
    }
}
