using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Points;

/// <summary>What a device said about a point: the scaled value and whether the profile believes it.</summary>
public readonly record struct PointValue(double Value, Quality Quality);

/// <summary>Turns what a device sent into values. Pure; every bit pattern has an answer.</summary>
public static class PointDecoder
{
    /// <summary>The value of a point whose registers are <paramref name="registers"/>, as they came (the first one at the point's address).</summary>
    public static PointValue Decode(PointDefinition point, ReadOnlySpan<ushort> registers)
    {
        ArgumentNullException.ThrowIfNull(point);
        return Judge(point, Value(point, point.Registers, registers));
    }

    /// <summary>The value of a point in a table of bits.</summary>
    public static PointValue Decode(PointDefinition point, bool bit) => Judge(point, bit ? 1 : 0);

    /// <summary>The value of an item that a meter sent; one that it says it has not got is not a number and not believed.</summary>
    public static PointValue Decode(PointDefinition point, in ItemValue item)
    {
        ArgumentNullException.ThrowIfNull(point);
        return Judge(point, item.State == ItemState.Value && Told(point, item.Value) is { } told ? (double)told : double.NaN);
    }

    /// <summary>
    /// The value exactly as the register shows it, for billing. A float is taken at the digits that name it uniquely, which are the ones its maker meant.
    /// Null when it is not a number or too large for any meter.
    /// </summary>
    public static decimal? DecodeExact(PointDefinition point, ReadOnlySpan<ushort> registers)
    {
        ArgumentNullException.ThrowIfNull(point);
        RegisterPlace place = point.Registers;
        ulong bits = Assemble(place, registers);
        string? digits = place.Type switch
        {
            PointType.Float32 => BitConverter.UInt32BitsToSingle((uint)bits).ToString("R", CultureInfo.InvariantCulture),
            PointType.Float64 => BitConverter.UInt64BitsToDouble(bits).ToString("R", CultureInfo.InvariantCulture),
            _ => null,
        };
        if (digits is null)
        {
            return Integer(place, bits) is { } integer ? Told(point, integer) : null;
        }

        return decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal raw) && Math.Abs(raw) < 1e18m
            ? Scale(point, raw)
            : null;
    }

    /// <summary>The value of an item exactly as the meter sent it, for billing; null when it sent none.</summary>
    public static decimal? DecodeExact(PointDefinition point, in ItemValue item)
    {
        ArgumentNullException.ThrowIfNull(point);
        return item.State == ItemState.Value ? Told(point, item.Value) : null;
    }

    /// <summary>The text of a point of type string: up to the first NUL, without blanks at its ends; what is no printable ASCII becomes '?'.</summary>
    public static string DecodeText(PointDefinition point, ReadOnlySpan<ushort> registers)
    {
        ArgumentNullException.ThrowIfNull(point);
        RegisterPlace place = point.Registers;
        bool bytesSwapped = place.WordOrder is WordOrder.Badc or WordOrder.Dcba;
        StringBuilder text = new(place.Length * 2);
        foreach (ushort register in registers[..place.Width])
        {
            ushort word = bytesSwapped ? BinaryPrimitives.ReverseEndianness(register) : register;
            text.Append((char)(word >> 8)).Append((char)(word & 0xFF));
        }

        int end = text.ToString().IndexOf('\0', StringComparison.Ordinal);
        text.Length = end < 0 ? text.Length : end;
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = text[i] is >= ' ' and <= '~' ? text[i] : '?';
        }

        return text.ToString().Trim();
    }

    private static double Value(PointDefinition point, RegisterPlace place, ReadOnlySpan<ushort> registers)
    {
        ulong bits = Assemble(place, registers);
        return place.Type switch
        {
            PointType.Float32 => ScaleFloat(point, BitConverter.UInt32BitsToSingle((uint)bits)),
            PointType.Float64 => ScaleFloat(point, BitConverter.UInt64BitsToDouble(bits)),
            PointType.Bool => (bits >> place.Bit.GetValueOrDefault()) & 1,
            _ => Integer(place, bits) is { } integer && Told(point, integer) is { } told ? (double)told : double.NaN,
        };
    }

    /// <summary>What the raw number stands for; null when the profile lists what there is and this is none of it.</summary>
    private static decimal? Told(PointDefinition point, decimal raw)
    {
        if (point.Values is not { } values)
        {
            return Scale(point, raw);
        }

        bool isWhole = raw is >= long.MinValue and <= long.MaxValue && decimal.Truncate(raw) == raw;
        return isWhole && values.TryGetValue((long)raw, out decimal told) ? told : null;
    }

    /// <summary>In decimal, so that 123 × 0.01 is the double nearest to 1.23 and not a neighbour of it.</summary>
    private static decimal Scale(PointDefinition point, decimal raw) =>
        point.Scale == 1m && point.Offset == 0m ? raw : (raw * point.Scale) + point.Offset;

    private static double ScaleFloat(PointDefinition point, double raw) =>
        point.Scale == 1m && point.Offset == 0m ? raw : (raw * (double)point.Scale) + (double)point.Offset;

    /// <summary>Null when the registers hold what is no number: a BCD digit above nine.</summary>
    private static decimal? Integer(RegisterPlace place, ulong bits) => place.Type switch
    {
        PointType.Uint16 or PointType.Uint32 or PointType.Uint64 => Field(place, bits),
        PointType.Int16 => unchecked((short)bits),
        PointType.Int32 => unchecked((int)bits),
        PointType.Int64 => unchecked((long)bits),
        PointType.Bool => (bits >> place.Bit.GetValueOrDefault()) & 1,
        PointType.Bcd16 or PointType.Bcd32 or PointType.Bcd64 => Bcd(bits),
        _ => throw new InvalidOperationException($"{place.Type} is not an integer"),
    };

    private static ulong Field(RegisterPlace place, ulong bits) =>
        place.BitCount is { } count ? (bits >> place.Bit.GetValueOrDefault()) & (count == 64 ? ulong.MaxValue : (1UL << count) - 1) : bits;

    private static decimal? Bcd(ulong bits)
    {
        ulong value = 0;
        for (int shift = 60; shift >= 0; shift -= 4)
        {
            ulong digit = (bits >> shift) & 0xF;
            if (digit > 9)
            {
                return null;
            }

            value = (value * 10) + digit;
        }

        return value;
    }

    private static ulong Assemble(RegisterPlace place, ReadOnlySpan<ushort> registers)
    {
        ReadOnlySpan<ushort> words = registers[..place.Width];
        bool lowFirst = place.WordOrder is WordOrder.Cdab or WordOrder.Dcba;
        bool bytesSwapped = place.WordOrder is WordOrder.Badc or WordOrder.Dcba;
        ulong bits = 0;
        for (int i = 0; i < words.Length; i++)
        {
            ushort word = words[lowFirst ? words.Length - 1 - i : i];
            bits = (bits << 16) | (bytesSwapped ? BinaryPrimitives.ReverseEndianness(word) : word);
        }

        return bits;
    }

    private static PointValue Judge(PointDefinition point, double value)
    {
        // Not a number and infinity are never inside a range, stated or not.
        bool believable = double.IsFinite(value) && (point.Range is not { } range || range.Contains(value));
        return new PointValue(value, believable ? Quality.Good : Quality.OutOfRange);
    }
}
