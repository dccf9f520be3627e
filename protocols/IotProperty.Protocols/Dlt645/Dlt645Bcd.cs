namespace IotProperty.Protocols.Dlt645;

/// <summary>Decimal numbers with two digits a byte, the lowest byte first (DL/T 645-2007, §5.2.8 and appendix A).</summary>
public static class Dlt645Bcd
{
    /// <summary>Sixteen digits: all that the standard's numbers need, and all that fits the arithmetic.</summary>
    public const int MaxBytes = 8;

    public const int MaxDecimals = 6;

    private const byte SignBit = 0x80;

    private static readonly decimal[] PowersOfTen = [1m, 10m, 100m, 1_000m, 10_000m, 100_000m, 1_000_000m];

    public static bool IsBcd(byte pair) => (pair >> 4) <= 9 && (pair & 0x0F) <= 9;

    /// <summary>The number of <paramref name="decimals"/> places in 1 to 8 bytes; false where a digit is hexadecimal, so also where FF means "not there".</summary>
    /// <param name="signed">Whether the top bit is a minus sign.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, int decimals, bool signed, out decimal value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxBytes);
        value = 0;
        ulong number = 0;
        bool negative = signed && !bytes.IsEmpty && (bytes[^1] & SignBit) != 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            byte pair = negative && i == bytes.Length - 1 ? (byte)(bytes[i] & ~SignBit) : bytes[i];
            if (!IsBcd(pair))
            {
                return false;
            }

            number = (number * 100) + Pair(pair);
        }

        // Trailing zeros stay: how many decimals there are says how finely the meter counts.
        value = new decimal(unchecked((int)number), unchecked((int)(number >> 32)), 0, negative && number > 0, (byte)decimals);
        return !bytes.IsEmpty;
    }

    /// <summary>Writes <paramref name="value"/>, rounded half away from zero; false (and nothing written) where it does not fit.</summary>
    public static bool TryWrite(Span<byte> bytes, decimal value, int decimals, bool signed)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxBytes);
        decimal limit = 1m;
        for (int i = 0; i < bytes.Length; i++)
        {
            limit *= 100m;
        }

        decimal scaled = decimal.Round(Math.Abs(value) * PowersOfTen[decimals], MidpointRounding.AwayFromZero);
        bool fits = scaled < (signed ? limit * 8 / 10 : limit) && (signed || value >= 0);
        if (!fits)
        {
            return false;
        }

        ulong number = (ulong)scaled;
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = FromNumber((int)(number % 100));
            number /= 100;
        }

        if (value < 0 && scaled > 0)
        {
            bytes[^1] |= SignBit;
        }

        return true;
    }

    /// <summary>The two digits of a byte as a number; false for hexadecimal digits.</summary>
    public static bool TryPair(byte pair, out int number)
    {
        number = (int)Pair(pair);
        return IsBcd(pair);
    }

    /// <summary>0 to 99 as two digits.</summary>
    public static byte FromNumber(int number) => (byte)(((number / 10) << 4) | (number % 10));

    private static uint Pair(byte pair) => ((uint)(pair >> 4) * 10) + (uint)(pair & 0x0F);
}
