using System.Collections.Immutable;
using IotProperty.Protocols.Uplink.Wire;

namespace IotProperty.Protocols.Uplink;

/// <summary>Meter readings from and to the wire; decimals exactly, scale included.</summary>
internal static class ReadingRecords
{
    private const int MaxDecimalScale = 28;

    public static ReadingBody ToWire(ImmutableArray<MeterReading> readings)
    {
        ReadingBody body = new();
        foreach (MeterReading reading in readings)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(reading.Digits);
            body.Readings.Add(new Wire.MeterReading
            {
                Device = reading.Device,
                Register = reading.Register,
                Unit = reading.Unit,
                TimeMs = reading.TimeMs,
                Value = ToWire(reading.Value),
                Digits = (uint)reading.Digits,
                Quality = WireEnum.Number(reading.Quality),
                ClockTrusted = reading.ClockTrusted,
            });
        }

        return body;
    }

    public static bool TryRead(ReadingBody body, out ImmutableArray<MeterReading> readings, out string why)
    {
        ImmutableArray<MeterReading>.Builder read = ImmutableArray.CreateBuilder<MeterReading>(body.Readings.Count);
        foreach (Wire.MeterReading wire in body.Readings)
        {
            if (!WireEnum.TryRead(wire.Quality, out Quality quality) || wire.Value is null || wire.Value.Scale > MaxDecimalScale || wire.Digits > int.MaxValue)
            {
                readings = [];
                why = $"reading {read.Count} has no value, or a scale, a quality or digits that are not allowed";
                return false;
            }

            read.Add(new MeterReading(
                wire.Device, wire.Register, wire.Unit, wire.TimeMs, FromWire(wire.Value), (int)wire.Digits, quality, wire.ClockTrusted));
        }

        readings = read.MoveToImmutable();
        why = "";
        return true;
    }

    private static Wire.Decimal ToWire(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        _ = decimal.GetBits(value, parts);
        return new Wire.Decimal
        {
            Low = unchecked((uint)parts[0] | ((ulong)(uint)parts[1] << 32)),
            High = unchecked((uint)parts[2]),
            Scale = value.Scale,
            Negative = decimal.IsNegative(value),
        };
    }

    private static decimal FromWire(Wire.Decimal value) =>
        unchecked(new decimal((int)(uint)value.Low, (int)(uint)(value.Low >> 32), (int)value.High, value.Negative, (byte)value.Scale));
}
