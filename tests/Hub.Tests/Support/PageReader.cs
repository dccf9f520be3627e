using System.Net;
using System.Text.RegularExpressions;

namespace IotProperty.Hub.Tests.Support;

/// <summary>A page as an administrator's browser gets it, and as a person reads it.</summary>
internal static partial class PageReader
{
    public static async Task<string> HtmlOfAsync(this HubUnderTest hub, string address, string language = "en")
    {
        using HttpClient browser = await hub.AdministratorBrowserAsync(language);
        using HttpResponseMessage answer = await browser.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal((address, HttpStatusCode.OK), (address, answer.StatusCode));
        return await answer.Content.ReadAsStringAsync();
    }

    public static async Task<string> TextOfAsync(this HubUnderTest hub, string address, string language = "en") => TextOf(await hub.HtmlOfAsync(address, language));

    /// <summary>Without tags, and with single spaces.</summary>
    public static string TextOf(string html) => Spaces().Replace(WebUtility.HtmlDecode(Tags().Replace(html, " ")), " ");

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex("[ \\n]+")]
    private static partial Regex Spaces();
}
