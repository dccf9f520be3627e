using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Maintenance;

/// <summary>Due on <paramref name="From"/> and every so many days after it, in the site's zone.</summary>
public sealed record CalendarSchedule(int EveryDays, DateOnly From);

/// <summary>Due when the point has counted <paramref name="Every"/> hours since the plan began or was last due.</summary>
/// <param name="Point">A point of the asset's device that counts hours and only grows.</param>
/// <param name="Every">In hours; positive.</param>
public sealed record RunHoursSchedule(string Point, decimal Every);

/// <summary>What is to be done to an asset again and again. Exactly one of the two schedules is set.</summary>
public sealed record MaintenancePlan
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string Asset { get; init; }

    public required LocalText Title { get; init; }

    public CalendarSchedule? Calendar { get; init; }

    public RunHoursSchedule? RunHours { get; init; }

    /// <summary>Empty: the asset's skill.</summary>
    public string Skill { get; init; } = "";

    public WorkOrderPriority Priority { get; init; } = WorkOrderPriority.Normal;

    /// <summary>The rule's edition that set the cycle (<c>TSG T5002-2017</c>), because cycles change with it.</summary>
    public string Edition { get; init; } = "";

    /// <summary>Set by the hub: due dates before it are nobody's debt. Milliseconds since the Unix epoch, UTC.</summary>
    public long CreatedMs { get; init; }
}
