namespace IotProperty.Edge.Profiles;

/// <summary>The site's wall clock: where its days begin and when its billing periods end. All instants are milliseconds since the Unix epoch, UTC.</summary>
public static class SiteClock
{
    private const long DayMs = 86_400_000;

    /// <summary>The first instant of a day in a zone; where a clock change skips midnight, the instant of the change.</summary>
    public static long StartOfDayMs(TimeZoneInfo zone, DateOnly day)
    {
        ArgumentNullException.ThrowIfNull(zone);
        DateTime midnight = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(midnight))
        {
            midnight = midnight.AddMinutes(1);
        }

        // Where midnight comes twice, the larger offset names the first of the two.
        TimeSpan offset = zone.IsAmbiguousTime(midnight) ? zone.GetAmbiguousTimeOffsets(midnight).Max() : zone.GetUtcOffset(midnight);
        return new DateTimeOffset(midnight, offset).ToUnixTimeMilliseconds();
    }

    /// <summary>
    /// The first instant after <paramref name="utcMs"/> at which the site's clock shows a multiple of <paramref name="everyMs"/> since its midnight.
    /// Where the clock is set forward over such a multiple, the instant of the change stands for it.
    /// </summary>
    /// <param name="zone">The site's zone.</param>
    /// <param name="utcMs">Now.</param>
    /// <param name="everyMs">Divides a day.</param>
    public static long NextMultipleMs(TimeZoneInfo zone, long utcMs, long everyMs)
    {
        ArgumentNullException.ThrowIfNull(zone);
        ArgumentOutOfRangeException.ThrowIfLessThan(everyMs, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(DayMs % everyMs, 0, nameof(everyMs));
        long offset = OffsetMs(zone, utcMs);
        long next = Multiple(utcMs, offset, everyMs);
        long offsetThen = OffsetMs(zone, next);
        if (offsetThen == offset)
        {
            return next;
        }

        // The clock changes on the way. After the change other instants are multiples; the first one may already have passed before `next`.
        long change = ChangeMs(zone, utcMs, next);
        long afterChange = Multiple(change - 1, offsetThen, everyMs);
        return offsetThen > offset && PassedMultiple(change, offset, offsetThen, everyMs) ? change : afterChange;
    }

    private static long Multiple(long utcMs, long offsetMs, long everyMs)
    {
        long local = utcMs + offsetMs;
        return (FloorDivide(local, everyMs) + 1) * everyMs - offsetMs;
    }

    /// <summary>Whether a forward change at this instant jumps over, or lands on, a multiple.</summary>
    private static bool PassedMultiple(long changeMs, long before, long after, long everyMs) =>
        FloorDivide(changeMs - 1 + before, everyMs) != FloorDivide(changeMs + after, everyMs);

    /// <summary>The first instant in (from, to] with another offset than at <paramref name="fromMs"/>.</summary>
    private static long ChangeMs(TimeZoneInfo zone, long fromMs, long toMs)
    {
        long offset = OffsetMs(zone, fromMs);
        while (toMs - fromMs > 1)
        {
            long middle = fromMs + ((toMs - fromMs) / 2);
            (fromMs, toMs) = OffsetMs(zone, middle) == offset ? (middle, toMs) : (fromMs, middle);
        }

        return toMs;
    }

    private static long OffsetMs(TimeZoneInfo zone, long utcMs) => (long)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds(utcMs)).TotalMilliseconds;

    private static long FloorDivide(long value, long by) => value >= 0 ? value / by : -((-value + by - 1) / by);
}
