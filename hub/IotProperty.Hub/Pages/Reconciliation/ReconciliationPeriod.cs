using IotProperty.Hub.Reconciliation;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Reconciliation;

/// <summary>The hours that begin in [FromMs, ToMs), at most <see cref="ReconciliationDesk.MaxHours"/> of them.</summary>
/// <param name="FromMs">Milliseconds since the Unix epoch, UTC.</param>
/// <param name="ToMs">The end, exclusive.</param>
/// <param name="IsNow">Nothing was asked for: the last 24 hours, the running one included, whenever the page is opened.</param>
public sealed record ReconciliationPeriod(long FromMs, long ToMs, bool IsNow)
{
    private const long DayMs = 24 * HourTally.HourLengthMs;

    /// <summary>By how many days the neighbours are away: as long as the period is, one at least.</summary>
    public int Days => (int)Math.Max(1, (ToMs - FromMs + (DayMs / 2)) / DayMs);

    /// <summary>The last 24 hours: 23 that are over and the running one.</summary>
    public static ReconciliationPeriod Last(long nowMs)
    {
        long toMs = HourTally.StartOfHour(nowMs) + HourTally.HourLengthMs;
        return new ReconciliationPeriod(toMs - DayMs, toMs, true);
    }

    /// <summary>One calendar day of the site, so many days ago.</summary>
    public static ReconciliationPeriod Day(SiteTime time, long nowMs, int daysAgo)
    {
        long startMs = time.DayStart(time.PlusDays(time.DayStart(nowMs), -daysAgo));
        return new ReconciliationPeriod(startMs, time.PlusDays(startMs, 1), false);
    }

    /// <summary>So many calendar days of the site, today the last.</summary>
    public static ReconciliationPeriod DaysUntilToday(SiteTime time, long nowMs, int days)
    {
        long endMs = time.PlusDays(time.DayStart(nowMs), 1);
        return new ReconciliationPeriod(time.PlusDays(endMs, -days), endMs, false);
    }

    /// <summary>
    /// Reads the two parameters of an address: a day or a time of day in the site's zone, as the page's own links and form tell it, or RFC 3339 with an offset. One that
    /// is absent is a day away from the other.
    /// </summary>
    /// <param name="from">The first hour; null or empty: a day before <paramref name="to"/>.</param>
    /// <param name="to">The end; null or empty: a day after <paramref name="from"/>.</param>
    /// <param name="time">The site's zone.</param>
    /// <param name="nowMs">The hub's clock.</param>
    /// <param name="problem">What is wrong, naming the parameter, in the language of the request; null when nothing is.</param>
    /// <returns>The period; the last 24 hours when there is a problem.</returns>
    public static ReconciliationPeriod Read(string? from, string? to, SiteTime time, long nowMs, out string? problem)
    {
        problem = null;
        ReconciliationPeriod last = Last(nowMs);
        bool hasFrom = !string.IsNullOrEmpty(from);
        bool hasTo = !string.IsNullOrEmpty(to);
        if (!hasFrom && !hasTo)
        {
            return last;
        }

        long fromMs = 0;
        long toMs = 0;
        if ((hasFrom && !TryRead(from!, time, out fromMs)) || (hasTo && !TryRead(to!, time, out toMs)))
        {
            (string name, string text) = hasFrom && !TryRead(from!, time, out _) ? ("from", from!) : ("to", to!);
            problem = Words.T("reconciliation.bad-time", name, Shortened(text));
            return last;
        }

        fromMs = hasFrom ? fromMs : time.PlusDays(toMs, -1);
        toMs = hasTo ? toMs : time.PlusDays(fromMs, 1);
        if (toMs <= fromMs)
        {
            problem = Words.T("reconciliation.bad-order", "to", time.Boundary(toMs), "from", time.Boundary(fromMs));
            return last;
        }

        if (toMs - fromMs > ReconciliationDesk.MaxHours * HourTally.HourLengthMs)
        {
            problem = Words.T("reconciliation.too-long", "to", time.Boundary(toMs), "from", time.Boundary(fromMs));
            return last;
        }

        return new ReconciliationPeriod(fromMs, toMs, false);
    }

    /// <summary>The period so many lengths of its own later (or, negative, earlier), in days of the site.</summary>
    public ReconciliationPeriod Beside(int lengths, SiteTime time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new ReconciliationPeriod(time.PlusDays(FromMs, lengths * Days), time.PlusDays(ToMs, lengths * Days), false);
    }

    /// <summary>Where the page, or the file, of this period is found.</summary>
    public string Address(string site, SiteTime time, string path = "/reconciliation")
    {
        ArgumentNullException.ThrowIfNull(time);
        string address = $"{path}?site={Uri.EscapeDataString(site)}";
        return IsNow ? address : $"{address}&from={time.Parameter(FromMs)}&to={time.Parameter(ToMs)}";
    }

    private static bool TryRead(string text, SiteTime time, out long ms)
    {
        // Years beyond these are no times of records, and arithmetic on them leaves the calendar.
        bool read = time.TryReadInput(text, out ms) || time.TryReadInput(text + "T00:00", out ms) || Api.Json.Instant.TryRead(text, out ms);
        return read && ms is > 0 and < 253_000_000_000_000;
    }

    private static string Shortened(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
