using System.Globalization;
using System.Resources;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Pages;

/// <summary>The texts of the pages in the language of the request: <c>Resources/Text.resx</c> (English) and <c>Text.zh-CN.resx</c>.</summary>
public static class Words
{
    public const string English = "en";
    public const string Chinese = "zh-CN";

    private static readonly ResourceManager Texts = new("IotProperty.Hub.Resources.Text", typeof(Words).Assembly);

    /// <summary>Whether the request is answered in Chinese.</summary>
    public static bool InChinese => CultureInfo.CurrentUICulture.Name == Chinese;

    /// <summary>The text of a key. A test holds that every key that the pages use is there in both languages.</summary>
    public static string T(string key) => Texts.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException($"no text for '{key}'");

    /// <summary>The text of a key with its places filled in.</summary>
    public static string T(string key, params object[] arguments) => string.Format(CultureInfo.InvariantCulture, T(key), arguments);

    /// <summary>The text of one value of an enumeration: key <c>PREFIX.value-in-kebab-case</c>.</summary>
    public static string T<TEnum>(string prefix, TEnum value)
        where TEnum : struct, Enum => T($"{prefix}.{EnumName.Kebab(value)}");

    /// <summary>A text for which both languages are recorded.</summary>
    public static string Of(LocalText text) => InChinese ? text.ZhCn : text.En;
}
