namespace IotProperty.Hub.Maintenance;

/// <summary>Which steps a work order may take, whoever asks.</summary>
public static class WorkOrderRules
{
    /// <summary>How long a completed order waits for an objection before it closes by itself.</summary>
    public const long CloseAfterMs = 7L * 24 * 3600 * 1000;

    /// <summary>Where each status may lead.</summary>
    public static IReadOnlyList<WorkOrderStatus> NextOf(WorkOrderStatus status) => status switch
    {
        WorkOrderStatus.Open => [WorkOrderStatus.InProgress, WorkOrderStatus.Deferred, WorkOrderStatus.Declined],
        WorkOrderStatus.InProgress => [WorkOrderStatus.Completed, WorkOrderStatus.Deferred, WorkOrderStatus.Open, WorkOrderStatus.Declined],
        WorkOrderStatus.Completed => [WorkOrderStatus.Open, WorkOrderStatus.Closed],
        WorkOrderStatus.Deferred => [WorkOrderStatus.Open, WorkOrderStatus.Declined],
        WorkOrderStatus.Declined or WorkOrderStatus.Closed => [],
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not a status"),
    };

    /// <summary>The order after the step; a conflict when the table does not list it.</summary>
    public static Result<WorkOrder> Move(WorkOrder order, WorkOrderStatus to, long nowMs)
    {
        IReadOnlyList<WorkOrderStatus> next = NextOf(order.Status);
        if (!next.Contains(to))
        {
            string mend = next.Count == 0 ? "it is over" : $"from there it may become {string.Join(", ", next)}";
            return Refusal.Conflict("work-order.transition", $"work order '{order.Id}' is {order.Status} and cannot become {to}: {mend}");
        }

        bool reopened = order.Status == WorkOrderStatus.Completed && to == WorkOrderStatus.Open;
        return order with
        {
            Status = to,
            CompletedMs = to switch
            {
                WorkOrderStatus.Completed => nowMs,
                WorkOrderStatus.Closed => order.CompletedMs,
                _ => null,
            },
            ClosedMs = to is WorkOrderStatus.Closed or WorkOrderStatus.Declined ? nowMs : null,
            ReopenedCount = order.ReopenedCount + (reopened ? 1 : 0),
        };
    }

    /// <summary>Whether a completed order has waited long enough.</summary>
    public static bool ClosesItself(WorkOrder order, long nowMs) =>
        order.Status == WorkOrderStatus.Completed && order.CompletedMs is { } completedMs && nowMs - completedMs >= CloseAfterMs;
}
