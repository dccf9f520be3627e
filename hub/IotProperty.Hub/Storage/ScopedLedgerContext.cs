using System.Linq.Expressions;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Registry;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace IotProperty.Hub.Storage;

/// <summary>
/// The ledger as somebody sees it who may see some sites only: rows of others are not there, for lists, for a look by id, and for what a write looks up first. A test
/// holds that every table is either narrowed here or of no site.
/// </summary>
public sealed class ScopedLedgerContext(DbContextOptions<LedgerContext> options, IReadOnlyList<string> sites) : LedgerContext(options)
{
    private readonly string[] _sites = [.. sites];

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        base.OnModelCreating(modelBuilder);
        foreach (IMutableEntityType entity in modelBuilder.Model.GetEntityTypes())
        {
            if (entity.FindProperty("Site") is { } site && site.ClrType == typeof(string))
            {
                entity.SetQueryFilter(HasSite(entity.ClrType));
            }
        }

        modelBuilder.Entity<Site>().HasQueryFilter(s => _sites.Contains(s.Id));
        modelBuilder.Entity<Unit>().HasQueryFilter(u => Set<Building>().Any(b => b.Id == u.Building && _sites.Contains(b.Site)));
        modelBuilder.Entity<Occupant>().HasQueryFilter(
            o => Set<Unit>().Any(u => u.Id == o.Unit && Set<Building>().Any(b => b.Id == u.Building && _sites.Contains(b.Site))));
        modelBuilder.Entity<AcknowledgementRow>().HasQueryFilter(r => Set<Alarm>().Any(a => a.Id == r.Alarm && _sites.Contains(a.Site)));
        modelBuilder.Entity<WorkOrderEntry>().HasQueryFilter(e => Set<WorkOrder>().Any(w => w.Id == e.WorkOrder && _sites.Contains(w.Site)));
        modelBuilder.Entity<MaintenancePlan>().HasQueryFilter(p => Set<Asset>().Any(a => a.Id == p.Asset && _sites.Contains(a.Site)));
        modelBuilder.Entity<PlanProgressRow>().HasQueryFilter(
            r => Set<MaintenancePlan>().Any(p => p.Id == r.Plan && Set<Asset>().Any(a => a.Id == p.Asset && _sites.Contains(a.Site))));
        modelBuilder.Entity<ServicePoint>().HasQueryFilter(
            p => Set<Unit>().Any(u => u.Id == p.Unit && Set<Building>().Any(b => b.Id == u.Building && _sites.Contains(b.Site))));
        modelBuilder.Entity<TariffAssignment>().HasQueryFilter(t => Set<ServicePoint>().Any(
            p => p.Id == t.ServicePoint && Set<Unit>().Any(u => u.Id == p.Unit && Set<Building>().Any(b => b.Id == u.Building && _sites.Contains(b.Site)))));
        modelBuilder.Entity<InvoiceLineRow>().HasQueryFilter(l => Set<Invoice>().Any(i => i.Id == l.Invoice && _sites.Contains(i.Site)));
    }

    /// <summary><c>row => _sites.Contains(row.Site)</c>; the field belongs to the context that asks, as in every filter.</summary>
    private LambdaExpression HasSite(Type entity)
    {
        ParameterExpression row = Expression.Parameter(entity, "row");
        Expression sites = Expression.Field(Expression.Constant(this), nameof(_sites));
        Expression holds = Expression.Call(typeof(Enumerable), nameof(Enumerable.Contains), [typeof(string)], sites, Expression.Property(row, "Site"));
        return Expression.Lambda(holds, row);
    }
}
