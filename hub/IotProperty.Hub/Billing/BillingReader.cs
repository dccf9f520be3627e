using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Billing;

/// <summary>Reads everything that one bill is a function of. Lives inside one write, so that what it read holds until the invoice is committed.</summary>
internal sealed class BillingReader(LedgerChange change)
{
    private LedgerContext Db => change.Db;

    public async Task<Result<BillingRequest>> ReadAsync(string unitId, long fromMs, long toMs)
    {
        CancellationToken cancellationToken = change.CancellationToken;
        Unit? unit = await Db.Set<Unit>().SingleOrDefaultAsync(u => u.Id == unitId, cancellationToken);
        if (unit is null)
        {
            return Refusal.NotFound("unit", unitId);
        }

        Building building = await Db.Set<Building>().SingleAsync(b => b.Id == unit.Building, cancellationToken);
        Site site = await Db.Set<Site>().SingleAsync(s => s.Id == building.Site, cancellationToken);
        if (BillingCalendar.For(site.TimeZone) is not { } calendar)
        {
            return Refusal.Invalid("site.zone", $"site '{site.Id}' has the unknown time zone '{site.TimeZone}'");
        }

        int household = await Db.Set<Occupant>().Where(o => o.Unit == unitId).MaxAsync(o => (int?)o.HouseholdSize, cancellationToken) ?? 1;
        List<ServicePoint> points = await Db.Set<ServicePoint>().Where(p => p.Unit == unitId).OrderBy(p => p.Id).ToListAsync(cancellationToken);
        List<ServicePointAccount> accounts = [];
        foreach (ServicePoint point in points)
        {
            accounts.Add(await AccountAsync(point, calendar, fromMs, toMs));
        }

        string[] tariffIds = [.. accounts.SelectMany(a => a.Assignments).Select(a => a.Tariff).Distinct()];
        return new BillingRequest
        {
            Id = change.NewId(),
            Unit = unitId,
            Site = site.Id,
            Calendar = calendar,
            FromMs = fromMs,
            ToMs = toMs,
            NowMs = change.NowMs,
            HouseholdSize = household,
            ServicePoints = accounts,
            Tariffs = await Db.Set<Tariff>().Where(t => tariffIds.Contains(t.Id)).ToDictionaryAsync(t => t.Id, cancellationToken),
        };
    }

    private async Task<ServicePointAccount> AccountAsync(ServicePoint point, BillingCalendar calendar, long fromMs, long toMs)
    {
        CancellationToken cancellationToken = change.CancellationToken;
        InvoiceLineRow? prior = await Db.Set<InvoiceLineRow>()
            .Where(l => l.ServicePoint == point.Id && l.ToMs <= fromMs)
            .OrderByDescending(l => l.ToMs)
            .FirstOrDefaultAsync(cancellationToken);
        InvoiceLineRow? next = await Db.Set<InvoiceLineRow>()
            .Where(l => l.ServicePoint == point.Id && l.FromMs >= toMs)
            .OrderBy(l => l.FromMs)
            .FirstOrDefaultAsync(cancellationToken);

        // The year's count may need readings since New Year; a reading from the day before may serve a boundary.
        long earliestMs = Math.Min(calendar.StartOfYear(fromMs), fromMs) - MeterAccount.MaxReadingAgeMs;
        List<MeterInstallation> installations = await Db.Set<MeterInstallation>()
            .Where(i => i.ServicePoint == point.Id && i.FromMs < toMs && (i.ToMs == null || i.ToMs > earliestMs))
            .OrderBy(i => i.FromMs)
            .ToListAsync(cancellationToken);
        List<MeterAccount> meters = [];
        foreach (MeterInstallation installation in installations)
        {
            List<StoredReading> readings = await Db.Set<StoredReading>()
                .Where(r => r.Site == installation.Site && r.Device == installation.Device && r.Register == installation.Register)
                .Where(r => r.TimeMs >= earliestMs && r.TimeMs <= toMs && r.Quality == Quality.Good)
                .OrderBy(r => r.TimeMs)
                .ToListAsync(cancellationToken);
            meters.Add(new MeterAccount(installation, point.Utility, readings));
        }

        return new ServicePointAccount
        {
            Point = point,
            Meters = meters,
            Assignments = await Db.Set<TariffAssignment>().Where(a => a.ServicePoint == point.Id).ToListAsync(cancellationToken),
            Prior = prior?.ToLine(),
            Next = next?.ToLine(),
        };
    }
}
