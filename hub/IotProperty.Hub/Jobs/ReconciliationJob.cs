using IotProperty.Hub.Billing;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Jobs;

/// <summary>
/// Holds edge and hub against each other for yesterday and the days before it, in each site's zone, and keeps one alarm a site and day while something is missing or
/// different without a word. Looks every hour: a day that was open, or that a late tally or batch changed, is judged anew. A site that cannot be judged holds up no other one.
/// Runs one at a time, as <see cref="JobScheduler"/> does.
/// </summary>
public sealed partial class ReconciliationJob(Ledger ledger, ReconciliationDesk desk, TimeProvider time, ILogger<ReconciliationJob> logger) : IJob
{
    /// <summary>How many days are looked at, yesterday the first.</summary>
    public const int Days = 7;

    /// <summary>Tallies go before telemetry, so after an outage the edge's word about an hour is here long before its batches: for so long nobody is alarmed.</summary>
    public const long PatienceMs = 3_600_000;

    // The zone that was last told to be unknown, of each such site.
    private readonly Dictionary<string, string> _withoutZone = [];

    public string Name => "reconciliation";

    public TimeSpan Every { get; } = TimeSpan.FromHours(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<Site> sites = await ledger.ReadAsync(db => db.Set<Site>().OrderBy(site => site.Id).ToListAsync(cancellationToken), cancellationToken);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        List<Exception> failures = [];
        foreach (Site site in sites)
        {
            try
            {
                BillingCalendar calendar = CalendarOf(site);
                DateOnly today = calendar.DayOf(nowMs);
                for (int back = 1; back <= Days; back++)
                {
                    await JudgeAsync(site.Id, today.AddDays(-back), calendar, nowMs, cancellationToken);
                }
            }
#pragma warning disable CA1031 // Whatever keeps one site from being judged is told at the end, when the others have been.
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                failures.Add(new InvalidOperationException($"site '{site.Id}' could not be reconciled: {failure.Message}", failure));
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    /// <summary>The days of the site's zone. A zone that is unknown here is told once, and the days of UTC are judged instead: a loss must not go unseen for a misspelt name.</summary>
    private BillingCalendar CalendarOf(Site site)
    {
        if (BillingCalendar.For(site.TimeZone) is { } calendar)
        {
            _withoutZone.Remove(site.Id);
            return calendar;
        }

        if (!_withoutZone.TryGetValue(site.Id, out string? told) || told != site.TimeZone)
        {
            _withoutZone[site.Id] = site.TimeZone;
            LogUnknownZone(site.Id, site.TimeZone);
        }

        return BillingCalendar.Utc;
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

    [LoggerMessage(2252, LogLevel.Error, "Site {Site} has the unknown time zone '{Zone}': its days are reconciled in UTC until its edge's configuration names a zone of the IANA database, for instance Asia/Shanghai")]
    private partial void LogUnknownZone(string site, string zone);
}
