using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Maintenance;

/// <summary>The numeric values are in the database and never change.</summary>
public enum WorkOrderStatus : byte
{
    Open = 0,
    InProgress = 1,
    Deferred = 2,

    /// <summary>Ended without work; for good.</summary>
    Declined = 3,

    /// <summary>The technician is done; closes by itself unless somebody reopens it.</summary>
    Completed = 4,

    /// <summary>Accepted; for good.</summary>
    Closed = 5,
}

/// <summary>The numeric values are in the database and never change.</summary>
public enum WorkOrderOrigin : byte
{
    Manual = 0,
    Alarm = 1,
    Plan = 2,
}

/// <summary>A higher value is more urgent. The numeric values are in the database and never change.</summary>
public enum WorkOrderPriority : byte
{
    Low = 0,
    Normal = 1,
    High = 2,

    /// <summary>Somebody may be in danger.</summary>
    Urgent = 3,
}

/// <summary>A job for a technician.</summary>
public sealed record WorkOrder
{
    public required string Id { get; init; }

    public required string Site { get; init; }

    public required LocalText Title { get; init; }

    public required WorkOrderStatus Status { get; init; }

    public required WorkOrderOrigin Origin { get; init; }

    /// <summary>
    /// What it was raised for: <c>alarm:RULE:DEVICE/POINT</c>, <c>plan:PLAN:DUE</c>, <c>manual:ID</c>. At most one order of a site that is
    /// neither closed nor declined has a given cause; the database holds that.
    /// </summary>
    public required string Cause { get; init; }

    /// <summary>The alarm that raised it; null for other origins.</summary>
    public string? Alarm { get; init; }

    /// <summary>The plan that raised it; null for other origins.</summary>
    public string? Plan { get; init; }

    public string? Asset { get; init; }

    /// <summary>The device's id at the edge.</summary>
    public string? Device { get; init; }

    /// <summary>What its technician must be able to do; never empty.</summary>
    public required string Skill { get; init; }

    public required WorkOrderPriority Priority { get; init; }

    /// <summary>The technician's id; null while nobody is assigned.</summary>
    public string? Technician { get; init; }

    /// <summary>Why nobody is assigned, for people; null when somebody is.</summary>
    public string? UnassignedReason { get; init; }

    /// <summary>When it was raised: event time for an alarm, the due date's start for a calendar plan; milliseconds since the Unix epoch, UTC.</summary>
    public required long OpenedMs { get; init; }

    /// <summary>By when help or work is due; null when there is no limit.</summary>
    public long? DueMs { get; init; }

    /// <summary>When it was last completed; null while it is not.</summary>
    public long? CompletedMs { get; init; }

    public long? ClosedMs { get; init; }

    /// <summary>How often it was completed and then opened again.</summary>
    public int ReopenedCount { get; init; }

    /// <summary>How many occurrences of its alarm it stands for; 1 for other origins.</summary>
    public int OccurrenceCount { get; init; } = 1;

    /// <summary>Whether anything may still happen to it.</summary>
    public bool IsOver => Status is WorkOrderStatus.Declined or WorkOrderStatus.Closed;
}

/// <summary>The numeric values are in the database and never change.</summary>
public enum WorkOrderEntryKind : byte
{
    Raised = 0,
    Moved = 1,
    Assigned = 2,
    Unassigned = 3,

    /// <summary>Its alarm occurred again or grew more severe.</summary>
    Recurred = 4,
}

/// <summary>One line of a work order's history.</summary>
/// <param name="WorkOrder">The order's id.</param>
/// <param name="Ordinal">0, 1, 2 … within the order.</param>
/// <param name="Kind">What happened.</param>
/// <param name="From">The status before; equals <paramref name="To"/> unless it moved.</param>
/// <param name="To">The status after.</param>
/// <param name="By">A user's name, or <c>hub</c>.</param>
/// <param name="Comment">For people; names the technician, the occurrence or the reason.</param>
/// <param name="AtMs">By the hub's clock; milliseconds since the Unix epoch, UTC.</param>
public sealed record WorkOrderEntry(
    string WorkOrder,
    int Ordinal,
    WorkOrderEntryKind Kind,
    WorkOrderStatus From,
    WorkOrderStatus To,
    string By,
    string Comment,
    long AtMs);

/// <summary>A work order and its history, oldest first.</summary>
public sealed record WorkOrderDetail(WorkOrder Order, IReadOnlyList<WorkOrderEntry> History);

/// <summary>What a person asks for when raising a work order by hand.</summary>
public sealed record ManualWorkOrder
{
    public required string Site { get; init; }

    public required LocalText Title { get; init; }

    public string? Asset { get; init; }

    /// <summary>Empty: the asset's skill, or <c>general</c>.</summary>
    public string Skill { get; init; } = "";

    public WorkOrderPriority Priority { get; init; } = WorkOrderPriority.Normal;

    public long? DueMs { get; init; }

    /// <summary>What and where, in the asker's words.</summary>
    public string Comment { get; init; } = "";
}
