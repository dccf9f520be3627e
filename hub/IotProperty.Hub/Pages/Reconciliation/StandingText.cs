namespace IotProperty.Hub.Pages.Reconciliation;

/// <summary>How the standing of an hour looks: a class for its colour and a sign, so that colour never has to be seen alone.</summary>
internal static class StandingText
{
    /// <summary>Every standing, the gravest first.</summary>
    public static IReadOnlyList<HourStanding> ByWeight { get; } = [.. Enum.GetValues<HourStanding>().OrderDescending()];

    /// <summary>Colour is for what wants somebody: a loss without a word, then a declared one.</summary>
    public static string Css(HourStanding standing) => standing switch
    {
        HourStanding.Missing or HourStanding.Different => "alarm",
        HourStanding.DeclaredGap => "warning",
        HourStanding.Equal => "equal",
        _ => "untold",
    };

    public static string Sign(HourStanding standing) => standing switch
    {
        HourStanding.Missing => "✕",
        HourStanding.Different => "≠",
        HourStanding.DeclaredGap => "!",
        HourStanding.Unknown => "?",
        HourStanding.Open => "…",
        HourStanding.Silent => "–",
        HourStanding.Equal => "=",
        _ => throw new ArgumentOutOfRangeException(nameof(standing), standing, "not a standing"),
    };
}
