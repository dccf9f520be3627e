using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Tests.Drivers.Dlt645;

/// <summary>A bus with one meter on it, which answers at once. Counts the requests by their function.</summary>
internal sealed class MeterWire(WireMeter meter) : AnsweringWire
{
    private readonly Dlt645Responder _responder = new(meter, maxDataBytes: meter.MaxDataBytes);
    private readonly byte[] _reply = new byte[Dlt645Frame.MaxBytes];

    public List<string> Requests { get; } = [];

    protected override ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> request)
    {
        Assert.Equal(ScanStatus.Done, Dlt645Frame.Scan(request, out Dlt645Frame frame, out _, out _));
        Requests.Add(Dlt645Functions.Of(meter.Edition, frame.Control.Code).ToString());
        return _reply.AsSpan(0, meter.IsDead ? 0 : _responder.Answer(frame, _reply));
    }
}
