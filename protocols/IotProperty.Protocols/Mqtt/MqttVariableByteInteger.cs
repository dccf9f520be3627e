using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Mqtt;

/// <summary>The Variable Byte Integer of §1.5.5: seven bits a byte, least significant first, one to four bytes.</summary>
public static class MqttVariableByteInteger
{
    public const int MaxValue = 268_435_455;

    /// <summary>How many bytes the value takes on the wire.</summary>
    public static int Size(int value) => value switch
    {
        < 0 or > MaxValue => throw new ArgumentOutOfRangeException(nameof(value), value, "a Variable Byte Integer holds 0 to 268435455"),
        < 0x80 => 1,
        < 0x4000 => 2,
        < 0x20_0000 => 3,
        _ => 4,
    };

    public static int Write(Span<byte> destination, int value)
    {
        int size = Size(value);
        for (int i = 0; i < size; i++)
        {
            destination[i] = (byte)((value & 0x7F) | (i < size - 1 ? 0x80 : 0));
            value >>= 7;
        }

        return size;
    }

    /// <summary>Reads from the start of <paramref name="source"/>; a longer encoding than necessary is malformed [MQTT-1.5.5-1].</summary>
    public static ScanStatus Read(ReadOnlySpan<byte> source, out int value, out int size)
    {
        value = 0;
        for (size = 0; size < 4; size++)
        {
            if (size == source.Length)
            {
                return ScanStatus.NeedMore;
            }

            byte b = source[size];
            value |= (b & 0x7F) << (7 * size);
            if (b < 0x80)
            {
                size++;
                return b == 0 && size > 1 ? ScanStatus.Malformed : ScanStatus.Done;
            }
        }

        return ScanStatus.Malformed;
    }
}
