namespace IotProperty.Hub.Pages;

/// <summary>The address of a point's trend.</summary>
internal static class TrendLink
{
    public static string To(string site, string device, string point) =>
        $"/trend?site={Uri.EscapeDataString(site)}&point={Uri.EscapeDataString($"{device}/{point}")}";
}
