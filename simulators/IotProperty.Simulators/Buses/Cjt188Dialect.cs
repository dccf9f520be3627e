using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;

namespace IotProperty.Simulators.Buses;

/// <summary>CJ/T 188.</summary>
public sealed class Cjt188Dialect : IBusDialect
{
    /// <summary>The start byte and the meter type stand before the address.</summary>
    private const int AddressAt = 2;

    public static Cjt188Dialect Instance { get; } = new();

    public int MaxRequestBytes => Cjt188Frame.MaxBytes;

    /// <summary>With the wake-up bytes of <see cref="Devices.Cjt188Station"/>.</summary>
    public int MaxReplyBytes => Cjt188Frame.MaxBytes + 4;

    public void Seek(ReadOnlySpan<byte> bytes, bool silent, out int start, out int length)
    {
        ScanStatus status = Cjt188Frame.Seek(bytes, silent, out start, out Cjt188Frame frame);
        length = status == ScanStatus.Done ? frame.Length : 0;
    }

    public int WakeUpBytes(ReadOnlySpan<byte> reply) => SummedFrame.WakeUpBytes(reply);

    public void Readdress(Span<byte> reply) => SummedFrame.Readdress(reply[WakeUpBytes(reply)..], AddressAt);
}
