using System.Globalization;
using Microsoft.AspNetCore.Localization;
using Microsoft.Net.Http.Headers;

namespace IotProperty.Hub.Pages;

/// <summary>The language of a request: what its reader chose, else what the browser asks for; every kind of Chinese is answered in zh-CN.</summary>
internal sealed class LanguageChoice : RequestCultureProvider
{
    public const string Cookie = "iotp-language";

    public static void Configure(RequestLocalizationOptions options)
    {
        CultureInfo[] cultures = [CultureInfo.GetCultureInfo(Words.English), CultureInfo.GetCultureInfo(Words.Chinese)];
        options.DefaultRequestCulture = new RequestCulture(CultureInfo.InvariantCulture, cultures[0]);
        options.SupportedCultures = [CultureInfo.InvariantCulture];
        options.SupportedUICultures = cultures;
        options.RequestCultureProviders = [new LanguageChoice()];
        options.ApplyCurrentCultureToResponseHeaders = true;
    }

    public override Task<ProviderCultureResult?> DetermineProviderCultureResult(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        string? chosen = httpContext.Request.Cookies[Cookie];
        string language = chosen is Words.English or Words.Chinese ? chosen : AskedFor(httpContext.Request);
        // Numbers and dates are formatted by the pages themselves, so only the texts follow the language.
        return Task.FromResult<ProviderCultureResult?>(new ProviderCultureResult("", language));
    }

    private static string AskedFor(HttpRequest request)
    {
        IEnumerable<string> wanted = request.GetTypedHeaders().AcceptLanguage
            .OrderByDescending(language => language, StringWithQualityHeaderValueComparer.QualityComparer)
            .Select(language => language.Value.ToString());
        foreach (string language in wanted)
        {
            if (language.StartsWith("zh", StringComparison.OrdinalIgnoreCase))
            {
                return Words.Chinese;
            }

            if (language.StartsWith("en", StringComparison.OrdinalIgnoreCase))
            {
                return Words.English;
            }
        }

        return Words.English;
    }
}
