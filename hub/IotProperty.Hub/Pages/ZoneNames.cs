namespace IotProperty.Hub.Pages;

/// <summary>The zones of a list's times, to stand below it.</summary>
internal static class ZoneNames
{
    public static string Of(PlaceNames names, IEnumerable<string> sites) =>
        string.Join(Words.InChinese ? "、" : ", ", sites.Distinct().Select(site => names.Time(site).Zone).Distinct());
}
