namespace IotProperty.Protocols.Framing;

/// <summary>
/// A bounded buffer between a byte source and a scanner: the shell receives into <see cref="Free"/> and says how much came, the scanner looks at
/// <see cref="Unread"/> and says how much it took. Never grows; not safe for two tasks.
/// </summary>
public sealed class ReceiveBuffer
{
    private readonly byte[] _bytes;

    // 0 <= _start <= _end <= _bytes.Length
    private int _start;
    private int _end;

    /// <param name="capacity">In bytes; at least the longest unit that the scanner can ask for, or a long unit could never be completed.</param>
    public ReceiveBuffer(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _bytes = new byte[capacity];
    }

    /// <summary>What has arrived and was not consumed yet. Stays in place until <see cref="Free"/> is called.</summary>
    public ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Where the next bytes may be received; empty only when <see cref="Unread"/> fills the whole buffer. Moves what is unread to the front.</summary>
    public Memory<byte> Free()
    {
        if (_start > 0)
        {
            _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
            _end -= _start;
            _start = 0;
        }

        return _bytes.AsMemory(_end);
    }

    /// <summary>States that <paramref name="count"/> bytes were placed at the start of <see cref="Free"/>.</summary>
    public void Received(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _end);
        _end += count;
    }

    /// <summary>States that the first <paramref name="count"/> bytes of <see cref="Unread"/> are done with.</summary>
    public void Consume(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _end - _start);
        _start += count;
    }

    public void Clear()
    {
        _start = 0;
        _end = 0;
    }
}
