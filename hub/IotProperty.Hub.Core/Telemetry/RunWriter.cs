using System.Buffers.Binary;

namespace IotProperty.Hub.Telemetry;

/// <summary>Writes the small numbers of a run into a span that the caller has made large enough.</summary>
internal ref struct RunWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Length { get; private set; }

    public void Byte(byte value) => _destination[Length++] = value;

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_destination[Length..]);
        Length += value.Length;
    }

    /// <summary>Seven bits a byte, least significant first, the top bit set on all bytes but the last.</summary>
    public void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _destination[Length++] = unchecked((byte)(value | 0x80));
            value >>= 7;
        }

        _destination[Length++] = (byte)value;
    }

    /// <summary>A signed number whose sign moves to the lowest bit, so that small numbers of either sign are short.</summary>
    public void Zigzag(long value) => Varint(unchecked((ulong)((value << 1) ^ (value >> 63))));

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_destination[Length..], value);
        Length += sizeof(uint);
    }
}
