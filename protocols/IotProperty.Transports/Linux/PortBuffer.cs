namespace IotProperty.Transports.Linux;

/// <summary>What a port has taken in and nobody has read yet. Bounded: when it is full, the kernel holds back the rest.</summary>
internal sealed class PortBuffer
{
    /// <summary>As much as the kernel's line discipline keeps.</summary>
    private const int Capacity = 4096;

    private readonly byte[] _bytes = new byte[Capacity];
    private int _start;

    public int Count { get; private set; }

    /// <summary>Where the next bytes may be received; empty when the buffer is full.</summary>
    public Span<byte> Room()
    {
        if (Count == 0)
        {
            _start = 0;
        }
        else if (_start > 0 && _start + Count == _bytes.Length)
        {
            _bytes.AsSpan(_start, Count).CopyTo(_bytes);
            _start = 0;
        }

        return _bytes.AsSpan(_start + Count);
    }

    /// <summary>States that <paramref name="count"/> bytes were placed at the start of <see cref="Room"/>.</summary>
    public void Add(int count) => Count += count;

    /// <summary>Hands out the oldest bytes. Returns how many.</summary>
    public int Take(Span<byte> destination)
    {
        int taken = Math.Min(destination.Length, Count);
        _bytes.AsSpan(_start, taken).CopyTo(destination);
        _start += taken;
        Count -= taken;
        return taken;
    }
}
