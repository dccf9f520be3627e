using System.Globalization;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Profiles;

public class SiteClockTests
{
    [Theory]
    [InlineData("Asia/Shanghai", "2026-11-22T02:07:00Z", 900, "2026-11-22T02:15:00Z")]
    [InlineData("Asia/Shanghai", "2026-11-22T02:15:00Z", 900, "2026-11-22T02:30:00Z")]
    [InlineData("Asia/Shanghai", "2026-11-22T15:59:59Z", 86400, "2026-11-22T16:00:00Z")]
    [InlineData("Asia/Kathmandu", "2026-11-22T02:00:01Z", 3600, "2026-11-22T02:15:00Z")]
    [InlineData("Europe/Berlin", "2026-03-28T23:30:00Z", 86400, "2026-03-29T22:00:00Z")] // the 23-hour day
    [InlineData("Europe/Berlin", "2026-10-24T22:30:00Z", 86400, "2026-10-25T23:00:00Z")] // the 25-hour day
    [InlineData("Europe/Berlin", "2026-03-29T00:30:00Z", 7200, "2026-03-29T01:00:00Z")] // 02:00 is skipped; the change stands for it
    [InlineData("Europe/Berlin", "2026-10-25T00:30:00Z", 3600, "2026-10-25T01:00:00Z")] // 02:00 comes twice: both count, an hour apart
    [InlineData("America/Sao_Paulo", "2018-11-03T12:00:00Z", 86400, "2018-11-04T03:00:00Z")] // midnight itself is skipped
    public void Billing_clock_strikes_at_multiples_of_local_time(string zone, string now, int everySeconds, string expected) =>
        Assert.Equal(Ms(expected), SiteClock.NextMultipleMs(Zone(zone), Ms(now), everySeconds * 1000L));

    [Theory]
    [InlineData("Asia/Shanghai", "2026-01-01", "2025-12-31T16:00:00Z")]
    [InlineData("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z")]
    [InlineData("Atlantic/Azores", "2026-10-25", "2026-10-25T00:00:00Z")] // midnight comes twice: the first counts
    public void Day_begins_at_its_first_instant(string zone, string day, string expected) =>
        Assert.Equal(Ms(expected), SiteClock.StartOfDayMs(Zone(zone), DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture)));

    /// <summary>Stepping through a year of a zone with clock changes: always forward, never further than two periods, and on a full period of local time or a change.</summary>
    [Theory]
    [InlineData("Europe/Berlin", 900)]
    [InlineData("Europe/Berlin", 3600)]
    [InlineData("Australia/Lord_Howe", 3600)]
    [InlineData("Asia/Shanghai", 86400)]
    [InlineData("Europe/Berlin", 43200)]
    public void Every_step_goes_on_and_lands_on_the_clock(string zoneId, int everySeconds)
    {
        TimeZoneInfo zone = Zone(zoneId);
        long every = everySeconds * 1000L;
        long end = Ms("2027-01-01T00:00:00Z");
        for (long at = Ms("2026-01-01T00:00:01Z"); at < end;)
        {
            long next = SiteClock.NextMultipleMs(zone, at, every);
            Assert.InRange(next, at + 1, at + (2 * every));
            long local = next + Offset(zone, next);
            Assert.True(local % every == 0 || Offset(zone, next - 1) != Offset(zone, next));
            at = next;
        }
    }

    private static TimeZoneInfo Zone(string id) => TimeZoneInfo.FindSystemTimeZoneById(id);

    private static long Offset(TimeZoneInfo zone, long utcMs) => (long)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds(utcMs)).TotalMilliseconds;

    private static long Ms(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
}
