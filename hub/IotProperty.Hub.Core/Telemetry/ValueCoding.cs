using System.Numerics;

namespace IotProperty.Hub.Telemetry;

/// <summary>
/// How the values of a run are written. Meters and transmitters speak in decimals, so a run whose values all are an integer over one power of ten, bit by bit,
/// is written as the differences of those integers. Any other run is written as the bytes in which neighbours differ.
/// </summary>
internal static class ValueCoding
{
    /// <summary>The coding number of differing bytes; lower numbers are the power of ten.</summary>
    public const byte Differing = 15;

    /// <summary>The most bytes that one value takes.</summary>
    public const int MaxValueBytes = 10;

    private const int MaxPower = 9;

    // Beyond this a double has no room for every integer, so a product or quotient need not come back.
    private const double MaxInteger = 1L << 53;

    private static ReadOnlySpan<double> PowersOfTen => [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

    /// <summary>The smallest power of ten that fits all values, or <see cref="Differing"/>.</summary>
    public static byte Choose(ReadOnlySpan<double> values)
    {
        int power = 0;
        foreach (double value in values)
        {
            // A value that fits a power fits every greater one too: both quotients are the same rational number, rounded once.
            while (!Fits(value, power))
            {
                if (++power > MaxPower)
                {
                    return Differing;
                }
            }
        }

        // A greater power may have carried an earlier value out of the integers' range.
        foreach (double value in values)
        {
            if (!Fits(value, power))
            {
                return Differing;
            }
        }

        return (byte)power;
    }

    public static void Write(byte coding, ReadOnlySpan<double> values, ref RunWriter writer)
    {
        if (coding == Differing)
        {
            WriteDiffering(values, ref writer);
            return;
        }

        double scale = PowersOfTen[coding];
        long previous = 0;
        foreach (double value in values)
        {
            long integer = (long)Math.Round(value * scale);
            writer.Zigzag(integer - previous);
            previous = integer;
        }
    }

    public static bool IsKnown(byte coding) => coding is <= MaxPower or Differing;

    /// <summary>Fills <paramref name="values"/>; false when the bytes end too early or say what no writer says.</summary>
    public static bool TryRead(byte coding, Span<double> values, ref RunReader reader)
    {
        if (coding == Differing)
        {
            return TryReadDiffering(values, ref reader);
        }

        double scale = PowersOfTen[coding];
        long integer = 0;
        foreach (ref double value in values)
        {
            if (!reader.TryZigzag(out long difference))
            {
                return false;
            }

            integer = unchecked(integer + difference);
            value = integer / scale;
        }

        return true;
    }

    private static bool Fits(double value, int power)
    {
        double scaled = value * PowersOfTen[power];
        if (!(Math.Abs(scaled) < MaxInteger))
        {
            return false;
        }

        // Compared as bits: the sign of zero must come back too.
        return BitConverter.DoubleToInt64Bits(Math.Round(scaled) / PowersOfTen[power]) == BitConverter.DoubleToInt64Bits(value)
            && (value != 0 || !double.IsNegative(value));
    }

    // One byte tells how many leading (high half) and trailing (low half) bytes of the difference are zero, then come the bytes between. 0x80: equal.
    private static void WriteDiffering(ReadOnlySpan<double> values, ref RunWriter writer)
    {
        ulong previous = 0;
        foreach (double value in values)
        {
            ulong bits = BitConverter.DoubleToUInt64Bits(value);
            ulong difference = bits ^ previous;
            previous = bits;
            int leading = BitOperations.LeadingZeroCount(difference) / 8;
            int trailing = difference == 0 ? 0 : BitOperations.TrailingZeroCount(difference) / 8;
            writer.Byte((byte)((leading << 4) | trailing));
            difference >>= 8 * trailing;
            for (int left = 8 - leading - trailing; left > 0; left--)
            {
                writer.Byte(unchecked((byte)difference));
                difference >>= 8;
            }
        }
    }

    private static bool TryReadDiffering(Span<double> values, ref RunReader reader)
    {
        ulong bits = 0;
        foreach (ref double value in values)
        {
            if (!reader.TryByte(out byte shape))
            {
                return false;
            }

            int leading = shape >> 4;
            int trailing = shape & 0x0F;
            if (leading + trailing > 8 || !reader.TryBytes(8 - leading - trailing, out ReadOnlySpan<byte> between))
            {
                return false;
            }

            ulong difference = 0;
            for (int i = between.Length - 1; i >= 0; i--)
            {
                difference = (difference << 8) | between[i];
            }

            // A shift by 64 would be a shift by 0.
            bits ^= between.IsEmpty ? 0 : difference << (8 * trailing);
            value = BitConverter.UInt64BitsToDouble(bits);
        }

        return true;
    }
}
