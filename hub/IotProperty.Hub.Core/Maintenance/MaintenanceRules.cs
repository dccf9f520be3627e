namespace IotProperty.Hub.Maintenance;

/// <summary>What makes a technician, a plan or a hand-made order acceptable, apart from what it refers to.</summary>
public static class MaintenanceRules
{
    private const int MaxSkillCount = 50;
    private const int MaxEveryDays = 3660;

    public static IReadOnlyList<Reason> Check(Technician technician) => new RecordRules()
        .Id(technician.Id)
        .Text("name", technician.Name)
        .Require(
            technician.Skills is { Count: <= MaxSkillCount } skills && skills.All(s => !string.IsNullOrWhiteSpace(s) && s.Length <= 100),
            "skills",
            $"skills: at most {MaxSkillCount}, each of 1 to 100 characters")
        .Reasons;

    public static IReadOnlyList<Reason> Check(MaintenancePlan plan) => new RecordRules()
        .Id(plan.Id)
        .Text("title", plan.Title)
        .OptionalText("skill", plan.Skill)
        .OptionalText("edition", plan.Edition)
        .Require(plan.Calendar is null != plan.RunHours is null, "schedule", "give either calendar or runHours, one of the two")
        .Require(plan.Calendar is null or { EveryDays: >= 1 and <= MaxEveryDays }, "calendar.everyDays", $"calendar.everyDays: must be 1 to {MaxEveryDays}")
        .Require(plan.RunHours is null or { Every: > 0 }, "runHours.every", "runHours.every: must be more than 0 hours")
        .Require(plan.RunHours is null or { Point.Length: > 0 }, "runHours.point", "runHours.point: name the point that counts the hours")
        .Reasons;

    public static IReadOnlyList<Reason> Check(ManualWorkOrder order) => new RecordRules()
        .Text("title", order.Title).OptionalText("skill", order.Skill).Require(order.Comment is { Length: <= 2000 }, "comment", "comment: at most 2000 characters").Reasons;
}
