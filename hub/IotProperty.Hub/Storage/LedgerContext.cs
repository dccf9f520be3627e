using System.Globalization;
using System.Text.Json;
using IotProperty.Hub.Alarms;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Control;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Registry.Personal;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace IotProperty.Hub.Storage;

/// <summary>
/// The ledger's tables as the domain's records. The schema is the numbered SQL files; a test holds this model against them. Records are immutable, so nothing is
/// tracked: a changed record replaces its row.
/// </summary>
public class LedgerContext : DbContext
{
    public LedgerContext(DbContextOptions<LedgerContext> options)
        : base(options)
    {
        ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        ChangeTracker.AutoDetectChangesEnabled = false;
        Database.AutoSavepointsEnabled = false;
    }

    /// <summary>A decimal as it stands in the ledger, trailing zeros included: they say how many decimals a register shows.</summary>
    public static string ExactText(decimal value) => value.ToString(CultureInfo.InvariantCulture);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        ArgumentNullException.ThrowIfNull(configurationBuilder);
        configurationBuilder.Properties<decimal>().HaveConversion<ExactDecimal>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        AddRegistry(modelBuilder);
        AddEvents(modelBuilder);
        AddReconciliation(modelBuilder);
        AddMaintenance(modelBuilder);
        AddBilling(modelBuilder);
        Add<AuditEntry>(modelBuilder, "audit_entry", nameof(AuditEntry.Sequence));
        Add<AuditHead>(modelBuilder, "audit_head");
        foreach (IMutableEntityType entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (IMutableProperty property in entity.GetProperties())
            {
                bool isJson = property.GetValueConverter() is IJsonColumn;
                property.SetColumnName(SnakeCase(property.Name) + (isJson ? "_json" : ""));
                property.ValueGenerated = ValueGenerated.Never;
            }

            foreach (IMutableComplexProperty text in entity.GetComplexProperties())
            {
                foreach (IMutableProperty property in text.ComplexType.GetProperties())
                {
                    property.SetColumnName($"{SnakeCase(text.Name)}_{SnakeCase(property.Name)}");
                }
            }
        }
    }

    private static void AddRegistry(ModelBuilder model)
    {
        Add<Site>(model, "site").ComplexProperty(s => s.Name);
        Add<Building>(model, "building").ComplexProperty(b => b.Name);
        Add<Unit>(model, "unit");
        Add<Occupant>(model, "occupant");
        Add<PersonalKeyRow>(model, "personal_key");
        Add<Asset>(model, "asset").ComplexProperty(a => a.Name);
        EntityTypeBuilder<EdgeRecord> edge = Add<EdgeRecord>(model, "edge", nameof(EdgeRecord.Site));
        Json(edge.Property(e => e.Catalogue));
    }

    private static void AddEvents(ModelBuilder model)
    {
        Add<BatchRow>(model, "batch", nameof(BatchRow.Site), nameof(BatchRow.Epoch), nameof(BatchRow.Lane), nameof(BatchRow.Sequence));
        Add<AlarmTransitionRow>(
            model, "alarm_transition", nameof(AlarmTransitionRow.Site), nameof(AlarmTransitionRow.Occurrence), nameof(AlarmTransitionRow.Ordinal));
        Add<AcknowledgementRow>(model, "alarm_acknowledgement", nameof(AcknowledgementRow.Alarm), nameof(AcknowledgementRow.Ordinal));
        Add<AccessEventRow>(model, "access_event", nameof(AccessEventRow.Site), nameof(AccessEventRow.Id));
        Add<CommandResultRow>(model, "command_result", nameof(CommandResultRow.Site), nameof(CommandResultRow.Id));
        EntityTypeBuilder<CommandOrder> order = Add<CommandOrder>(model, "command_order", nameof(CommandOrder.Site), nameof(CommandOrder.Id));
        order.Ignore(o => o.Action);
        order.Ignore(o => o.Effect);
        Add<GapRow>(model, "gap", nameof(GapRow.Site), nameof(GapRow.Id));
        Add<Alarm>(model, "alarm").ComplexProperty(a => a.Name);
    }

    private static void AddReconciliation(ModelBuilder model)
    {
        Add<ReceivedTallyRow>(
            model, "received_tally", nameof(ReceivedTallyRow.Site), nameof(ReceivedTallyRow.Epoch), nameof(ReceivedTallyRow.Lane), nameof(ReceivedTallyRow.HourMs));
        Add<EdgeTallyRow>(model, "edge_tally", nameof(EdgeTallyRow.Site), nameof(EdgeTallyRow.Epoch), nameof(EdgeTallyRow.Lane), nameof(EdgeTallyRow.HourMs));
        Add<TallyStartRow>(model, "tally_start", nameof(TallyStartRow.SinceMs));
        Add<ClockStepRow>(model, "clock_step", nameof(ClockStepRow.Site), nameof(ClockStepRow.Id));
    }

    private static void AddMaintenance(ModelBuilder model)
    {
        Add<DispatchRule>(model, "dispatch_rule", nameof(DispatchRule.Kind), nameof(DispatchRule.Level));
        Json(Add<Technician>(model, "technician").Property(t => t.Skills));
        EntityTypeBuilder<MaintenancePlan> plan = Add<MaintenancePlan>(model, "maintenance_plan");
        plan.ComplexProperty(p => p.Title);
        Json(plan.Property(p => p.Calendar));
        Json(plan.Property(p => p.RunHours));
        Add<PlanProgressRow>(model, "plan_progress", nameof(PlanProgressRow.Plan));
        EntityTypeBuilder<WorkOrder> order = Add<WorkOrder>(model, "work_order");
        order.ComplexProperty(w => w.Title);
        order.Ignore(w => w.IsOver);
        Add<WorkOrderEntry>(model, "work_order_entry", nameof(WorkOrderEntry.WorkOrder), nameof(WorkOrderEntry.Ordinal));
    }

    private static void AddBilling(ModelBuilder model)
    {
        Add<StoredReading>(
            model, "reading", nameof(StoredReading.Site), nameof(StoredReading.Device), nameof(StoredReading.Register), nameof(StoredReading.TimeMs));
        Add<ServicePoint>(model, "service_point");
        Add<MeterInstallation>(model, "meter_installation");
        Json(Add<Tariff>(model, "tariff").Property(t => t.Versions));
        Add<TariffAssignment>(model, "tariff_assignment");
        Add<Invoice>(model, "invoice").Ignore(i => i.Lines);
        EntityTypeBuilder<InvoiceLineRow> line = Add<InvoiceLineRow>(
            model, "invoice_line", nameof(InvoiceLineRow.Invoice), nameof(InvoiceLineRow.Position));
        Json(line.Property(l => l.Opening));
        Json(line.Property(l => l.Closing));
        Json(line.Property(l => l.Steps));
    }

    private static EntityTypeBuilder<T> Add<T>(ModelBuilder model, string table, params string[] key)
        where T : class
    {
        EntityTypeBuilder<T> entity = model.Entity<T>();
        entity.ToTable(table);
        entity.HasKey(key.Length == 0 ? ["Id"] : key);
        return entity;
    }

    private static void Json<T>(PropertyBuilder<T> property) => property.HasConversion(
        new JsonColumn<T>(),
        new ValueComparer<T>((a, b) => ReferenceEquals(a, b), value => value == null ? 0 : value.GetHashCode(), value => value));

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString()));

    private sealed class ExactDecimal() : ValueConverter<decimal, string>(
        value => ExactText(value),
        text => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture));

    private interface IJsonColumn;

    /// <summary>What is always read and written as a whole.</summary>
    private sealed class JsonColumn<T>() : ValueConverter<T, string>(
        value => JsonSerializer.Serialize(value, JsonSerializerOptions.Web),
        text => JsonSerializer.Deserialize<T>(text, JsonSerializerOptions.Web)!), IJsonColumn;
}
