using System.Buffers;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// Bytes on their way to an edge. Kestrel's writer allows one user at a time; sessions write here under the connection's lock, and whoever is the sender
/// moves the bytes on.
/// </summary>
internal sealed class FrontDoorOutgoing : IBufferWriter<byte>
{
    private const int InitialBytes = 1024;
    private const int KeptBytes = 64 * 1024;

    private byte[] _collecting = new byte[InitialBytes];
    private byte[] _sending = new byte[InitialBytes];

    public int Count { get; private set; }

    public void Advance(int count) => Count += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _collecting.AsMemory(Count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _collecting.AsSpan(Count);
    }

    /// <summary>The memory stays valid until the next call.</summary>
    public ReadOnlyMemory<byte> TakeForSending()
    {
        ReadOnlyMemory<byte> bytes = _collecting.AsMemory(0, Count);
        (_collecting, _sending) = (_sending.Length > KeptBytes ? new byte[InitialBytes] : _sending, _collecting);
        Count = 0;
        return bytes;
    }

    private void Reserve(int sizeHint)
    {
        int needed = Count + Math.Max(sizeHint, 1);
        if (needed > _collecting.Length)
        {
            Array.Resize(ref _collecting, Math.Max(needed, _collecting.Length * 2));
        }
    }
}
