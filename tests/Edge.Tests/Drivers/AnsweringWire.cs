using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>A bus whose devices answer at once.</summary>
internal abstract class AnsweringWire : IPacedChannel
{
    private readonly Queue<byte> _waiting = new();

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
        foreach (byte b in Answer(source.Span))
        {
            _waiting.Enqueue(b);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <returns>What the devices send; empty when they keep silent.</returns>
    protected abstract ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> request);
}
