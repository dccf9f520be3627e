using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Drivers.Dlt645;

/// <summary>A bus with one meter on it, which answers at once. Counts the requests by their function.</summary>
internal sealed class MeterWire(WireMeter meter) : IPacedChannel
{
    private readonly Dlt645Responder _responder = new(meter, maxDataBytes: meter.MaxDataBytes);
    private readonly Queue<byte> _waiting = new();
    private readonly byte[] _reply = new byte[Dlt645Frame.MaxBytes];

    public List<string> Requests { get; } = [];

    public string Endpoint => "meter wire";

    public bool PeerHasClosed => false;

    public int Available => _waiting.Count;

    public ValueTask<IPacedChannel> OpenAsync() => ValueTask.FromResult<IPacedChannel>(this);

    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_waiting.Count == 0)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        int count = Math.Min(_waiting.Count, destination.Length);
        for (int i = 0; i < count; i++)
        {
            destination.Span[i] = _waiting.Dequeue();
        }

        return count;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken) => WriteAfterSilenceAsync(source, TimeSpan.Zero, cancellationToken);

    public ValueTask WriteAfterSilenceAsync(ReadOnlyMemory<byte> source, TimeSpan silence, CancellationToken cancellationToken)
    {
        Assert.Equal(ScanStatus.Done, Dlt645Frame.Scan(source.Span, out Dlt645Frame frame, out _, out _));
        Requests.Add(Dlt645Functions.Of(meter.Edition, frame.Control.Code).ToString());
        int length = meter.IsDead ? 0 : _responder.Answer(frame, _reply);
        foreach (byte b in _reply.AsSpan(0, length))
        {
            _waiting.Enqueue(b);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
