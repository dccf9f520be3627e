using NodaTime;

namespace IotProperty.Hub.Billing;

/// <summary>Days and years of a site's zone, as half-open stretches of UTC milliseconds.</summary>
public sealed class BillingCalendar
{
    private const long MillisecondsPerDay = 86_400_000;

    private readonly DateTimeZone _zone;

    private BillingCalendar(DateTimeZone zone) => _zone = zone;

    /// <summary>Days and years of UTC, for what is not billed.</summary>
    public static BillingCalendar Utc { get; } = new(DateTimeZone.Utc);

    /// <summary>Null when the zone's IANA name is unknown.</summary>
    public static BillingCalendar? For(string timeZone) =>
        DateTimeZoneProviders.Tzdb.GetZoneOrNull(timeZone) is { } zone ? new BillingCalendar(zone) : null;

    /// <summary>The day in which a moment lies.</summary>
    public DateOnly DayOf(long utcMs) => Instant.FromUnixTimeMilliseconds(utcMs).InZone(_zone).Date.ToDateOnly();

    /// <summary>The first moment of a day; where the clock jumps over midnight, the first one after the jump.</summary>
    public long StartOf(DateOnly day) => _zone.AtStartOfDay(LocalDate.FromDateOnly(day)).ToInstant().ToUnixTimeMilliseconds();

    /// <summary>The first moment of the year in which a moment lies.</summary>
    public long StartOfYear(long utcMs) => StartOf(new DateOnly(DayOf(utcMs).Year, 1, 1));

    /// <summary>Whether a moment is the first of its day.</summary>
    public bool StartsDay(long utcMs) => StartOf(DayOf(utcMs)) == utcMs;

    /// <summary>
    /// The lengths of consecutive stretches, in a measure that suits all of them: whole days of the calendar where every bound begins a day (so that a
    /// day of 23 hours weighs as much as any other), else milliseconds.
    /// </summary>
    /// <param name="boundsMs">Two or more, rising.</param>
    public IReadOnlyList<long> Lengths(IReadOnlyList<long> boundsMs)
    {
        bool wholeDays = boundsMs.All(StartsDay);
        return [.. boundsMs.Zip(boundsMs.Skip(1), (from, to) => wholeDays ? DayOf(to).DayNumber - DayOf(from).DayNumber : to - from)];
    }

    /// <summary>How many days a stretch has; a fraction where it does not consist of whole ones.</summary>
    public decimal Days(long fromMs, long toMs) =>
        StartsDay(fromMs) && StartsDay(toMs) ? DayOf(toMs).DayNumber - DayOf(fromMs).DayNumber : (decimal)(toMs - fromMs) / MillisecondsPerDay;
}
