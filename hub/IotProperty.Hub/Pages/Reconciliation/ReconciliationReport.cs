using IotProperty.Hub.Reconciliation;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages.Reconciliation;

/// <summary>How an hour of all lanes stands, for people. In the order of their weight.</summary>
public enum HourStanding
{
    /// <summary>Edge and hub have the same.</summary>
    Equal,

    /// <summary>Neither side has a record of it.</summary>
    Silent,

    /// <summary>Not over, or so young that the edge's word may still be on its way.</summary>
    Open,

    /// <summary>One side keeps no tally of it.</summary>
    Unknown,

    /// <summary>Records are missing, and the edge said so.</summary>
    DeclaredGap,

    /// <summary>All batches are here, and yet count or content differs.</summary>
    Different,

    /// <summary>Batches are missing without a word.</summary>
    Missing,
}

/// <summary>One hour.</summary>
/// <param name="HourMs">Its start; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Standing">The gravest of its lanes'.</param>
/// <param name="Lanes">Those that either side has anything of, in their order.</param>
public sealed record ReportHour(long HourMs, HourStanding Standing, IReadOnlyList<HourComparison> Lanes)
{
    /// <summary>Whether somebody should look: something is lost, declared or not.</summary>
    public bool Differs => Standing >= HourStanding.DeclaredGap;
}

/// <summary>One calendar day of the site; an hour belongs to the day in which it begins.</summary>
/// <param name="StartMs">The day's first moment; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Hours">In their order.</param>
public sealed record ReportDay(long StartMs, IReadOnlyList<ReportHour> Hours)
{
    public HourStanding Standing { get; } = Hours.Max(hour => hour.Standing);

    /// <summary>Records of the lane that the hub has of this day.</summary>
    public long Received(Lane lane) => Hours.Sum(hour => hour.Lanes.Where(compared => compared.Lane == lane).Sum(compared => compared.Received));
}

/// <summary>A comparison as the page shows it: every hour of the period that has begun, also those of which neither side knows, by days of the site.</summary>
public sealed record ReconciliationReport(IReadOnlyList<ReportDay> Days)
{
    public int Count(HourStanding standing) => Days.Sum(day => day.Hours.Count(hour => hour.Standing == standing));

    /// <summary>Hours that hold a loss, a double or a damage that no edge has declared.</summary>
    public int Undeclared => Count(HourStanding.Missing) + Count(HourStanding.Different);

    public static ReconciliationReport Of(SiteReconciliation found, SiteTime time, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(time);
        ILookup<long, HourComparison> known = found.Hours.ToLookup(hour => hour.HourMs);
        List<ReportHour> hours = [];
        long firstMs = HourTally.StartOfHour(found.FromMs + HourTally.HourLengthMs - 1);
        for (long hourMs = firstMs; hourMs < found.ToMs && (hourMs <= nowMs || known.Contains(hourMs)); hourMs += HourTally.HourLengthMs)
        {
            HourComparison[] lanes = [.. known[hourMs]];
            hours.Add(new ReportHour(hourMs, StandingOf(lanes, hourMs, nowMs), lanes));
        }

        return new ReconciliationReport([.. hours.GroupBy(hour => time.DayStart(hour.HourMs)).Select(day => new ReportDay(day.Key, [.. day]))]);
    }

    private static HourStanding StandingOf(HourComparison[] lanes, long hourMs, long nowMs)
    {
        if (lanes.Length > 0)
        {
            return Of(lanes.Max(lane => lane.Verdict));
        }

        return nowMs - hourMs < HourTally.HourLengthMs + Reconciler.SettleMs ? HourStanding.Open : HourStanding.Silent;
    }

    public static HourStanding Of(HourVerdict verdict) => verdict switch
    {
        HourVerdict.Equal => HourStanding.Equal,
        HourVerdict.Open => HourStanding.Open,
        HourVerdict.Unknown => HourStanding.Unknown,
        HourVerdict.DeclaredGap => HourStanding.DeclaredGap,
        HourVerdict.Different => HourStanding.Different,
        HourVerdict.Missing => HourStanding.Missing,
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "not a verdict"),
    };
}
