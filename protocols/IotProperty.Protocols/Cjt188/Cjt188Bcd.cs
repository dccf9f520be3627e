namespace IotProperty.Protocols.Cjt188;

/// <summary>Numbers in BCD, low byte first.</summary>
public static class Cjt188Bcd
{
    /// <summary>The number; null where a digit is none, which is how meters fill what they do not have (FF).</summary>
    /// <param name="wire">At most 9 bytes.</param>
    public static long? Read(ReadOnlySpan<byte> wire)
    {
        long number = 0;
        for (int i = wire.Length - 1; i >= 0; i--)
        {
            int high = wire[i] >> 4;
            int low = wire[i] & 0xF;
            if (high > 9 || low > 9)
            {
                return null;
            }

            number = (number * 100) + (high * 10) + low;
        }

        return number;
    }

    /// <summary>Writes a number that fits; counters wrap by the caller's modulo.</summary>
    public static void Write(Span<byte> wire, long number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        for (int i = 0; i < wire.Length; i++)
        {
            int two = (int)(number % 100);
            wire[i] = (byte)(((two / 10) << 4) | (two % 10));
            number /= 100;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(number, 0);
    }
}
