using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;

namespace IotProperty.Simulators.Buses;

/// <summary>Wired M-Bus.</summary>
public sealed class MBusDialect : IBusDialect
{
    /// <summary>68 L L 68 C stand before the address of a long frame.</summary>
    private const int AddressAt = 5;

    public static MBusDialect Instance { get; } = new();

    public int MaxRequestBytes => MBusLimits.MaxFrameBytes;

    public int MaxReplyBytes => MBusLimits.MaxFrameBytes;

    public void Seek(ReadOnlySpan<byte> bytes, bool silent, out int start, out int length)
    {
        ScanStatus status = MBusFrame.Seek(bytes, silent, out start, out MBusFrame frame);
        length = status == ScanStatus.Done ? frame.Length : 0;
    }

    /// <summary>A mere acknowledgement carries no address and stays as it is.</summary>
    public void Readdress(Span<byte> reply)
    {
        if (reply.Length > 1)
        {
            SummedFrame.Readdress(reply, AddressAt);
        }
    }
}
