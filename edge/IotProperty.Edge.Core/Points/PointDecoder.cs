using System.Buffers.Binary;
using System.Globalization;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Points;

/// <summary>What a device said about a point: the scaled value and whether the profile believes it.</summary>
public readonly record struct PointValue(double Value, Quality Quality);

/// <summary>Turns registers into values. Pure; every bit pattern has an answer.</summary>
public static class PointDecoder
{
    /// <summary>The value of a point whose registers are <paramref name="registers"/>, as they came (the first one at the point's address).</summary>
    public static PointValue Decode(PointDefinition point, ReadOnlySpan<ushort> registers)
    {
        ArgumentNullException.ThrowIfNull(point);
        return Judge(point, Value(point, Assemble(point, registers)));
    }

    /// <summary>The value of a point in a table of bits.</summary>
    public static PointValue Decode(PointDefinition point, bool bit) => Judge(point, bit ? 1 : 0);

    /// <summary>
    /// The value exactly as the register shows it, for billing. A float is taken at the digits that name it uniquely, which are the ones its maker meant.
    /// Null when it is not a number or too large for any meter.
    /// </summary>
    public static decimal? DecodeExact(PointDefinition point, ReadOnlySpan<ushort> registers)
    {
        ArgumentNullException.ThrowIfNull(point);
        ulong bits = Assemble(point, registers);
        string? digits = point.Type switch
        {
            PointType.Float32 => BitConverter.UInt32BitsToSingle((uint)bits).ToString("R", CultureInfo.InvariantCulture),
            PointType.Float64 => BitConverter.UInt64BitsToDouble(bits).ToString("R", CultureInfo.InvariantCulture),
            _ => null,
        };
        if (digits is null)
        {
            return Scale(point, Integer(point, bits));
        }

        return decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal raw) && Math.Abs(raw) < 1e18m
            ? Scale(point, raw)
            : null;
    }

    private static double Value(PointDefinition point, ulong bits) => point.Type switch
    {
        PointType.Float32 => ScaleFloat(point, BitConverter.UInt32BitsToSingle((uint)bits)),
        PointType.Float64 => ScaleFloat(point, BitConverter.UInt64BitsToDouble(bits)),
        PointType.Bool => (bits >> point.Bit.GetValueOrDefault()) & 1,
        _ => (double)Scale(point, Integer(point, bits)),
    };

    /// <summary>In decimal, so that 123 × 0.01 is the double nearest to 1.23 and not a neighbour of it.</summary>
    private static decimal Scale(PointDefinition point, decimal raw) => (raw * point.Scale) + point.Offset;

    private static double ScaleFloat(PointDefinition point, double raw) =>
        point.Scale == 1m && point.Offset == 0m ? raw : (raw * (double)point.Scale) + (double)point.Offset;

    private static decimal Integer(PointDefinition point, ulong bits) => point.Type switch
    {
        PointType.Uint16 or PointType.Uint32 or PointType.Uint64 => bits,
        PointType.Int16 => unchecked((short)bits),
        PointType.Int32 => unchecked((int)bits),
        PointType.Int64 => unchecked((long)bits),
        PointType.Bool => (bits >> point.Bit.GetValueOrDefault()) & 1,
        _ => throw new InvalidOperationException($"{point.Type} is not an integer"),
    };

    private static ulong Assemble(PointDefinition point, ReadOnlySpan<ushort> registers)
    {
        ReadOnlySpan<ushort> words = registers[..point.Width];
        bool lowFirst = point.WordOrder is WordOrder.Cdab or WordOrder.Dcba;
        bool bytesSwapped = point.WordOrder is WordOrder.Badc or WordOrder.Dcba;
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
