using IotProperty.Hub.Live;
using IotProperty.Hub.Maintenance;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Alarms;

/// <summary>Brings the alarms of one site up to date with their transitions and acknowledgements, and sends somebody where a rule asks for it. Lives inside one write.</summary>
internal sealed class AlarmBook
{
    private readonly LedgerChange _change;
    private readonly string _site;
    private readonly SiteCatalogue? _catalogue;
    private readonly IReadOnlyList<DispatchRule> _rules;

    private AlarmBook(LedgerChange change, string site, SiteCatalogue? catalogue, IReadOnlyList<DispatchRule> rules)
    {
        _change = change;
        _site = site;
        _catalogue = catalogue;
        _rules = rules;
    }

    public static async Task<AlarmBook> OpenAsync(LedgerChange change, string site)
    {
        await SiteBook.EnsureAsync(change.Db, site, change.CancellationToken);
        EdgeRecord? edge = await change.Db.Set<EdgeRecord>().SingleOrDefaultAsync(e => e.Site == site, change.CancellationToken);
        List<DispatchRule> rules = await change.Db.Set<DispatchRule>().ToListAsync(change.CancellationToken);
        return new AlarmBook(change, site, edge?.Catalogue, rules);
    }

    /// <summary>Writes the alarm of an occurrence anew from all that is stored for it.</summary>
    public async Task<Alarm> BringUpToDateAsync(string occurrence)
    {
        CancellationToken cancellationToken = _change.CancellationToken;
        Alarm? known = await _change.Db.Set<Alarm>().SingleOrDefaultAsync(a => a.Site == _site && a.Occurrence == occurrence, cancellationToken);
        List<AlarmTransitionRow> transitions = await _change.Db.Set<AlarmTransitionRow>()
            .Where(t => t.Site == _site && t.Occurrence == occurrence)
            .ToListAsync(cancellationToken);
        List<AcknowledgementRow> acknowledgements = known is null
            ? []
            : await _change.Db.Set<AcknowledgementRow>().Where(a => a.Alarm == known.Id).ToListAsync(cancellationToken);
        AlarmStanding standing = AlarmLifeCycle.Evaluate(
            transitions.Select(t => t.ToTransition()),
            acknowledgements.Select(a => new Acknowledgement(a.Ordinal, a.UpToOrdinal, a.By, a.Comment, a.AtMs)));
        Alarm alarm = AlarmDescription.Of(known?.Id ?? _change.NewId(), _site, known?.Name ?? NameOf(standing.First.Rule), standing, known?.WorkOrder);
        alarm = alarm with
        {
            ClockCorrected = !standing.ClockTrusted && transitions.TrueForAll(t => t.ClockTrusted || t.ClockCorrectionMs != 0),
            WorkOrder = await DispatchAsync(alarm),
        };
        await (known is null ? _change.InsertAsync(alarm) : _change.UpdateAsync(alarm));
        _change.Announce(LiveKind.Alarm, _site, alarm.Id);
        return alarm;
    }

    /// <summary>Returns the order that stands for the alarm afterwards.</summary>
    private async Task<string?> DispatchAsync(Alarm alarm)
    {
        Asset? asset = await _change.Db.Set<Asset>().SingleOrDefaultAsync(a => a.Site == _site && a.Device == alarm.Device, _change.CancellationToken);
        string kind = _catalogue?.Devices.FirstOrDefault(d => d.Id == alarm.Device)?.Kind ?? asset?.Kind ?? "";
        DispatchRule? rule = DispatchRule.Find(_rules, kind, alarm.HighestLevel);
        string cause = AlarmDispatch.CauseOf(alarm);

        // The one that is not over, else the one that ended last by the hub's clock: when an order was opened is what an edge says, and its clock may be wrong.
        WorkOrder? standing = alarm.WorkOrder is { } id
            ? await _change.Db.Set<WorkOrder>().SingleAsync(w => w.Id == id, _change.CancellationToken)
            : await _change.Db.Set<WorkOrder>()
                .Where(w => w.Site == _site && w.Cause == cause)
                .OrderBy(w => w.Status == WorkOrderStatus.Declined || w.Status == WorkOrderStatus.Closed)
                .ThenByDescending(w => w.ClosedMs ?? 0)
                .ThenByDescending(w => w.Id)
                .FirstOrDefaultAsync(_change.CancellationToken);
        WorkOrderBook orders = new(_change);
        string news = $"{alarm.HighestLevel} since {UtcText.Of(alarm.RaisedMs)}, occurrence {alarm.Occurrence}";
        switch (AlarmDispatch.Decide(alarm, rule, standing))
        {
            case DispatchAction.Raise:
                WorkOrder raised = await orders.RaiseAsync(OrderFor(alarm, rule!, asset, cause), WorkOrderBook.Hub, news);
                return raised.Id;
            case DispatchAction.Join:
                await orders.RecurAsync(standing! with { OccurrenceCount = standing.OccurrenceCount + 1, Priority = Higher(standing, rule!) }, news);
                return standing!.Id;
            case DispatchAction.Reopen:
                await orders.RecurAsync(standing! with { OccurrenceCount = standing.OccurrenceCount + 1, Priority = Higher(standing, rule!) }, news);
                await orders.ReopenAsync(standing!.Id, "the fault came back after completion");
                return standing.Id;
            case DispatchAction.Escalate:
                long dueMs = DueMs(alarm.ChangedMs, rule!);
                await orders.RecurAsync(standing! with { Priority = rule!.Priority, DueMs = Math.Min(standing.DueMs ?? dueMs, dueMs) }, "more severe: " + news);
                return standing!.Id;
            default:
                return alarm.WorkOrder;
        }
    }

    private WorkOrder OrderFor(Alarm alarm, DispatchRule rule, Asset? asset, string cause) => new()
    {
        Id = _change.NewId(),
        Site = _site,
        Title = alarm.Name,
        Status = WorkOrderStatus.Open,
        Origin = WorkOrderOrigin.Alarm,
        Cause = cause,
        Alarm = alarm.Id,
        Asset = asset?.Id,
        Device = alarm.Device,
        Skill = asset is { Skill.Length: > 0 } ? asset.Skill : rule.Skill,
        Priority = rule.Priority,
        OpenedMs = alarm.RaisedMs,
        DueMs = DueMs(alarm.RaisedMs, rule),
    };

    private static WorkOrderPriority Higher(WorkOrder order, DispatchRule rule) => order.Priority > rule.Priority ? order.Priority : rule.Priority;

    // An edge whose clock is broken may tell any time; its alarm must come in all the same.
    private static long DueMs(long fromMs, DispatchRule rule) => fromMs <= long.MaxValue - (rule.DueMinutes * 60_000L) ? fromMs + (rule.DueMinutes * 60_000L) : long.MaxValue;

    private LocalText NameOf(string rule) => rule == ReconciliationAlarm.Rule ? ReconciliationAlarm.Name : _catalogue?.Rules.FirstOrDefault(r => r.Id == rule)?.Name ?? new LocalText(rule, rule);
}
