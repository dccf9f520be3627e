using System.Buffers.Binary;
using System.Text;

namespace IotProperty.Protocols.Mqtt;

/// <summary>
/// Writes the data representations of §1.5, or only counts them: lengths stand before what they measure, so every packet is written twice, first
/// into nothing.
/// </summary>
internal ref struct MqttFieldWriter
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Span<byte> _destination;
    private readonly bool _counting;

    public MqttFieldWriter(Span<byte> destination, MqttVersion version)
    {
        _destination = destination;
        Version = version;
    }

    private MqttFieldWriter(MqttVersion version) => (_counting, Version) = (true, version);

    /// <summary>Of the connection that the packet is for.</summary>
    public MqttVersion Version { get; }

    public int Count { get; private set; }

    public static MqttFieldWriter Counting(MqttVersion version) => new(version);

    public void Byte(byte value)
    {
        if (!_counting)
        {
            _destination[Count] = value;
        }

        Count++;
    }

    public void TwoByteInteger(ushort value)
    {
        if (!_counting)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_destination[Count..], value);
        }

        Count += 2;
    }

    public void FourByteInteger(uint value)
    {
        if (!_counting)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_destination[Count..], value);
        }

        Count += 4;
    }

    public void VariableByteInteger(int value) =>
        Count += _counting ? MqttVariableByteInteger.Size(value) : MqttVariableByteInteger.Write(_destination[Count..], value);

    public void Bytes(ReadOnlySpan<byte> value)
    {
        if (!_counting)
        {
            value.CopyTo(_destination[Count..]);
        }

        Count += value.Length;
    }

    public void BinaryData(ReadOnlySpan<byte> value)
    {
        TwoByteInteger(CheckLength(value.Length));
        Bytes(value);
    }

    public void Utf8String(string value)
    {
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("an MQTT string cannot hold U+0000 [MQTT-1.5.4-2]", nameof(value));
        }

        int length = CheckLength(Strict.GetByteCount(value));
        TwoByteInteger((ushort)length);
        if (!_counting)
        {
            Strict.GetBytes(value, _destination.Slice(Count, length));
        }

        Count += length;
    }

    private static ushort CheckLength(int length) => length <= ushort.MaxValue
        ? (ushort)length
        : throw new ArgumentException($"a string or binary field of {length} bytes exceeds 65535 (§1.5.4)");
}
