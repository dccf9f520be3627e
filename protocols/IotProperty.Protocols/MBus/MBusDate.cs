using System.Globalization;

namespace IotProperty.Protocols.MBus;

/// <summary>The data types of points in time (EN 13757-3, annex A).</summary>
public enum MBusDateType : byte
{
    /// <summary>Date and time to the minute, 32 bits.</summary>
    F,

    /// <summary>Date, 16 bits.</summary>
    G,

    /// <summary>Date and time to the second, 48 bits.</summary>
    I,

    /// <summary>Time of day, 24 bits.</summary>
    J,
}

/// <summary>A point in time as a meter's clock says it, without a zone.</summary>
/// <param name="IsInvalid">The meter itself says that its clock cannot be trusted.</param>
/// <param name="IsSummerTime">Types F and I: the clock shows summer time.</param>
public readonly record struct MBusDate(
    MBusDateType Type, int Year, int Month, int Day, int Hour, int Minute, int Second, bool IsInvalid = false, bool IsSummerTime = false)
{
    private const byte TopBit = 0x80;
    private const byte SummerBitOfI = 0x40;
    private const int MinuteBits = 0x3F;
    private const int HourBits = 0x1F;
    private const int DayBits = 0x1F;
    private const int MonthBits = 0x0F;

    /// <summary>Two digits from here on belong to the twentieth century, unless the meter says the century.</summary>
    private const int LastCentury = 81;

    /// <summary>How many bytes a type takes.</summary>
    public static int Bytes(MBusDateType type) => type switch
    {
        MBusDateType.G => 2,
        MBusDateType.J => 3,
        MBusDateType.F => 4,
        _ => 6,
    };

    /// <summary>Reads a point in time.</summary>
    /// <param name="bytes">As many as the type takes.</param>
    /// <returns>False where it is unset, a pattern (every day, every month) or impossible.</returns>
    public static bool TryRead(MBusDateType type, ReadOnlySpan<byte> bytes, out MBusDate date)
    {
        date = type switch
        {
            MBusDateType.G => OfDay(type, bytes, 0),
            MBusDateType.J => new MBusDate(type, 0, 0, 0, bytes[2] & HourBits, bytes[1] & MinuteBits, bytes[0] & MinuteBits),
            MBusDateType.F => OfDay(type, bytes[2..], (bytes[1] >> 5) & 0x3) with
            {
                Hour = bytes[1] & HourBits,
                Minute = bytes[0] & MinuteBits,
                IsInvalid = (bytes[0] & TopBit) != 0,
                IsSummerTime = (bytes[1] & TopBit) != 0,
            },
            _ => OfDay(type, bytes[3..], 0) with
            {
                Hour = bytes[2] & HourBits,
                Minute = bytes[1] & MinuteBits,
                Second = bytes[0] & MinuteBits,
                IsInvalid = (bytes[1] & TopBit) != 0,
                IsSummerTime = (bytes[0] & SummerBitOfI) != 0,
            },
        };
        return date.IsPossible;
    }

    /// <summary>Writes the point in time over as many bytes as its type takes.</summary>
    public void Write(Span<byte> bytes)
    {
        if (!IsPossible)
        {
            throw new InvalidOperationException($"{this} cannot be");
        }

        bytes[..Bytes(Type)].Clear();
        switch (Type)
        {
            case MBusDateType.G:
                WriteDay(bytes);
                break;
            case MBusDateType.J:
                (bytes[0], bytes[1], bytes[2]) = ((byte)Second, (byte)Minute, (byte)Hour);
                break;
            case MBusDateType.F:
                bytes[0] = (byte)(Minute | (IsInvalid ? TopBit : 0));
                bytes[1] = (byte)(Hour | (((Year / 100) - 19) << 5) | (IsSummerTime ? TopBit : 0));
                WriteDay(bytes[2..]);
                break;
            default:
                bytes[0] = (byte)(Second | (IsSummerTime ? SummerBitOfI : 0));
                bytes[1] = (byte)(Minute | (IsInvalid ? TopBit : 0));
                bytes[2] = (byte)Hour;
                WriteDay(bytes[3..]);
                break;
        }
    }

    /// <summary>ISO 8601, as far as the type goes: <c>2026-08-05</c>, <c>2026-08-05T13:30</c>, <c>2026-08-05T13:30:45</c>, <c>13:30:45</c>.</summary>
    public override string ToString() => Type switch
    {
        MBusDateType.G => string.Create(CultureInfo.InvariantCulture, $"{Year:0000}-{Month:00}-{Day:00}"),
        MBusDateType.F => string.Create(CultureInfo.InvariantCulture, $"{Year:0000}-{Month:00}-{Day:00}T{Hour:00}:{Minute:00}"),
        MBusDateType.J => string.Create(CultureInfo.InvariantCulture, $"{Hour:00}:{Minute:00}:{Second:00}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Year:0000}-{Month:00}-{Day:00}T{Hour:00}:{Minute:00}:{Second:00}"),
    };

    private bool IsPossible =>
        Hour < 24 && Minute < 60 && Second < 60
        && (Type == MBusDateType.J || (Month is >= 1 and <= 12 && Year is >= 1900 and <= 2299 && Day >= 1 && Day <= DateTime.DaysInMonth(Year, Month)));

    /// <summary>Day and month with the seven bits of the year beside them.</summary>
    /// <param name="hundreds">Type F: how many hundred years after 1900; 0 from meters that do not know of it.</param>
    private static MBusDate OfDay(MBusDateType type, ReadOnlySpan<byte> bytes, int hundreds)
    {
        int twoDigits = (bytes[0] >> 5) | ((bytes[1] & 0xF0) >> 1);
        int year = twoDigits switch
        {
            > 99 => 0,
            _ when hundreds > 0 => 1900 + (100 * hundreds) + twoDigits,
            >= LastCentury => 1900 + twoDigits,
            _ => 2000 + twoDigits,
        };
        return new MBusDate(type, year, bytes[1] & MonthBits, bytes[0] & DayBits, 0, 0, 0);
    }

    private void WriteDay(Span<byte> bytes)
    {
        int twoDigits = Year % 100;
        bytes[0] = (byte)(Day | ((twoDigits & 0x7) << 5));
        bytes[1] = (byte)(Month | ((twoDigits & 0x78) << 1));
    }
}
