using IotProperty.Hub.Maintenance;

namespace IotProperty.Hub.Pages.WorkOrders;

/// <summary>A work order in words.</summary>
internal static class WorkOrderText
{
    public static string Origin(WorkOrder order, PlaceNames names)
    {
        List<string> parts = [];
        if (names.HasSeveralSites)
        {
            parts.Add(names.SiteName(order.Site));
        }

        if (order.Device is { } device)
        {
            parts.Add(names.DeviceName(order.Site, device));
        }

        parts.Add(Words.T("origin", order.Origin));
        if (order.OccurrenceCount > 1)
        {
            parts.Add(Words.T("work-order.occurrences", order.OccurrenceCount));
        }

        return string.Join(" · ", parts);
    }

    public static bool IsLate(WorkOrder order, long nowMs) => !order.IsOver && order.Status != WorkOrderStatus.Completed && order.DueMs < nowMs;

    /// <summary>One line of its history.</summary>
    public static string Of(WorkOrderEntry entry, IReadOnlyDictionary<string, string> technicians)
    {
        string what = entry.Kind == WorkOrderEntryKind.Moved
            ? $"{Words.T("work-order-status", entry.From)} → {Words.T("work-order-status", entry.To)}"
            : Words.T("work-order-entry", entry.Kind);

        // The hub's own note on how the order came about says what the alarm's page shows better, and in the reader's language.
        if (entry is { By: WorkOrderBook.Hub, Kind: WorkOrderEntryKind.Raised or WorkOrderEntryKind.Recurred })
        {
            return what;
        }

        // An assignment names the technician by id; people know names.
        string comment = technicians.GetValueOrDefault(entry.Comment, entry.Comment);
        return comment.Length > 0 ? $"{what} · {comment}" : what;
    }

    /// <summary>The step from here to there, as a button says it.</summary>
    public static string Step(WorkOrderStatus from, WorkOrderStatus to) =>
        from == WorkOrderStatus.Completed && to == WorkOrderStatus.Open ? Words.T("work-order-step.reopen") : Words.T("work-order-step", to);
}
