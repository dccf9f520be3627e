using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Simulators.Buses;

/// <summary>Modbus TCP. There is no wire to keep the time of, but answers can go wrong all the same.</summary>
public sealed class ModbusTcpDialect : IBusDialect
{
    /// <summary>The last byte of the header.</summary>
    private const int UnitAt = ModbusTcpFrame.HeaderBytes - 1;

    public static ModbusTcpDialect Instance { get; } = new();

    public int MaxRequestBytes => ModbusTcpFrame.MaxBytes;

    public int MaxReplyBytes => ModbusTcpFrame.MaxBytes;

    public void Seek(ReadOnlySpan<byte> bytes, bool silent, out int start, out int length)
    {
        start = 0;
        length = ModbusTcpFrame.Scan(bytes, out ModbusTcpFrame frame, out _) == ScanStatus.Done ? frame.Length : 0;
    }

    public void Readdress(Span<byte> reply) => reply[UnitAt] = (byte)((reply[UnitAt] % 247) + 1);
}
