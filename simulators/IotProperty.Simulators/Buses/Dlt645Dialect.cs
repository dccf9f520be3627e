using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;

namespace IotProperty.Simulators.Buses;

/// <summary>DL/T 645, both editions: their frames are the same.</summary>
public sealed class Dlt645Dialect : IBusDialect
{
    /// <summary>Behind the first start byte.</summary>
    private const int AddressAt = 1;

    public static Dlt645Dialect Instance { get; } = new();

    public int MaxRequestBytes => Dlt645Frame.MaxBytes;

    public int MaxReplyBytes => Dlt645Frame.MaxBytes;

    public void Seek(ReadOnlySpan<byte> bytes, bool silent, out int start, out int length)
    {
        ScanStatus status = Dlt645Frame.Seek(bytes, silent, out start, out Dlt645Frame frame);
        length = status == ScanStatus.Done ? frame.Length : 0;
    }

    public int WakeUpBytes(ReadOnlySpan<byte> reply) => SummedFrame.WakeUpBytes(reply);

    public void Readdress(Span<byte> reply) => SummedFrame.Readdress(reply[WakeUpBytes(reply)..], AddressAt);
}
