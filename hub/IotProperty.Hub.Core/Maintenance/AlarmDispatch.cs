using IotProperty.Hub.Alarms;

namespace IotProperty.Hub.Maintenance;

/// <summary>What an alarm asks of the work orders.</summary>
public enum DispatchAction : byte
{
    /// <summary>Nothing: no rule asks for work, or nothing is new.</summary>
    None,

    /// <summary>A new order.</summary>
    Raise,

    /// <summary>The occurrence joins an order that stands for its cause.</summary>
    Join,

    /// <summary>The occurrence joins an order that was completed before it: the repair did not hold, so the order is opened again.</summary>
    Reopen,

    /// <summary>The order that stands for the occurrence gets more urgent, because the alarm got more severe.</summary>
    Escalate,
}

/// <summary>Decides, once per cause, whether an alarm sends somebody.</summary>
public static class AlarmDispatch
{
    /// <summary>Names what an order is raised for: the rule at the point, not the single occurrence.</summary>
    public static string CauseOf(Alarm alarm) => $"alarm:{alarm.Rule}:{alarm.Device}/{alarm.Point}";

    /// <param name="alarm">The alarm as it stands now; <see cref="Alarm.WorkOrder"/> names the order that stands for it already.</param>
    /// <param name="rule">What its kind and highest level ask for; null: nothing.</param>
    /// <param name="standing">
    /// The order that stands for the alarm; else the one of the same cause that is not over; else the one of them that ended last; null when there is none.
    /// </param>
    public static DispatchAction Decide(Alarm alarm, DispatchRule? rule, WorkOrder? standing)
    {
        if (rule is not { Raises: true })
        {
            return DispatchAction.None;
        }

        if (alarm.WorkOrder is not null)
        {
            return standing is { IsOver: false } && rule.Priority > standing.Priority ? DispatchAction.Escalate : DispatchAction.None;
        }

        if (standing is null)
        {
            return DispatchAction.Raise;
        }

        return standing.Status switch
        {
            // Batches overtake each other: what happened before the work was done is covered by it, however late it is told.
            WorkOrderStatus.Completed => IsAfter(alarm, standing.CompletedMs) ? DispatchAction.Reopen : DispatchAction.Join,
            WorkOrderStatus.Closed => IsAfter(alarm, standing.CompletedMs ?? standing.ClosedMs) ? DispatchAction.Raise : DispatchAction.Join,
            WorkOrderStatus.Declined => IsAfter(alarm, standing.ClosedMs) ? DispatchAction.Raise : DispatchAction.Join,
            _ => DispatchAction.Join,
        };
    }

    /// <summary>An edge that does not know the time cannot prove that its alarm is old: rather somebody goes in vain than nobody.</summary>
    private static bool IsAfter(Alarm alarm, long? endedMs) => !alarm.ClockTrusted || alarm.RaisedMs > endedMs;
}
