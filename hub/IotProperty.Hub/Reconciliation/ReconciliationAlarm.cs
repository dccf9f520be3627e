using System.Globalization;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Reconciliation;

/// <summary>
/// The hub's own alarm about one site and day: raised once while something of that day is missing or different without a word, returned by itself when it is not any
/// more. It goes the way of every alarm, through transitions whose keys make it one whatever the number of hubs.
/// </summary>
internal static class ReconciliationAlarm
{
    /// <summary>The rule's id, which no edge's configuration knows.</summary>
    public const string Rule = "hub.reconciliation";

    private const string Stem = Rule + ".";
    private const string DayFormat = "yyyy-MM-dd";

    private static readonly PointRef Watched = new("hub", "reconciliation");

    public static LocalText Name { get; } = new("Edge and hub differ without a declared gap", "边缘网关与平台数据不一致，且未申报缺口");

    /// <summary>The day that an alarm is about; null when it is another rule's.</summary>
    public static DateOnly? DayOf(Alarm alarm) =>
        alarm.Rule == Rule && alarm.Occurrence.Length > Stem.Length + DayFormat.Length
        && DateOnly.TryParseExact(alarm.Occurrence.AsSpan(Stem.Length, DayFormat.Length), DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day)
            ? day
            : null;

    /// <summary>Brings the alarm of a day to what was found; returns whether it changed.</summary>
    /// <param name="change">The write that this is part of.</param>
    /// <param name="site">The site.</param>
    /// <param name="day">The day in the site's zone.</param>
    /// <param name="undeclaredHours">How many hours of the day's lanes hold an undeclared difference.</param>
    public static async Task<bool> SetAsync(LedgerChange change, string site, DateOnly day, int undeclaredHours)
    {
        string stem = $"{Stem}{day.ToString(DayFormat, CultureInfo.InvariantCulture)}.";
        List<AlarmTransitionRow> known = await change.Db.Set<AlarmTransitionRow>()
            .Where(t => t.Site == site && t.Occurrence.StartsWith(stem))
            .ToListAsync(change.CancellationToken);
        int occurrences = known.Select(t => t.Occurrence).Distinct().Count();
        AlarmTransitionRow? last = known.Where(t => t.Occurrence == stem + occurrences).MaxBy(t => t.Ordinal);
        bool active = last is not null && last.ToLevel != AlarmLevel.Normal;
        if (active == undeclaredHours > 0)
        {
            return false;
        }

        // A difference that comes back is a new occurrence: somebody has to look at it again.
        string occurrence = active ? last!.Occurrence : stem + (occurrences + 1);
        await change.InsertAsync(new AlarmTransitionRow
        {
            Site = site,
            Occurrence = occurrence,
            Ordinal = active ? last!.Ordinal + 1 : 0,
            Rule = Rule,
            Device = Watched.Device,
            Point = Watched.Point,
            FromLevel = active ? last!.ToLevel : AlarmLevel.Normal,
            ToLevel = active ? AlarmLevel.Normal : AlarmLevel.Alarm,
            Cause = AlarmCause.Limit,
            TimeMs = change.NowMs,
            Value = undeclaredHours,
            LimitValue = 0,
            ClockTrusted = true,
            ReceivedMs = change.NowMs,
        });
        await (await AlarmBook.OpenAsync(change, site)).BringUpToDateAsync(occurrence);
        return true;
    }
}
