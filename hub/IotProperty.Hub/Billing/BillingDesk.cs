using IotProperty.Hub.Audit;
using IotProperty.Hub.Live;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Billing;

/// <summary>Metering, tariffs and invoices on the ledger.</summary>
public sealed class BillingDesk(Ledger ledger) : IBillingDesk
{
    public ValueTask<Page<ServicePoint>> ServicePointsAsync(string? unit, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => Paging.ByIdAsync(db.Set<ServicePoint>().Where(p => unit == null || p.Unit == unit), p => p.Id, page, cancellationToken), cancellationToken);

    public async ValueTask<Result<ServicePoint>> AddAsync(ServicePoint point, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(point);
        if (BillingRules.Check(point) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<ServicePoint>>(
            async change =>
            {
                ServicePoint added = point.Id.Length > 0 ? point : point with { Id = change.NewId() };
                string? site = await SiteOfUnitAsync(change, point.Unit);
                if (site is null)
                {
                    return Unknown("unit", point.Unit);
                }

                if (await change.Db.Set<ServicePoint>().IgnoreQueryFilters().AnyAsync(p => p.Id == added.Id, cancellationToken))
                {
                    return Taken("service point", added.Id);
                }

                await change.InsertAsync(added);
                change.Audit(AuditAction.RecordAdded, "service-point", added.Id, site);
                return added;
            },
            cancellationToken);
    }

    public ValueTask<Page<MeterInstallation>> InstallationsAsync(string? servicePoint, PageRequest page, CancellationToken cancellationToken) =>
        ledger.ReadAsync(
            db => Paging.ByIdAsync(
                db.Set<MeterInstallation>().Where(i => servicePoint == null || i.ServicePoint == servicePoint), i => i.Id, page, cancellationToken),
            cancellationToken);

    public async ValueTask<Result<MeterInstallation>> AddAsync(MeterInstallation installation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(installation);
        if (BillingRules.Check(installation) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync(
            async change =>
            {
                MeterInstallation added = installation.Id.Length > 0 ? installation : installation with { Id = change.NewId() };
                return await RefuseAsync(change, added) is { } refusal ? refusal : await InsertAsync(change, added);
            },
            cancellationToken);
    }

    public async ValueTask<Result<MeterInstallation>> EndInstallationAsync(string id, long toMs, decimal? closingValue, CancellationToken cancellationToken) =>
        await ledger.WriteAsync<Result<MeterInstallation>>(
            async change =>
            {
                MeterInstallation? known = await change.Db.Set<MeterInstallation>().SingleOrDefaultAsync(i => i.Id == id, cancellationToken);
                if (known is null)
                {
                    return Refusal.NotFound("meter installation", id);
                }

                if (known.ToMs is { } ended)
                {
                    return Refusal.Conflict("installation.ended", $"meter installation '{id}' ended at {UtcText.Of(ended)} already");
                }

                MeterInstallation next = known with { ToMs = toMs, ClosingValue = closingValue };
                if (BillingRules.Check(next) is { Count: > 0 } reasons)
                {
                    return Refusal.Invalid(reasons);
                }

                if (await change.Db.Set<InvoiceLineRow>().AnyAsync(l => l.Installation == id && l.ToMs > toMs, cancellationToken))
                {
                    return Refusal.Conflict("installation.billed", $"meter installation '{id}' is billed beyond {UtcText.Of(toMs)} already");
                }

                await change.UpdateAsync(next);
                change.Audit(AuditAction.MeterRemoved, "meter-installation", id, known.Site);
                return next;
            },
            cancellationToken);

    public ValueTask<Page<Tariff>> TariffsAsync(PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => Paging.ByIdAsync(db.Set<Tariff>(), t => t.Id, page, cancellationToken), cancellationToken);

    public ValueTask<Tariff?> FindTariffAsync(string id, CancellationToken cancellationToken) => ledger.ReadAsync(
        db => db.Set<Tariff>().SingleOrDefaultAsync(t => t.Id == id, cancellationToken), cancellationToken);

    public async ValueTask<Result<Tariff>> AddAsync(Tariff tariff, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tariff);
        if (BillingRules.Check(tariff) is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<Tariff>>(
            async change =>
            {
                Tariff added = tariff.Id.Length > 0 ? tariff : tariff with { Id = change.NewId() };
                if (await change.Db.Set<Tariff>().IgnoreQueryFilters().AnyAsync(t => t.Id == added.Id, cancellationToken))
                {
                    return Taken("tariff", added.Id);
                }

                await change.InsertAsync(added);
                change.Audit(AuditAction.TariffAdded, "tariff", added.Id, "");
                return added;
            },
            cancellationToken);
    }

    public ValueTask<Page<TariffAssignment>> AssignmentsAsync(string? servicePoint, PageRequest page, CancellationToken cancellationToken) =>
        ledger.ReadAsync(
            db => Paging.ByIdAsync(
                db.Set<TariffAssignment>().Where(a => servicePoint == null || a.ServicePoint == servicePoint), a => a.Id, page, cancellationToken),
            cancellationToken);

    public async ValueTask<Result<TariffAssignment>> AddAsync(TariffAssignment assignment, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(assignment);
        if (new RecordRules().Id(assignment.Id).Reasons is { Count: > 0 } reasons)
        {
            return Refusal.Invalid(reasons);
        }

        return await ledger.WriteAsync<Result<TariffAssignment>>(
            async change =>
            {
                TariffAssignment added = assignment.Id.Length > 0 ? assignment : assignment with { Id = change.NewId() };
                ServicePoint? point = await change.Db.Set<ServicePoint>().SingleOrDefaultAsync(p => p.Id == added.ServicePoint, cancellationToken);
                Tariff? tariff = await change.Db.Set<Tariff>().SingleOrDefaultAsync(t => t.Id == added.Tariff, cancellationToken);
                if (point is null || tariff is null)
                {
                    return point is null ? Unknown("service point", added.ServicePoint) : Unknown("tariff", added.Tariff);
                }

                if (!string.Equals(point.Utility, tariff.Utility, StringComparison.Ordinal))
                {
                    return Refusal.Invalid("assignment.utility", $"tariff '{tariff.Id}' is for {tariff.Utility}, service point '{point.Id}' delivers {point.Utility}");
                }

                if (await change.Db.Set<TariffAssignment>().IgnoreQueryFilters().AnyAsync(a => a.Id == added.Id, cancellationToken))
                {
                    return Taken("tariff assignment", added.Id);
                }

                if (await change.Db.Set<TariffAssignment>().AnyAsync(a => a.ServicePoint == added.ServicePoint && a.From == added.From, cancellationToken))
                {
                    return Refusal.Conflict("assignment.day", $"service point '{point.Id}' has an assignment from {added.From:yyyy-MM-dd} already");
                }

                await change.InsertAsync(added);
                change.Audit(
                    AuditAction.TariffAssigned, "service-point", point.Id, await SiteOfUnitAsync(change, point.Unit) ?? "", $"tariff {tariff.Id} from {added.From:yyyy-MM-dd}");
                return added;
            },
            cancellationToken);
    }

    public ValueTask<Page<StoredReading>> ReadingsAsync(
        string site, string? device, string? register, long fromMs, long toMs, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db =>
        {
            IQueryable<StoredReading> query = db.Set<StoredReading>().Where(r =>
                r.Site == site
                && (device == null || r.Device == device)
                && (register == null || r.Register == register)
                && r.TimeMs >= fromMs
                && r.TimeMs < toMs);
            if (Paging.TryRead(page, out long timeMs, out string key) && key.Split('/') is [var atDevice, var atRegister])
            {
                query = query.Where(r =>
                    r.TimeMs > timeMs
                    || (r.TimeMs == timeMs && (r.Device.CompareTo(atDevice) > 0 || (r.Device == atDevice && r.Register.CompareTo(atRegister) > 0))));
            }

            return Paging.CutAsync(
                query.OrderBy(r => r.TimeMs).ThenBy(r => r.Device).ThenBy(r => r.Register),
                page,
                r => Paging.Cursor(r.TimeMs, $"{r.Device}/{r.Register}"),
                cancellationToken);
        },
        cancellationToken);

    public async ValueTask<IReadOnlyList<StoredReading>> LatestReadingsAsync(string site, CancellationToken cancellationToken) => await ledger.ReadAsync(
        db =>
        {
            // The newest time of each register first, so that the key finds each row.
            var newest = db.Set<StoredReading>()
                .Where(r => r.Site == site && r.Quality == Quality.Good)
                .GroupBy(r => new { r.Device, r.Register })
                .Select(g => new { g.Key.Device, g.Key.Register, TimeMs = g.Max(r => r.TimeMs) });
            return db.Set<StoredReading>()
                .Where(r => r.Site == site)
                .Join(newest, r => new { r.Device, r.Register, r.TimeMs }, n => n, (r, _) => r)
                .OrderBy(r => r.Device).ThenBy(r => r.Register)
                .ToListAsync(cancellationToken);
        },
        cancellationToken);

    public async ValueTask<Result<Invoice>> IssueAsync(string unit, long fromMs, long toMs, CancellationToken cancellationToken) =>
        await ledger.WriteAsync(change => IssueAsync(change, unit, fromMs, toMs), cancellationToken);

    public ValueTask<Page<Invoice>> InvoicesAsync(string? unit, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        async db =>
        {
            IQueryable<Invoice> query = db.Set<Invoice>().Where(i => unit == null || i.Unit == unit);
            if (Paging.TryRead(page, out long beginMs, out string id))
            {
                query = query.Where(i => i.FromMs < beginMs || (i.FromMs == beginMs && i.Id.CompareTo(id) < 0));
            }

            Page<Invoice> found = await Paging.CutAsync(
                query.OrderByDescending(i => i.FromMs).ThenByDescending(i => i.Id), page, i => Paging.Cursor(i.FromMs, i.Id), cancellationToken);
            string[] ids = [.. found.Items.Select(i => i.Id)];
            List<InvoiceLineRow> lines = await db.Set<InvoiceLineRow>().Where(l => ids.Contains(l.Invoice)).ToListAsync(cancellationToken);
            ILookup<string, InvoiceLineRow> byInvoice = lines.ToLookup(l => l.Invoice);
            return new Page<Invoice>([.. found.Items.Select(i => WithLines(i, byInvoice[i.Id]))], found.Next);
        },
        cancellationToken);

    public ValueTask<Invoice?> FindInvoiceAsync(string id, CancellationToken cancellationToken) => ledger.ReadAsync(
        async db =>
        {
            Invoice? invoice = await db.Set<Invoice>().SingleOrDefaultAsync(i => i.Id == id, cancellationToken);
            return invoice is null ? null : WithLines(invoice, await db.Set<InvoiceLineRow>().Where(l => l.Invoice == id).ToListAsync(cancellationToken));
        },
        cancellationToken);

    private static async Task<Result<Invoice>> IssueAsync(LedgerChange change, string unit, long fromMs, long toMs)
    {
        List<Invoice> overlapping = await change.Db.Set<Invoice>()
            .Where(i => i.Unit == unit && i.FromMs < toMs && i.ToMs > fromMs)
            .OrderBy(i => i.FromMs)
            .ToListAsync(change.CancellationToken);
        if (overlapping.FirstOrDefault(i => i.FromMs == fromMs && i.ToMs == toMs) is { } same)
        {
            return WithLines(same, await change.Db.Set<InvoiceLineRow>().Where(l => l.Invoice == same.Id).ToListAsync(change.CancellationToken));
        }

        if (overlapping.Count > 0)
        {
            Invoice first = overlapping[0];
            return Refusal.Conflict(
                "invoice.overlap",
                $"unit '{unit}' is billed from {UtcText.Of(first.FromMs)} to {UtcText.Of(first.ToMs)} by invoice '{first.Id}': begin at its end");
        }

        if (InvoiceCalculator.CheckPeriod(fromMs, toMs, change.NowMs) is { } refusal)
        {
            return refusal;
        }

        Result<BillingRequest> request = await new BillingReader(change).ReadAsync(unit, fromMs, toMs);
        if (!request.Succeeded)
        {
            return request.Refusal;
        }

        Result<Invoice> invoice = InvoiceCalculator.Calculate(request.Value);
        if (invoice.Succeeded)
        {
            await change.InsertAsync(invoice.Value);
            for (int i = 0; i < invoice.Value.Lines.Count; i++)
            {
                await change.InsertAsync(InvoiceLineRow.Of(invoice.Value.Id, i, invoice.Value.Lines[i]));
            }

            change.Audit(AuditAction.InvoiceIssued, "invoice", invoice.Value.Id, invoice.Value.Site);
            change.Announce(LiveKind.Invoice, invoice.Value.Site, invoice.Value.Id);
        }

        return invoice;
    }

    private static async Task<Result<MeterInstallation>> InsertAsync(LedgerChange change, MeterInstallation installation)
    {
        await change.InsertAsync(installation);
        change.Audit(AuditAction.MeterInstalled, "meter-installation", installation.Id, installation.Site);
        return installation;
    }

    private static Task<string?> SiteOfUnitAsync(LedgerChange change, string unit) => change.Db.Set<Unit>()
        .Where(u => u.Id == unit)
        .Join(change.Db.Set<Building>(), u => u.Building, b => b.Id, (_, b) => b.Site)
        .SingleOrDefaultAsync(change.CancellationToken);

    private static async Task<Refusal?> RefuseAsync(LedgerChange change, MeterInstallation added)
    {
        string? building = await change.Db.Set<ServicePoint>()
            .Where(p => p.Id == added.ServicePoint)
            .Join(change.Db.Set<Unit>(), p => p.Unit, u => u.Id, (_, u) => u.Building)
            .SingleOrDefaultAsync(change.CancellationToken);
        if (building is null)
        {
            return Unknown("service point", added.ServicePoint);
        }

        if (!await change.Db.Set<Building>().AnyAsync(b => b.Id == building && b.Site == added.Site, change.CancellationToken))
        {
            return Refusal.Invalid("installation.site", $"service point '{added.ServicePoint}' does not lie in site '{added.Site}'");
        }

        if (await change.Db.Set<MeterInstallation>().IgnoreQueryFilters().AnyAsync(i => i.Id == added.Id, change.CancellationToken))
        {
            return Taken("meter installation", added.Id);
        }

        long toMs = added.ToMs ?? long.MaxValue;
        MeterInstallation? other = await change.Db.Set<MeterInstallation>()
            .Where(i => i.FromMs < toMs && (i.ToMs == null || i.ToMs > added.FromMs))
            .Where(i => i.ServicePoint == added.ServicePoint || (i.Site == added.Site && i.Device == added.Device && i.Register == added.Register))
            .FirstOrDefaultAsync(change.CancellationToken);
        return other is null
            ? null
            : Refusal.Conflict(
                "installation.overlap",
                $"'{other.Device}/{other.Register}' is installed at service point '{other.ServicePoint}' at that time ('{other.Id}'): end it first, or choose another time");
    }

    private static Invoice WithLines(Invoice invoice, IEnumerable<InvoiceLineRow> lines) =>
        invoice with { Lines = [.. lines.OrderBy(l => l.Position).Select(l => l.ToLine())] };

    private static Refusal Taken(string what, string id) => Refusal.Conflict("id.taken", $"there is a {what} '{id}' already");

    private static Refusal Unknown(string what, string id) =>
        Refusal.Invalid($"unknown.{what.Replace(' ', '-')}", $"there is no {what} '{id}': add it first");
}
