namespace IotProperty.Hub.Maintenance;

/// <param name="Technician">Somebody.</param>
/// <param name="OrderCount">How many orders wait for them: open, in progress or deferred.</param>
public readonly record struct TechnicianLoad(Technician Technician, int OrderCount);

/// <summary>Who gets an order, or why nobody does. Exactly one of the two is set.</summary>
public readonly record struct Assignment(string? Technician, string? UnassignedReason)
{
    /// <summary>Of those who have the skill and are available, the one with the fewest orders; of equals, the first by id.</summary>
    public static Assignment Choose(string skill, IEnumerable<TechnicianLoad> loads)
    {
        TechnicianLoad[] skilled = [.. loads.Where(l => l.Technician.Skills.Contains(skill, StringComparer.Ordinal))];
        if (skilled.Length == 0)
        {
            return new Assignment(null, $"no technician has the skill '{skill}'");
        }

        TechnicianLoad[] free = [.. skilled
            .Where(l => l.Technician.Available)
            .OrderBy(l => l.OrderCount)
            .ThenBy(l => l.Technician.Id, StringComparer.Ordinal)];
        return free.Length == 0
            ? new Assignment(null, $"nobody with the skill '{skill}' is available ({skilled.Length} asked)")
            : new Assignment(free[0].Technician.Id, null);
    }
}
