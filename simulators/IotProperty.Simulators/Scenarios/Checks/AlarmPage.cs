namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>How the alarm page tells a person that the fire main's pressure is low.</summary>
public static class AlarmPage
{
    /// <summary>What a person opens.</summary>
    public const string Path = "alarms";

    /// <summary>What the open page fetches anew at each live event.</summary>
    public const string RowsPath = "alarms/rows";

    /// <summary>The rule's name, as the demo's site file gives it in English.</summary>
    private const string Name = "Fire main pressure low";

    /// <summary>How the page marks the graver of the two levels while it lasts.</summary>
    private const string AlarmMark = "class=\"level alarm\"";

    /// <summary>Whether a row of the list shows the alarm at its alarm level; a mere warning does not count.</summary>
    public static bool Shows(string page)
    {
        ArgumentNullException.ThrowIfNull(page);
        return page.Split("<tr").Any(row => row.Contains(Name, StringComparison.Ordinal) && row.Contains(AlarmMark, StringComparison.Ordinal));
    }
}
