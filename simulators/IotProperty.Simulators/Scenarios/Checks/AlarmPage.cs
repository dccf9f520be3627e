namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>How the alarm page tells a person that the fire main's pressure is low.</summary>
public static class AlarmPage
{
    public const string Path = "alarms";

    /// <summary>The rule's name, as the demo's site file gives it in English.</summary>
    private const string Name = "Fire main pressure low";

    public static bool Shows(string page)
    {
        ArgumentNullException.ThrowIfNull(page);
        return page.Contains(Name, StringComparison.Ordinal);
    }
}
