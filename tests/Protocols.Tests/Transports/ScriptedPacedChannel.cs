using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

/// <summary>A channel that hands out what the test puts in, in the same pieces, and keeps what was written.</summary>
internal sealed class ScriptedPacedChannel : IPacedChannel
{
    private readonly Queue<byte[]> _incoming = [];

    public List<byte[]> Written { get; } = [];

    public string Endpoint => "script";

    public bool PeerHasClosed => false;

    public int Available => _incoming.Sum(piece => piece.Length);

    public void Arrive(params byte[] piece) => _incoming.Enqueue(piece);

    /// <summary>At the end of the script the stream ends.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (!_incoming.TryDequeue(out byte[]? piece))
        {
            return new ValueTask<int>(0);
        }

        int count = Math.Min(piece.Length, destination.Length);
        piece.AsSpan(0, count).CopyTo(destination.Span);
        if (count < piece.Length)
        {
            byte[][] rest = [piece[count..], .. _incoming];
            _incoming.Clear();
            foreach (byte[] left in rest)
            {
                _incoming.Enqueue(left);
            }
        }

        return new ValueTask<int>(count);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        Written.Add(source.ToArray());
        return ValueTask.CompletedTask;
    }

    public ValueTask WriteAfterSilenceAsync(ReadOnlyMemory<byte> source, TimeSpan silence, CancellationToken cancellationToken) =>
        WriteAsync(source, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
