using System.Buffers;

namespace IotProperty.Edge.Uplink;

/// <summary>
/// Bytes on their way to the socket: one buffer collects while the other is being sent. Used under the link's lock, but for the memory that
/// <see cref="TakeForSending"/> returned, which belongs to the sender until it takes the next.
/// </summary>
internal sealed class MqttOutgoing : IBufferWriter<byte>
{
    private const int InitialBytes = 4096;

    // A buffer that one large batch blew up is not kept.
    private const int KeptBytes = 256 * 1024;

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
