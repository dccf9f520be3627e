using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace IotProperty.Hub.Pages;

/// <summary>Times as people at a site read them.</summary>
public sealed class SiteTime
{
    private static readonly LocalDateTimePattern InputPattern = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");
    private static readonly LocalDateTimePattern InputPatternWithSeconds = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss");

    // A broken clock may tell any time; a day inside the years 1 to 9999 there is a local time in every zone.
    private static readonly long MinMs = DateTimeOffset.MinValue.AddDays(1).ToUnixTimeMilliseconds();
    private static readonly long MaxMs = DateTimeOffset.MaxValue.AddDays(-1).ToUnixTimeMilliseconds();

    private readonly DateTimeZone _zone;

    /// <param name="zone">An IANA name; one that is unknown here is shown in UTC, and says so.</param>
    public SiteTime(string zone) => _zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(zone) ?? DateTimeZone.Utc;

    /// <summary>The zone's name, to stand beside the times.</summary>
    public string Zone => _zone.Id;

    /// <summary><c>2026-11-22 10:03:22</c>.</summary>
    public string Text(long ms) => Local(ms).ToString("uuuu-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary><c>10:03:22</c>, for what happened a moment ago.</summary>
    public string Clock(long ms) => Local(ms).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary><c>2026-11-22 10:03</c>, or the day alone where it begins then.</summary>
    public string Boundary(long ms) =>
        Local(ms) is var local && local.TimeOfDay == LocalTime.Midnight
            ? local.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture)
            : local.ToString(local.Second == 0 ? "uuuu-MM-dd HH:mm" : "uuuu-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>The value of an input of type <c>datetime-local</c>.</summary>
    public string Input(long ms) => InputPattern.Format(Local(ms));

    /// <summary>Reads an input of type <c>datetime-local</c>, of the years 1 to 9998. A time that the clocks skip or repeat is taken at the earlier instant that fits.</summary>
    public bool TryReadInput(string text, out long ms)
    {
        ParseResult<LocalDateTime> parsed = InputPattern.Parse(text);
        if (!parsed.Success)
        {
            parsed = InputPatternWithSeconds.Parse(text);
        }

        bool read = parsed.Success && parsed.Value.Year is >= 1 and <= 9998;
        ms = read ? _zone.AtLeniently(parsed.Value).ToInstant().ToUnixTimeMilliseconds() : 0;
        return read;
    }

    /// <summary>The same for an address; the day alone where it begins then.</summary>
    public string Parameter(long ms) => Local(ms).TimeOfDay == LocalTime.Midnight ? Day(ms) : Input(ms);

    /// <summary>The same time of day so many days later.</summary>
    public long PlusDays(long ms, int days) => _zone.AtLeniently(Local(ms).PlusDays(days)).ToInstant().ToUnixTimeMilliseconds();

    /// <summary>When the day began that holds this instant.</summary>
    public long DayStart(long ms) => _zone.AtStartOfDay(Local(ms).Date).ToInstant().ToUnixTimeMilliseconds();

    /// <summary><c>2026-11-22</c>.</summary>
    public string Day(long ms) => Local(ms).ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);

    /// <summary><c>10:03</c>.</summary>
    public string Minute(long ms) => Local(ms).ToString("HH:mm", CultureInfo.InvariantCulture);

    /// <summary>When the calendar month began that holds this instant.</summary>
    public long MonthStart(long ms)
    {
        LocalDateTime local = Local(ms);
        return _zone.AtStartOfDay(new LocalDate(local.Year, local.Month, 1)).ToInstant().ToUnixTimeMilliseconds();
    }

    private LocalDateTime Local(long ms) => Instant.FromUnixTimeMilliseconds(Math.Clamp(ms, MinMs, MaxMs)).InZone(_zone).LocalDateTime;
}
