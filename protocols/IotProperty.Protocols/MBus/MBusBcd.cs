namespace IotProperty.Protocols.MBus;

/// <summary>Binary coded decimals, least significant byte first (EN 13757-3, type A): a top digit F is a minus, any other digit above 9 no number.</summary>
public static class MBusBcd
{
    private const int Minus = 0xF;

    /// <summary>Up to 9 bytes hold every number that fits 18 digits.</summary>
    private const int MaxBytes = 9;

    /// <summary>Reads a number.</summary>
    /// <returns>False where a digit is none: the meter shows an error, or has no value.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out long value)
    {
        value = 0;
        if (bytes.Length > MaxBytes)
        {
            return false;
        }

        bool negative = false;
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            int high = bytes[i] >> 4;
            int low = bytes[i] & 0xF;
            if (i == bytes.Length - 1 && high == Minus)
            {
                negative = true;
                high = 0;
            }

            if (high > 9 || low > 9)
            {
                value = 0;
                return false;
            }

            value = (value * 100) + (high * 10) + low;
        }

        value = negative ? -value : value;
        return true;
    }

    /// <summary>Writes a number over all of <paramref name="bytes"/>.</summary>
    public static void Write(long value, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxBytes);
        ArgumentOutOfRangeException.ThrowIfEqual(value, long.MinValue);
        long rest = Math.Abs(value);
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((rest / 10 % 10 << 4) | (rest % 10));
            rest /= 100;
        }

        if (value < 0)
        {
            // The sign takes the top digit.
            rest += bytes[^1] >> 4;
            bytes[^1] |= Minus << 4;
        }

        if (rest != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "does not fit these digits");
        }
    }
}
