using System.Globalization;

namespace IotProperty.Protocols.Dlt645;

/// <summary>Dates and times of a meter: two digits each, the finest unit first on the wire, years from 2000. They are the meter's local time.</summary>
public static class Dlt645Clock
{
    /// <summary>DD MM YY as 2016-01-11; null for a day that does not exist.</summary>
    public static string? Date(ReadOnlySpan<byte> wire) =>
        Moment(wire, 0, 0, 0, out DateTime moment) ? moment.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : null;

    /// <summary>ss mm hh as 21:53:55.</summary>
    public static string? Time(ReadOnlySpan<byte> wire) =>
        Part(wire[2], 23, out int hour) && Part(wire[1], 59, out int minute) && Part(wire[0], 59, out int second)
            ? string.Create(CultureInfo.InvariantCulture, $"{hour:00}:{minute:00}:{second:00}")
            : null;

    /// <summary>mm hh DD MM YY as 2026-07-15 14:30.</summary>
    public static string? Minute(ReadOnlySpan<byte> wire) =>
        Part(wire[0], 59, out int minute) && Part(wire[1], 23, out int hour) && Moment(wire[2..], hour, minute, 0, out DateTime moment)
            ? moment.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
            : null;

    /// <summary>ss mm hh DD MM YY as 2026-07-15 14:30:59.</summary>
    public static string? Second(ReadOnlySpan<byte> wire) =>
        TryRead(wire, out DateTime moment) ? moment.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : null;

    /// <summary>mm hh DD MM as 07-15 14:30.</summary>
    public static string? MinuteOfYear(ReadOnlySpan<byte> wire) =>
        Part(wire[0], 59, out int minute) && Part(wire[1], 23, out int hour) && Part(wire[2], 31, out int day) && Part(wire[3], 12, out int month) && day * month > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{month:00}-{day:00} {hour:00}:{minute:00}")
            : null;

    /// <summary>hh DD as "day 1, 00 h"; 99 in both means that the day is not in use.</summary>
    public static string? HourOfMonth(ReadOnlySpan<byte> wire) =>
        Part(wire[0], 23, out int hour) && Part(wire[1], 31, out int day) && day > 0 ? string.Create(CultureInfo.InvariantCulture, $"day {day}, {hour:00} h") : null;

    /// <summary>Six bytes ss mm hh DD MM YY; false for a moment that does not exist.</summary>
    public static bool TryRead(ReadOnlySpan<byte> wire, out DateTime moment)
    {
        moment = default;
        return Part(wire[0], 59, out int second) && Part(wire[1], 59, out int minute) && Part(wire[2], 23, out int hour)
            && Moment(wire[3..], hour, minute, second, out moment);
    }

    /// <summary>Writes six bytes ss mm hh DD MM YY; the century is left out.</summary>
    public static void Write(Span<byte> wire, DateTime moment)
    {
        wire[0] = Dlt645Bcd.FromNumber(moment.Second);
        wire[1] = Dlt645Bcd.FromNumber(moment.Minute);
        wire[2] = Dlt645Bcd.FromNumber(moment.Hour);
        wire[3] = Dlt645Bcd.FromNumber(moment.Day);
        wire[4] = Dlt645Bcd.FromNumber(moment.Month);
        wire[5] = Dlt645Bcd.FromNumber(moment.Year % 100);
    }

    private static bool Moment(ReadOnlySpan<byte> dayMonthYear, int hour, int minute, int second, out DateTime moment)
    {
        moment = default;
        if (!Part(dayMonthYear[2], 99, out int year) || !Part(dayMonthYear[1], 12, out int month) || !Part(dayMonthYear[0], 31, out int day)
            || month == 0 || day == 0 || day > DateTime.DaysInMonth(2000 + year, month))
        {
            return false;
        }

        moment = new DateTime(2000 + year, month, day, hour, minute, second, DateTimeKind.Unspecified);
        return true;
    }

    private static bool Part(byte pair, int most, out int number) => Dlt645Bcd.TryPair(pair, out number) && number <= most;
}
