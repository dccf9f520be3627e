using System.Buffers;

namespace IotProperty.Protocols.Mqtt;

/// <summary>
/// Bytes on their way to a peer: one buffer collects while the other is being sent. A session writes into it under its connection's lock; whoever is the
/// sender moves the bytes on. It grows as needed: the connection bounds it by <see cref="Count"/>.
/// </summary>
/// <param name="initialBytes">The size of a fresh buffer; at least 1.</param>
/// <param name="keptBytes">A buffer that one large message blew up beyond this is not kept.</param>
public sealed class MqttOutgoing(int initialBytes, int keptBytes) : IBufferWriter<byte>
{
    private byte[] _collecting = new byte[initialBytes];
    private byte[] _sending = new byte[initialBytes];

    /// <summary>How many bytes have collected since the last <see cref="TakeForSending"/>.</summary>
    public int Count { get; private set; }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _collecting.Length - Count);
        Count += count;
    }

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

    /// <summary>What has collected. The memory belongs to the sender, without the lock, until the next call.</summary>
    public ReadOnlyMemory<byte> TakeForSending()
    {
        ReadOnlyMemory<byte> bytes = _collecting.AsMemory(0, Count);
        (_collecting, _sending) = (_sending.Length > keptBytes ? new byte[initialBytes] : _sending, _collecting);
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
