using IotProperty.Hub.Billing;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Jobs;

/// <summary>
/// Holds edge and hub against each other for yesterday and the days before it, in each site's zone, and keeps one alarm a site and day while something is missing or
/// different without a word. Looks every hour: a day that was open, or that a late tally or batch changed, is judged anew.
/// </summary>
public sealed class ReconciliationJob(Ledger ledger, ReconciliationDesk desk, TimeProvider time) : IJob
{
    /// <summary>How many days are looked at, yesterday the first.</summary>
    public const int Days = 7;

    /// <summary>Tallies go before telemetry, so after an outage the edge's word about an hour is here long before its batches: for so long nobody is alarmed.</summary>
    public const long PatienceMs = 3_600_000;

    public string Name => "reconciliation";

    public TimeSpan Every { get; } = TimeSpan.FromHours(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<Site> sites = await ledger.ReadAsync(db => db.Set<Site>().OrderBy(site => site.Id).ToListAsync(cancellationToken), cancellationToken);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (Site site in sites)
        {
            BillingCalendar calendar = BillingCalendar.For(site.TimeZone)
                ?? throw new InvalidOperationException($"site '{site.Id}' has the unknown time zone '{site.TimeZone}'");
            DateOnly today = calendar.DayOf(nowMs);
            for (int back = 1; back <= Days; back++)
            {
                await JudgeAsync(site.Id, today.AddDays(-back), calendar, nowMs, cancellationToken);
            }
        }
    }

    private async Task JudgeAsync(string site, DateOnly day, BillingCalendar calendar, long nowMs, CancellationToken cancellationToken)
    {
        // An hour of the tallies belongs to the day in which it begins; zones that are off by part of an hour need no other rule.
        SiteReconciliation found = await desk.CompareAsync(site, calendar.StartOf(day), calendar.StartOf(day.AddDays(1)), cancellationToken);
        long[] differing = [.. found.Hours.Where(hour => hour.IsUndeclared).Select(hour => hour.HourMs).Distinct()];
        if (differing.Length > 0 && await IsFreshAsync(site, differing, nowMs, cancellationToken))
        {
            return;
        }

        int undeclared = found.Hours.Count(hour => hour.IsUndeclared);
        await ledger.WriteAsync(change => ReconciliationAlarm.SetAsync(change, site, day, undeclared), cancellationToken);
    }

    private async Task<bool> IsFreshAsync(string site, long[] hoursMs, long nowMs, CancellationToken cancellationToken) => await ledger.ReadAsync(
        async db => await db.Set<EdgeTallyRow>()
            .Where(tally => tally.Site == site && hoursMs.Contains(tally.HourMs) && tally.ReceivedMs > nowMs - PatienceMs)
            .AnyAsync(cancellationToken),
        cancellationToken);
}
